#include "test/bench/panels.h"

#include <algorithm>
#include <cmath>

#include "pkg/base/check.h"
#include "test/bench/table.h"
#include "test/dashboards/svg.h"

namespace baton::bench {
namespace {

using dashboards::PaletteColor;
using dashboards::Svg;

constexpr double kPanelWidth = 300;
constexpr double kPanelHeight = 190;
constexpr double kTop = 52;  // title and legend
constexpr double kLeft = 56;
constexpr double kRight = 24;
constexpr double kAbove = 28;
constexpr double kBelow = 26;
constexpr int kSteps = 4;  // of the axis
constexpr double kMarkSize = 5;

// Where a panel's axes are.
struct Frame {
  double left = 0, right = 0, top = 0, bottom = 0;
  double most = 1;
  size_t marks = 1;

  double XOf(size_t mark) const {
    if (marks < 2) return (left + right) / 2;
    const double share = static_cast<double>(mark) / static_cast<double>(marks - 1);
    const double margin = (right - left) / 12;
    return left + margin + share * (right - left - 2 * margin);
  }
  double YOf(double value) const { return bottom - value / most * (bottom - top); }
};

void DrawAxes(const Panel& panel, const Frame& frame, Svg* svg) {
  for (int step = 0; step <= kSteps; ++step) {
    const double value = frame.most * step / kSteps;
    const double y = frame.YOf(value);
    svg->Line(frame.left, y, frame.right, y, step == 0 ? "#333" : "#ddd");
    svg->Text(frame.left - 6, y + 4, ThreeDigits(value),
              {.size = 10, .color = "#666", .anchor = "end"});
  }
  for (size_t mark = 0; mark < panel.marks.size(); ++mark) {
    svg->Text(frame.XOf(mark), frame.bottom + 16, panel.marks[mark],
              {.size = 10, .color = "#666", .anchor = "middle"});
  }
}

void DrawLine(const PanelLine& line, const Frame& frame, std::string_view color, Svg* svg) {
  std::vector<std::pair<double, double>> points;
  for (size_t mark = 0; mark < line.values.size(); ++mark) {
    const double x = frame.XOf(mark);
    const double y = frame.YOf(line.values[mark]);
    points.emplace_back(x, y);
    svg->Rect(x - kMarkSize / 2, y - kMarkSize / 2, kMarkSize, kMarkSize, color);
    svg->Text(x, y - 6, ThreeDigits(line.values[mark]),
              {.size = 10, .color = color, .anchor = "middle"});
  }
  svg->Path(points, color);
}

// The legend's place of a name gives its color; a name that is not in the legend comes after all.
size_t ColorOf(const std::vector<PanelLine>& legend, const PanelLine& line) {
  const auto same = [&](const PanelLine& one) { return one.name == line.name; };
  return static_cast<size_t>(std::find_if(legend.begin(), legend.end(), same) - legend.begin());
}

void DrawPanel(const Panel& panel, const std::vector<PanelLine>& legend, double x, double y,
               Svg* svg) {
  Frame frame{.left = x + kLeft,
              .right = x + kPanelWidth - kRight,
              .top = y + kAbove,
              .bottom = y + kPanelHeight - kBelow};
  frame.marks = panel.marks.size();
  double most = 0;
  for (const PanelLine& line : panel.lines) {
    CHECK_EQ(line.values.size(), panel.marks.size()) << panel.title;
    for (const double value : line.values) {
      CHECK(std::isfinite(value) && value >= 0) << panel.title;
      most = std::max(most, value);
    }
  }
  frame.most = AxisEnd(most);
  svg->Text(x + kLeft, y + 14, panel.title, {.size = 12, .bold = true});
  DrawAxes(panel, frame, svg);
  for (const PanelLine& line : panel.lines) {
    DrawLine(line, frame, PaletteColor(ColorOf(legend, line)), svg);
  }
}

}  // namespace

double AxisEnd(double value) {
  if (value <= 0) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * power >= value) return factor * power;
  }
  return 10 * power;
}

std::string PictureOfPanels(const std::vector<Panel>& panels, size_t columns,
                            const std::string& title) {
  CHECK_GT(columns, 0U);
  const size_t rows = (panels.size() + columns - 1) / columns;
  const double width = kPanelWidth * static_cast<double>(columns);
  const double height = kTop + kPanelHeight * static_cast<double>(rows);
  Svg svg;
  svg.Rect(0, 0, width, height, "#fff");
  svg.Text(12, 20, title, {.size = 14, .bold = true});
  const std::vector<PanelLine> legend = panels.empty() ? std::vector<PanelLine>() : panels[0].lines;
  double x = 12;
  for (size_t i = 0; i < legend.size(); ++i) {
    svg.Rect(x, 32, 10, 10, PaletteColor(i));
    svg.Text(x + 15, 41, legend[i].name);
    x += 40 + 6.5 * static_cast<double>(legend[i].name.size());
  }
  for (size_t i = 0; i < panels.size(); ++i) {
    DrawPanel(panels[i], legend, kPanelWidth * static_cast<double>(i % columns),
              kTop + kPanelHeight * static_cast<double>(i / columns), &svg);
  }
  return svg.Finish(width, height, title);
}

}  // namespace baton::bench
