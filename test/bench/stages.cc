#include "test/bench/stages.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "test/bench/table.h"
#include "test/dashboards/svg.h"

namespace baton::bench {
namespace {

using dashboards::PaletteColor;
using dashboards::Svg;

constexpr double kWidth = 900;
constexpr double kNamesWidth = 330;
constexpr double kNumbersWidth = 70;
constexpr double kTop = 36;
constexpr double kRowHeight = 22;
constexpr double kBarHeight = 14;
constexpr std::string_view kBesideColor = "#bbbbbb";

double EndOf(const std::vector<Stage>& stages) {
  double end = 0;
  for (const Stage& stage : stages) end = std::max(end, stage.begin_us + stage.us);
  return end;
}

}  // namespace

std::vector<Stage> StagesOf(const PutTimes& times) {
  std::vector<Stage> stages;
  double at_us = 0;
  const auto next = [&](std::string name, double us) {
    stages.push_back({std::move(name), at_us, std::max(us, 0.0), false});
    at_us += stages.back().us;
  };
  next("client, sockets and framing, there and back", times.client_us - times.request_us);
  next("parsing, proposing, rendering",
       times.request_us - times.commit_us - times.apply_us - times.state_us);
  const double commit_at_us = at_us;
  const double rest_us = times.commit_us - times.follower_sync_us;
  const bool fits = rest_us >= 0;
  if (fits) {
    next("messages there and back, threads woken on the way", rest_us);
    next("a follower's synced write", times.follower_sync_us);
  } else {
    next("until a majority has it on disk", times.commit_us);
  }
  next("applying it", times.apply_us);
  next("writing the state, not synced", times.state_us);
  const auto beside = [&](const char* name, double us) {
    stages.push_back({name, commit_at_us, us, true});
  };
  beside("meanwhile: the leader's synced write", times.leader_sync_us);
  if (!fits) beside("meanwhile: a follower's synced write", times.follower_sync_us);
  return stages;
}

std::string TableOfStages(const std::vector<Stage>& stages) {
  double sum_us = 0;
  for (const Stage& stage : stages) sum_us += stage.beside ? 0 : stage.us;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::vector<std::string>> beside;
  for (const Stage& stage : stages) {
    const std::string share =
        !stage.beside && sum_us > 0 ? ThreeDigits(100 * stage.us / sum_us) + " %" : "";
    (stage.beside ? beside : rows).push_back({stage.name, ThreeDigits(stage.us), share});
  }
  rows.push_back({"together", ThreeDigits(sum_us), ""});
  rows.insert(rows.end(), beside.begin(), beside.end());
  return MarkdownTable({{"stage", false}, {"mean us", true}, {"share", true}}, rows);
}

std::string PictureOfStages(const std::vector<Stage>& stages, const std::string& title) {
  const double end_us = std::max(EndOf(stages), 1e-9);
  const double scale = (kWidth - kNamesWidth - kNumbersWidth) / end_us;
  const double height = kTop + kRowHeight * static_cast<double>(stages.size()) + 12;
  Svg svg;
  svg.Rect(0, 0, kWidth, height, "#fff");
  svg.Text(12, 22, title, {.size = 14, .bold = true});
  for (size_t i = 0; i < stages.size(); ++i) {
    const Stage& stage = stages[i];
    const double middle = kTop + kRowHeight * (static_cast<double>(i) + 0.5);
    const double left = kNamesWidth + stage.begin_us * scale;
    svg.Text(kNamesWidth - 8, middle + 4, stage.name, {.anchor = "end"});
    svg.Rect(left, middle - kBarHeight / 2, stage.us * scale, kBarHeight,
             stage.beside ? kBesideColor : PaletteColor(i));
    svg.Text(left + stage.us * scale + 5, middle + 4, ThreeDigits(stage.us) + " us");
  }
  return svg.Finish(kWidth, height, title);
}

std::string JsonOfStages(const std::vector<Stage>& stages) {
  std::string text = "[";
  for (const Stage& stage : stages) {
    const nlohmann::ordered_json line = {{"stage", stage.name},
                                         {"begin_us", stage.begin_us},
                                         {"us", stage.us},
                                         {"beside", stage.beside}};
    text += (text.size() == 1 ? "\n" : ",\n") + line.dump();
  }
  return text + "\n]\n";
}

}  // namespace baton::bench
