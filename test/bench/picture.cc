#include "test/bench/picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "test/dashboards/svg.h"

namespace baton::bench {
namespace {

using dashboards::Svg;

constexpr double kWidth = 900;
constexpr double kLabelsWidth = 330;
constexpr double kNumbersWidth = 60;
constexpr double kTop = 56;
constexpr double kRowHeight = 20;
constexpr double kBarHeight = 12;
constexpr double kRatioLeast = 1.0 / 4;
constexpr double kRatioMost = 16;
constexpr std::string_view kBetter = "#2ca02c";
constexpr std::string_view kWorse = "#d95f02";

double XOf(double ratio) {
  const double share = std::log(std::clamp(ratio, kRatioLeast, kRatioMost) / kRatioLeast) /
                       std::log(kRatioMost / kRatioLeast);
  return kLabelsWidth + share * (kWidth - kLabelsWidth - kNumbersWidth);
}

std::string Text(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), value >= 10 ? "%.0f" : "%.2f", value);
  return text.data();
}

void DrawAxis(double bottom, Svg* svg) {
  for (const double ratio : {0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0}) {
    const double x = XOf(ratio);
    svg->Line(x, kTop, x, bottom, ratio == 1 ? "#333" : "#ddd");
    svg->Text(x, kTop - 6, ratio >= 1 ? Text(ratio).substr(0, ratio >= 10 ? 2 : 1) : Text(ratio),
              {.size = 10, .color = "#666", .anchor = "middle"});
  }
}

void DrawRow(const Comparison& row, double y, Svg* svg) {
  const double ratio = *row.ratio();
  const double middle = y + kRowHeight / 2;
  std::string label = row.measure();
  if (!row.parameters().empty()) label += " (" + TextOf(row.parameters()) + ")";
  svg->Text(kLabelsWidth - 8, middle + 4, label, {.anchor = "end"});
  const double left = std::min(XOf(1), XOf(ratio));
  const double right = std::max(XOf(1), XOf(ratio));
  svg->Rect(left, middle - kBarHeight / 2, right - left, kBarHeight, ratio >= 1 ? kBetter : kWorse);
  const auto [least, most] = std::minmax_element(row.ratios().begin(), row.ratios().end());
  svg->Line(XOf(*least), middle, XOf(*most), middle, "#333");
  svg->Text(kWidth - 8, middle + 4, Text(ratio), {.anchor = "end", .bold = true});
}

}  // namespace

std::string PictureOf(const std::vector<Comparison>& comparisons, const std::string& title) {
  std::vector<const Comparison*> rows;
  for (const Comparison& one : comparisons) {
    if (one.ratio().has_value()) rows.push_back(&one);
  }
  const double bottom = kTop + kRowHeight * static_cast<double>(rows.size());
  Svg svg;
  svg.Rect(0, 0, kWidth, bottom + 12, "#fff");
  svg.Text(12, 22, title, {.size = 14, .bold = true});
  DrawAxis(bottom, &svg);
  double y = kTop;
  for (const Comparison* row : rows) {
    DrawRow(*row, y, &svg);
    y += kRowHeight;
  }
  return svg.Finish(kWidth, bottom + 12, title);
}

}  // namespace baton::bench
