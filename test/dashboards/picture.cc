#include "test/dashboards/picture.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "test/dashboards/svg.h"
#include "test/dashboards/units.h"

namespace baton::dashboards {
namespace {

constexpr double kColumn = 50;  // of the grid of 24
constexpr double kRow = 30;
constexpr double kGap = 6;
constexpr double kTop = 40;
constexpr size_t kLegendMax = 6;
constexpr std::string_view kGrey = "#777";
constexpr std::string_view kFaint = "#e4e4e4";

struct Box {
  double x = 0, y = 0, width = 0, height = 0;
  double right() const { return x + width; }
  double bottom() const { return y + height; }
};

struct Named {
  std::string name;
  const Series* series = nullptr;
};

std::vector<Named> AllSeries(const PanelAnswer& answer) {
  std::vector<Named> all;
  for (size_t query = 0; query < answer.by_query.size(); ++query) {
    for (const Series& series : answer.by_query[query]) {
      all.push_back({FillLegend(answer.panel.queries[query].legend, series.labels), &series});
    }
  }
  return all;
}

std::string Shorten(std::string text, double width, double size) {
  const auto fits = static_cast<size_t>(std::max(3.0, width / (size * 0.56)));
  if (text.size() > fits) text = text.substr(0, fits - 1) + "…";
  return text;
}

double XOf(const Box& box, const Window& window, double time) {
  return box.x + box.width * (time - window.start) / (window.end - window.start);
}

void DrawTimes(Svg* svg, const Box& box, const Window& window) {
  for (const double part : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    const double x = box.x + part * box.width;
    const auto seconds = static_cast<int>(std::lround((window.end - window.start) * part));
    const char* anchor = part == 0 ? "start" : part == 1 ? "end" : "middle";
    svg->Text(x, box.bottom() + 12, FormatValue("s", seconds),
              {.size = 9, .color = kGrey, .anchor = anchor});
  }
}

// A step of 1, 2 or 5 times a power of ten, about a quarter of the range.
double NiceStep(double range) {
  const double raw = range / 4;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power) return factor * power;
  }
  return 10 * power;
}

struct Scale {
  double low = 0, high = 1, step = 0.25;
  double YOf(const Box& box, double value) const {
    return box.bottom() - box.height * (value - low) / (high - low);
  }
};

Scale ScaleOf(const std::vector<Named>& all, bool stacked) {
  std::map<double, double> sums;
  Scale scale{0, 0, 1};
  for (const Named& named : all) {
    for (const auto& [time, value] : named.series->points) {
      sums[time] += std::max(value, 0.0);
      scale.low = std::min(scale.low, value);
      scale.high = std::max(scale.high, stacked ? sums[time] : value);
    }
  }
  if (scale.high - scale.low <= 0) scale.high = scale.low + 1;
  scale.step = NiceStep(scale.high - scale.low);
  scale.high = std::ceil(scale.high / scale.step) * scale.step;
  scale.low = std::floor(scale.low / scale.step) * scale.step;
  return scale;
}

void DrawScale(Svg* svg, const Box& box, const Scale& scale, std::string_view unit) {
  for (double value = scale.low; value <= scale.high + scale.step / 2; value += scale.step) {
    const double y = scale.YOf(box, value);
    svg->Line(box.x, y, box.right(), y, kFaint);
    svg->Text(box.x - 4, y + 3, FormatValue(unit, std::abs(value) < scale.step / 1e6 ? 0 : value),
              {.size = 9, .color = kGrey, .anchor = "end"});
  }
}

void DrawLegend(Svg* svg, const Box& box, const std::vector<Named>& all) {
  const size_t shown = std::min(all.size(), kLegendMax);
  const double width = box.width / 3;
  for (size_t i = 0; i < shown; ++i) {
    const double x = box.x + width * static_cast<double>(i % 3);
    const double y = box.y + 12 * std::floor(static_cast<double>(i) / 3);
    svg->Rect(x, y - 6, 8, 3, PaletteColor(i));
    std::string name = all[i].name;
    if (i + 1 == shown && all.size() > shown) {
      name = "and " + std::to_string(all.size() - shown + 1) + " more";
    }
    svg->Text(x + 11, y, Shorten(name, width - 12, 9), {.size = 9, .color = "#555"});
  }
}

