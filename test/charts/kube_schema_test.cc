// What the API server's schemas refuse is refused.
#include "test/charts/kube_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/charts/helm.h"
#include "test/charts/objects.h"
#include "test/integration/process.h"

namespace baton::charts {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

const KubeSchema& Schema() {
  static const KubeSchema schema(
      integration::ReadFile(TreePath("test/charts/kubernetes-schemas.json")));
  return schema;
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
      R"({"kinds": {"v1 A": "a"}, "definitions": {"a": {"type": "object", "properties":
          {"apiVersion": {}, "kind": {}, "how": {"type": "string", "enum": ["so", "or so"]}}}}})");
  json object = {{"apiVersion", "v1"}, {"kind", "A"}, {"how", "or so"}};
  EXPECT_THAT(schema.Check(object), IsEmpty());
  object["how"] = "else";
  EXPECT_THAT(schema.Check(object), ElementsAre(R"(.how must be one of ["so","or so"])"));
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
