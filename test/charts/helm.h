// File: helm.h
//
// The chart rendered by helm, which comes from the environment: $HELM_BIN, or the PATH. Where
// there is none, a test that needs it says so and counts as skipped:
//
//   class ChartTest : public HelmTest {};  // SetUp skips
//   const Rendered rendered = Render({.sets = {"replicas=2"}});
//   EXPECT_FALSE(rendered.ok);
//   EXPECT_THAT(rendered.error, HasSubstr("an even number"));
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace baton::charts {

struct Rendering {
  std::string release = "baton";
  std::string space = "baton";                // the namespace
  std::vector<std::string> value_files = {};  // paths
  std::vector<std::string> sets = {};         // "name=value"
  std::vector<std::string> string_sets = {};  // the same, and the value is a text
  std::vector<std::string> flags = {};        // of helm
  bool knows_monitoring = true;               // the Prometheus Operator's kinds
  bool knows_gateways = true;                 // the Gateway API's kinds
  std::string kubernetes = "1.34.0";
};

struct Rendered {
  bool ok = false;
  std::string text;   // the manifests
  std::string error;  // what helm said instead, or beside
};

// Empty: there is none.
std::string HelmPath();

// `helm template` of charts/baton.
Rendered Render(const Rendering& rendering);

// `text` as the only template of a chart that has the chart's named templates (its _*.tpl), with
// these values (JSON). For what the chart asks a cluster, which `helm template` has not.
Rendered RenderNamed(const std::string& text, const std::string& values);

// helm with these arguments, in a directory that holds the chart as "baton".
Rendered RunHelm(const std::vector<std::string>& arguments);

// Where a file of the tree lies in a test that has it among its data.
std::string TreePath(const std::string& path);

// Where the tree itself lies, for what is written anew.
std::string TreeRoot();

class HelmTest : public testing::Test {
 protected:
  void SetUp() override;
};

}  // namespace baton::charts
