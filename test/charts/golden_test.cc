// manifests/ is what the chart renders.
//
// `make manifests` writes it anew.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>

#include "test/charts/helm.h"
#include "test/integration/process.h"

namespace baton::charts {
namespace {

bool g_rewrite = false;

class GoldenTest : public HelmTest, public testing::WithParamInterface<const char*> {};

TEST_P(GoldenTest, IsWhatTheChartRenders) {
  const std::string name = "manifests/" + std::string(GetParam());
  const Rendered rendered = Render({.value_files = {TreePath(name + ".values.yaml")}});
  ASSERT_TRUE(rendered.ok) << rendered.error;
  if (g_rewrite) {
    std::ofstream(TreeRoot() + "/" + name + ".yaml", std::ios::binary) << rendered.text;
    return;
  }
  EXPECT_EQ(integration::ReadFile(TreePath(name + ".yaml")), rendered.text)
      << "if the change is meant: make manifests";
}

INSTANTIATE_TEST_SUITE_P(Manifests, GoldenTest,
                         testing::Values("install", "trial", "monitoring", "everything"),
                         [](const auto& name) { return std::string(name.param); });

}  // namespace

void SetRewrite(bool rewrite) { g_rewrite = rewrite; }

}  // namespace baton::charts

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--rewrite") baton::charts::SetRewrite(true);
  }
  return RUN_ALL_TESTS();
}