void DrawGraph(Svg* svg, const Box& panel, const PanelAnswer& answer, const Window& window) {
  const Box plot{panel.x + 52, panel.y + 30, panel.width - 64, panel.height - 78};
  const std::vector<Named> all = AllSeries(answer);
  const bool stacked = answer.panel.stacked;
  const Scale scale = ScaleOf(all, stacked);
  DrawScale(svg, plot, scale, answer.panel.unit);
  DrawTimes(svg, plot, window);
  std::map<double, double> floor;
  for (size_t i = 0; i < all.size(); ++i) {
    std::vector<std::pair<double, double>> upper, lower;
    for (const auto& [time, value] : all[i].series->points) {
      const double x = XOf(plot, window, time);
      const double below = stacked ? floor[time] : 0;
      lower.emplace_back(x, scale.YOf(plot, below));
      if (stacked) floor[time] += std::max(value, 0.0);
      upper.emplace_back(x, scale.YOf(plot, stacked ? floor[time] : value));
    }
    if (stacked) {
      std::vector<std::pair<double, double>> area = upper;
      area.insert(area.end(), lower.rbegin(), lower.rend());
      svg->Area(area, PaletteColor(i));
    }
    svg->Path(upper, PaletteColor(i));
  }
  DrawLegend(svg, {plot.x, plot.bottom() + 28, plot.width, 24}, all);
}

std::string HeatColor(double part) {
  const auto mix = [part](double from, double to) {
    return std::to_string(static_cast<int>(from + (to - from) * std::sqrt(part)));
  };
  return "rgb(" + mix(255, 166) + "," + mix(237, 54) + "," + mix(210, 3) + ")";
}

void DrawHeatmap(Svg* svg, const Box& panel, const PanelAnswer& answer, const Window& window) {
  const Box plot{panel.x + 52, panel.y + 30, panel.width - 64, panel.height - 54};
  std::map<double, const Series*> by_bound;
  for (const Series& series : answer.by_query.front()) {
    const std::string& bound = series.labels.at("le");
    by_bound[bound == "+Inf" ? HUGE_VAL : std::strtod(bound.c_str(), nullptr)] = &series;
  }
  std::map<std::pair<double, double>, double> cells;  // bound, time
  std::map<double, double> below;
  double most = 0;
  for (const auto& [bound, series] : by_bound) {
    for (const auto& [time, value] : series->points) {
      const double own = value - std::exchange(below[time], value);
      cells[{bound, time}] = own;
      most = std::max(most, own);
    }
  }
  const double height = plot.height / static_cast<double>(std::max<size_t>(by_bound.size(), 1));
  double y = plot.bottom();
  for (const auto& [bound, series] : by_bound) {
    y -= height;
    const std::string label = std::isinf(bound) ? "more" : FormatValue("s", bound);
    svg->Text(plot.x - 4, y + height / 2 + 3, label,
              {.size = std::min(9.0, height), .color = kGrey, .anchor = "end"});
    for (const auto& [time, value] : series->points) {
      const double own = cells.at({bound, time});
      if (own < 1e-9) continue;
      const double width = plot.width * window.step / (window.end - window.start);
      svg->Rect(std::max(plot.x, XOf(plot, window, time) - width), y, width, height,
                HeatColor(own / most));
    }
  }
  svg->Rect(plot.x, plot.y, plot.width, plot.height, "none", kFaint);
  DrawTimes(svg, plot, window);
}

void DrawTimeline(Svg* svg, const Box& panel, const PanelAnswer& answer, const Window& window) {
  const Box plot{panel.x + 90, panel.y + 30, panel.width - 102, panel.height - 66};
  static const std::vector<std::string_view> kColors = {"#8fb8de", "#5cb85c", "#f0ad4e", "#d9534f"};
  const std::vector<Named> all = AllSeries(answer);
  const double height = plot.height / static_cast<double>(std::max<size_t>(all.size(), 1));
  for (size_t row = 0; row < all.size(); ++row) {
    const double y = plot.y + height * static_cast<double>(row);
    svg->Text(plot.x - 6, y + height / 2 + 3, Shorten(all[row].name, 80, 10),
              {.size = 10, .anchor = "end"});
    const auto& points = all[row].series->points;
    for (size_t i = 0; i < points.size();) {
      size_t end = i;
      while (end < points.size() && points[end].second == points[i].second) ++end;
      const double until = end < points.size() ? points[end].first : window.end;
      const double x = XOf(plot, window, points[i].first);
      const auto color = static_cast<size_t>(std::max(0.0, points[i].second)) % kColors.size();
      svg->Rect(x, y + 2, XOf(plot, window, until) - x, height - 4, kColors[color]);
      i = end;
    }
  }
  DrawTimes(svg, plot, window);
  double x = plot.x;
  for (const auto& [value, word] : answer.panel.words) {
    const size_t number = std::strtoul(value.c_str(), nullptr, 10) % kColors.size();
    svg->Rect(x, plot.bottom() + 21, 8, 8, kColors[number]);
    svg->Text(x + 12, plot.bottom() + 29, word, {.size = 9, .color = "#555"});
    x += 100;
  }
}

