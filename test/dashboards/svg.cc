#include "test/dashboards/svg.h"

#include <array>
#include <cstdio>

namespace baton::dashboards {
namespace {

std::string Number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  std::string number = text.data();
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return number == "-0" ? "0" : number;
}

std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + std::string(value) + "\"";
}

std::string Points(const std::vector<std::pair<double, double>>& points) {
  std::string text;
  for (const auto& [x, y] : points) {
    text += (text.empty() ? "" : " ") + Number(x) + "," + Number(y);
  }
  return text;
}

}  // namespace

void Svg::Rect(double x, double y, double width, double height, std::string_view fill,
               std::string_view stroke) {
  body_ += "<rect" + Attribute("x", Number(x)) + Attribute("y", Number(y)) +
           Attribute("width", Number(width)) + Attribute("height", Number(height)) +
           Attribute("fill", fill);
  if (stroke != "none") body_ += Attribute("stroke", stroke);
  body_ += "/>\n";
}

void Svg::Text(double x, double y, std::string_view text, const TextStyle& style) {
  body_ += "<text" + Attribute("x", Number(x)) + Attribute("y", Number(y)) +
           Attribute("font-size", Number(style.size)) + Attribute("fill", style.color);
  if (style.anchor != "start") body_ += Attribute("text-anchor", style.anchor);
  if (style.bold) body_ += Attribute("font-weight", "bold");
  body_ += ">" + Escape(text) + "</text>\n";
}

void Svg::Line(double x1, double y1, double x2, double y2, std::string_view color) {
  body_ += "<line" + Attribute("x1", Number(x1)) + Attribute("y1", Number(y1)) +
           Attribute("x2", Number(x2)) + Attribute("y2", Number(y2)) + Attribute("stroke", color) +
           "/>\n";
}

void Svg::Path(const std::vector<std::pair<double, double>>& points, std::string_view color) {
  body_ += "<polyline" + Attribute("points", Points(points)) + Attribute("fill", "none") +
           Attribute("stroke", color) + Attribute("stroke-width", "1.5") + "/>\n";
}

void Svg::Area(const std::vector<std::pair<double, double>>& points, std::string_view color) {
  body_ += "<polygon" + Attribute("points", Points(points)) + Attribute("fill", color) +
           Attribute("fill-opacity", "0.3") + "/>\n";
}

std::string Svg::Finish(double width, double height, std::string_view title) const {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\"" + Attribute("width", Number(width)) +
         Attribute("height", Number(height)) +
         Attribute("viewBox", "0 0 " + Number(width) + " " + Number(height)) +
         Attribute("font-family", "sans-serif") + ">\n<title>" + Escape(title) + "</title>\n" +
         body_ + "</svg>\n";
}

std::string_view PaletteColor(size_t number) {
  static constexpr std::array<std::string_view, 10> kColors = {
      "#1f77b4", "#d95f02", "#2ca02c", "#9467bd", "#e6ab02",
      "#17becf", "#e377c2", "#8c564b", "#7f7f7f", "#bcbd22"};
  return kColors[number % kColors.size()];
}

}  // namespace baton::dashboards
