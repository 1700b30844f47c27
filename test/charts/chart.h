// File: chart.h
//
// The objects that the chart draws, as a fixture of tests.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "test/charts/helm.h"
#include "test/charts/kube_schema.h"

namespace baton::charts {

// Of Kubernetes, the Prometheus Operator and the Gateway API, as far as the chart uses them.
const KubeSchema& SchemasOfTheTree();

class ChartTest : public HelmTest {
 protected:
  // What is not rendered, or not clear as YAML, fails the test.
  std::vector<nlohmann::json> Objects(const Rendering& rendering);

  // One of them; null when there is none.
  nlohmann::json Object(const Rendering& rendering, const std::string& kind,
                        const std::string& name = "baton");

  // The spec of a member's pod.
  nlohmann::json Pod(const Rendering& rendering);
};

}  // namespace baton::charts