void DrawStat(Svg* svg, const Box& panel, const PanelAnswer& answer) {
  const std::vector<Named> all = AllSeries(answer);
  if (all.empty()) return;
  const bool by_name = answer.panel.title == "Leader";
  const Named& first = all.front();
  const double value = first.series->points.back().second;
  std::string text = by_name ? first.name : FormatValue(answer.panel.unit, value);
  if (answer.panel.title == "Versions") text = first.name + " on " + text;
  svg->Text(panel.x + panel.width / 2, panel.y + panel.height / 2 + 22,
            Shorten(text, panel.width - 16, 24),
            {.size = 24, .color = "#1f77b4", .anchor = "middle"});
}

void DrawTable(Svg* svg, const Box& panel, const PanelAnswer& answer) {
  std::map<std::map<std::string, std::string>, std::vector<std::string>> rows;
  const size_t columns = answer.by_query.size();
  for (size_t column = 0; column < columns; ++column) {
    for (const Series& series : answer.by_query[column]) {
      std::vector<std::string>& row = rows[series.labels];
      row.resize(columns);
      const double value = series.points.back().second;
      const bool bytes = answer.panel.columns[column] == "Memory" ||
                         answer.panel.columns[column] == "Free on disk";
      row[column] = FormatValue(bytes ? "bytes" : "short", value);
    }
  }
  const double width = (panel.width - 180) / static_cast<double>(columns);
  double y = panel.y + 42;
  for (size_t column = 0; column < columns; ++column) {
    svg->Text(panel.x + 170 + width * static_cast<double>(column), y, answer.panel.columns[column],
              {.size = 10, .color = kGrey, .bold = true});
  }
  if (rows.empty()) svg->Text(panel.x + 12, y + 20, "nothing", {.color = kGrey});
  for (const auto& [labels, cells] : rows) {
    y += 20;
    svg->Text(panel.x + 12, y, FillLegend("", labels));
    for (size_t column = 0; column < columns; ++column) {
      svg->Text(panel.x + 170 + width * static_cast<double>(column), y, cells[column]);
    }
  }
}

void DrawPanel(Svg* svg, const Box& box, const PanelAnswer& answer, const Window& window) {
  svg->Rect(box.x, box.y, box.width, box.height, "#fff", "#ccc");
  svg->Text(box.x + 10, box.y + 18, answer.panel.title, {.size = 12, .bold = true});
  const std::string& kind = answer.panel.kind;
  const bool empty = AllSeries(answer).empty();
  if (empty && kind != "table") {
    svg->Text(box.x + 10, box.y + 40, "nothing", {.color = kGrey});
  } else if (kind == "timeseries") {
    DrawGraph(svg, box, answer, window);
  } else if (kind == "heatmap") {
    DrawHeatmap(svg, box, answer, window);
  } else if (kind == "state-timeline") {
    DrawTimeline(svg, box, answer, window);
  } else if (kind == "stat") {
    DrawStat(svg, box, answer);
  } else {
    DrawTable(svg, box, answer);
  }
}

Box BoxOf(const Panel& panel) {
  return {panel.x * kColumn + kGap, kTop + panel.y * kRow + kGap, panel.width * kColumn - kGap,
          panel.height * kRow - kGap};
}

}  // namespace

std::string DrawDashboard(const Survey& survey, const Window& window) {
  Svg svg;
  double bottom = 0;
  for (const Panel& panel : survey.dashboard.panels) {
    bottom = std::max(bottom, BoxOf(panel).bottom());
  }
  const double width = 24 * kColumn + kGap;
  svg.Rect(0, 0, width, bottom + kGap, "#f4f5f5");
  svg.Text(10, 27, survey.dashboard.title, {.size = 18, .bold = true});
  for (const Panel& panel : survey.dashboard.panels) {
    const Box box = BoxOf(panel);
    if (panel.kind == "row")
      svg.Text(box.x + 2, box.y + 18, panel.title, {.size = 14, .bold = true});
  }
  for (const PanelAnswer& answer : survey.panels) {
    DrawPanel(&svg, BoxOf(answer.panel), answer, window);
  }
  return svg.Finish(width, bottom + kGap, survey.dashboard.title);
}

}  // namespace baton::dashboards
