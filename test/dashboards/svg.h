// File: svg.h
//
// The few shapes that pictures of dashboards are made of, as text. Coordinates in pixels, from the
// upper left; written with one digit behind the point, so that equal pictures are equal bytes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::dashboards {

struct TextStyle {
  double size = 11;
  std::string_view color = "#333";
  std::string_view anchor = "start";  // "middle", "end"
  bool bold = false;
};

class Svg {
 public:
  void Rect(double x, double y, double width, double height, std::string_view fill,
            std::string_view stroke = "none");
  void Text(double x, double y, std::string_view text, const TextStyle& style = {});
  void Line(double x1, double y1, double x2, double y2, std::string_view color);
  void Path(const std::vector<std::pair<double, double>>& points, std::string_view color);
  void Area(const std::vector<std::pair<double, double>>& points, std::string_view color);

  std::string Finish(double width, double height, std::string_view title) const;

 private:
  std::string body_;
};

// The n-th color of a palette in which neighbours differ.
std::string_view PaletteColor(size_t number);

}  // namespace baton::dashboards
