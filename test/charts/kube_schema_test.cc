// What the API server's schemas refuse is refused.
#include "test/charts/kube_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/charts/chart.h"
#include "test/charts/objects.h"
#include "test/integration/process.h"

namespace baton::charts {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

const KubeSchema& Schema() { return SchemasOfTheTree(); }

json FirstOf(const std::string& text) {
  std::vector<std::string> problems;
  return ParseObjects(text, &problems).at(0);
}

json Service() {
  std::vector<std::string> problems;
  return ParseObjects(
             "{apiVersion: v1, kind: Service, metadata: {name: a, labels: {b: c}}, "
             "spec: {type: ClusterIP, ports: [{port: 80, targetPort: http}]}}",
             &problems)
      .at(0);
}

TEST(KubeSchemaTest, WhatIsRightPasses) {
  EXPECT_THAT(Schema().Check(Service()), IsEmpty());
  json service = Service();
  service["spec"]["ports"][0]["targetPort"] = 8080;
  EXPECT_THAT(Schema().Check(service), IsEmpty());
}

TEST(KubeSchemaTest, FieldsThatAreNotKnown) {
  json service = Service();
  service["spec"]["port"] = 1;
  service["spec"]["ports"][0]["prot"] = "TCP";
  EXPECT_THAT(Schema().Check(service),
              ElementsAre(".spec.port is not known", ".spec.ports[0].prot is not known"));
}

TEST(KubeSchemaTest, WrongTypes) {
  json service = Service();
  service["metadata"]["labels"]["b"] = 1;
  service["spec"]["ports"][0]["port"] = "80";
  service["spec"]["selector"] = json::array();
  EXPECT_THAT(Schema().Check(service), ElementsAre(".metadata.labels.b must be of type string",
                                                   ".spec.ports[0].port must be of type integer",
                                                   ".spec.selector must be of type object"));
}

TEST(KubeSchemaTest, MissingFields) {
  json service = Service();
  service["spec"]["ports"][0].erase("port");
  EXPECT_THAT(Schema().Check(service), ElementsAre(".spec.ports[0].port is missing"));
}

TEST(KubeSchemaTest, WordsThatAreNotInTheList) {
  const KubeSchema schema(
      {R"({"kinds": {"v1 A": "a"}, "definitions": {"a": {"type": "object", "properties":
           {"apiVersion": {}, "kind": {}, "how": {"$ref": "b"}}}}})",
       R"({"kinds": {}, "definitions": {"b": {"type": "string", "enum": ["so", "or so"]}}})"});
  json object = {{"apiVersion", "v1"}, {"kind", "A"}, {"how", "or so"}};
  EXPECT_THAT(schema.Check(object), IsEmpty());
  object["how"] = "else";
  EXPECT_THAT(schema.Check(object), ElementsAre(R"(.how must be one of ["so","or so"])"));
}

TEST(KubeSchemaTest, KindsOfThePrometheusOperator) {
  const json monitor = FirstOf(
      "{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {name: a}, spec: "
      "{selector: {matchLabel: {}}, endpoints: [{port: ops, interval: 15, relabeling: [], "
      "metricRelabelings: [{action: replaced, sourceLabels: a}]}]}}");
  EXPECT_THAT(
      Schema().Check(monitor),
      ElementsAre(".spec.endpoints[0].interval must be of type string",
                  testing::StartsWith(".spec.endpoints[0].metricRelabelings[0].action must be one"),
                  ".spec.endpoints[0].metricRelabelings[0].sourceLabels must be of type array",
                  ".spec.endpoints[0].relabeling is not known",
                  ".spec.selector.matchLabel is not known"));
  const json pods = FirstOf(
      "{apiVersion: monitoring.coreos.com/v1, kind: PodMonitor, metadata: {name: a}, spec: "
      "{endpoints: [], podMetricsEndpoints: [{prot: ops}]}}");
  EXPECT_THAT(Schema().Check(pods),
              ElementsAre(".spec.selector is missing", ".spec.endpoints is not known",
                          ".spec.podMetricsEndpoints[0].prot is not known"));
  const json rules = FirstOf(
      "{apiVersion: monitoring.coreos.com/v1, kind: PrometheusRule, metadata: {name: a}, spec: "
      "{groups: [{rules: [{alert: A, expr: 1, for: 5m, label: {}}]}]}}");
  EXPECT_THAT(Schema().Check(rules), ElementsAre(".spec.groups[0].name is missing",
                                                 ".spec.groups[0].rules[0].label is not known"));
}

TEST(KubeSchemaTest, TheRouteOfAGateway) {
  const json route = FirstOf(
      "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: "
      "{parentRefs: [{namespace: b}], hosts: [a], rules: [{matches: [{path: {type: Prefix, value: "
      "/}}], backendRefs: [{name: a, port: http}]}]}}");
  EXPECT_THAT(Schema().Check(route),
              ElementsAre(".spec.hosts is not known", ".spec.parentRefs[0].name is missing",
                          ".spec.rules[0].backendRefs[0].port must be of type integer",
                          R"(.spec.rules[0].matches[0].path.type must be one of )"
                          R"(["Exact","PathPrefix","RegularExpression"])"));
}

TEST(KubeSchemaTest, EveryDefinitionThatIsNamedIsThere) {
  json all = json::object();
  for (const char* name : {"kubernetes", "custom"}) {
    const std::string path = "test/charts/" + std::string(name) + "-schemas.json";
    all.update(json::parse(integration::ReadFile(TreePath(path))).at("definitions"));
  }
  const json flat = all.flatten();
  for (const auto& [place, value] : flat.items()) {
    if (!place.ends_with("/$ref")) continue;
    EXPECT_TRUE(all.contains(value.get<std::string>())) << place << " " << value;
  }
}

TEST(KubeSchemaTest, NothingAndAnUnknownKind) {
  json service = Service();
  service["spec"]["ports"] = nullptr;
  EXPECT_THAT(Schema().Check(service), ElementsAre(".spec.ports is null"));
  service["kind"] = "Servant";
  EXPECT_THAT(Schema().Check(service), ElementsAre("v1 Servant is not known"));
}

}  // namespace
}  // namespace baton::charts
