#include "test/charts/chart.h"

#include "test/charts/objects.h"
#include "test/integration/process.h"

namespace baton::charts {

using nlohmann::json;

const KubeSchema& SchemasOfTheTree() {
  static const KubeSchema schemas(
      {integration::ReadFile(TreePath("test/charts/kubernetes-schemas.json")),
       integration::ReadFile(TreePath("test/charts/custom-schemas.json"))});
  return schemas;
}

std::vector<json> ChartTest::Objects(const Rendering& rendering) {
  const Rendered rendered = Render(rendering);
  EXPECT_TRUE(rendered.ok) << rendered.error;
  std::vector<std::string> problems;
  std::vector<json> objects = ParseObjects(rendered.text, &problems);
  for (const std::string& problem : problems) ADD_FAILURE() << problem;
  return objects;
}

json ChartTest::Object(const Rendering& rendering, const std::string& kind,
                       const std::string& name) {
  return FindObject(Objects(rendering), kind, name);
}

json ChartTest::Pod(const Rendering& rendering) {
  return Object(rendering, "StatefulSet", "").at("spec").at("template").at("spec");
}

}  // namespace baton::charts
