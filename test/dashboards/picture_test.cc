#include "test/dashboards/picture.h"

#include <gtest/gtest.h>

#include "test/dashboards/units.h"

namespace baton::dashboards {
namespace {

PanelAnswer Answer(const std::string& kind, std::vector<Series> series) {
  PanelAnswer answer;
  answer.panel = {.kind = kind,
                  .title = "A <title>",
                  .description = "",
                  .unit = "s",
                  .x = 0,
                  .y = 0,
                  .width = 8,
                  .height = 8,
                  .stacked = false,
                  .words = {{"1", "leader"}},
                  .columns = {"Firing"},
                  .queries = {{"q", "{{pod}}", false}}};
  answer.by_query = {std::move(series)};
  return answer;
}

std::string Draw(PanelAnswer answer) {
  Survey survey;
  survey.dashboard = {.name = "n", .title = "N", .panels = {answer.panel}, .annotations = {}};
  survey.panels = {std::move(answer)};
  return DrawDashboard(survey, {.start = 0, .end = 60, .step = 1, .rate_interval = "15s"});
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(PictureTest, DrawsALineForEachSeriesWithItsName) {
  const std::string svg = Draw(Answer(
      "timeseries", {{{{"pod", "a"}}, {{0, 1}, {60, 3}}}, {{{"pod", "b"}}, {{0, 2}, {60, 2}}}}));
  EXPECT_TRUE(svg.starts_with("<svg "));
  EXPECT_TRUE(Has(svg, "A &lt;title&gt;"));
  EXPECT_TRUE(Has(svg, ">a</text>"));
  EXPECT_TRUE(Has(svg, ">b</text>"));
  EXPECT_TRUE(Has(svg, "<polyline"));
}

TEST(PictureTest, SaysSoWhenThereIsNothing) {
  for (const char* kind : {"timeseries", "heatmap", "stat", "state-timeline", "table"}) {
    EXPECT_TRUE(Has(Draw(Answer(kind, {})), ">nothing</text>")) << kind;
  }
}

TEST(PictureTest, AHeatmapShowsWhatEachBucketHasOfItsOwn) {
  const std::string svg =
      Draw(Answer("heatmap", {{{{"le", "0.001"}}, {{60, 4}}}, {{{"le", "+Inf"}}, {{60, 4}}}}));
  EXPECT_TRUE(Has(svg, ">1 ms</text>"));
  EXPECT_TRUE(Has(svg, ">more</text>"));
  size_t cells = 0;
  for (size_t at = 0; (at = svg.find("rgb(", at)) != std::string::npos; ++at) ++cells;
  EXPECT_EQ(cells, 1U) << "nothing is in the second bucket alone";
}

TEST(PictureTest, OneValueForAllTimeIsNoTrouble) {
  EXPECT_TRUE(Has(Draw(Answer("timeseries", {{{{"pod", "a"}}, {{30, 0}}}})), "</svg>"));
  EXPECT_TRUE(Has(Draw(Answer("state-timeline", {{{{"pod", "a"}}, {{30, 1}}}})), ">leader</text>"));
}

TEST(FormatValueTest, WritesUnitsAsPeopleDo) {
  EXPECT_EQ(FormatValue("s", 0.00025), "250 µs");
  EXPECT_EQ(FormatValue("s", 0.016), "16 ms");
  EXPECT_EQ(FormatValue("s", 90), "90 s");
  EXPECT_EQ(FormatValue("s", 3600), "60 min");
  EXPECT_EQ(FormatValue("bytes", 3 << 20), "3 MiB");
  EXPECT_EQ(FormatValue("bytes", 12), "12 B");
  EXPECT_EQ(FormatValue("Bps", 2048), "2 KiB/s");
  EXPECT_EQ(FormatValue("percentunit", 0.9995), "100 %");
  EXPECT_EQ(FormatValue("reqps", 1234), "1.23 k/s");
  EXPECT_EQ(FormatValue("short", 15000), "15k");
  EXPECT_EQ(FormatValue("none", 7), "7");
}

TEST(FillInTest, LongerNamesComeFirst) {
  EXPECT_EQ(FillIn("a[$__rate_interval]{$cluster}", {{"__rate_interval", "15s"}, {"cluster", "c"}}),
            "a[15s]{c}");
  EXPECT_EQ(FillIn("$pods $pod", {{"pod", "1"}, {"pods", "2"}}), "2 1");
  EXPECT_EQ(FillLegend("{{a}} to {{b}}", {{"a", "1"}}), "1 to ");
}

}  // namespace
}  // namespace baton::dashboards
