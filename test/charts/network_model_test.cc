// The model of NetworkPolicies, held against what Kubernetes' reference says of each field.
#include "test/charts/network_model.h"

#include <gtest/gtest.h>

#include "test/charts/objects.h"

namespace baton::charts {
namespace {

using nlohmann::json;

const NetworkEnd kServer{
    .space = "a", .labels = {{"app", "server"}}, .address = "10.1.0.1", .ports = {{"http", 8080}}};
const NetworkEnd kClient{.space = "a", .labels = {{"app", "client"}}, .address = "10.1.0.2"};
const NetworkEnd kStranger{.space = "b", .labels = {{"app", "client"}}, .address = "10.2.0.1"};
const NetworkEnd kOutside{.address = "203.0.113.9"};

// With policies of the namespace a, each a spec in YAML.
NetworkModel Model(const std::vector<std::string>& specs) {
  NetworkModel model;
  model.AddNamespace("a", {{"name", "a"}});
  model.AddNamespace("b", {{"name", "b"}, {"team", "red"}});
  for (const std::string& spec : specs) {
    std::vector<std::string> problems;
    model.AddPolicies(ParseObjects(
        "{kind: NetworkPolicy, metadata: {namespace: a}, spec: " + spec + "}", &problems));
  }
  return model;
}

constexpr char kClosed[] = "{podSelector: {}, policyTypes: [Ingress, Egress]}";

// The server's, with one rule for what comes in.
std::string In(const std::string& rule) {
  return "{podSelector: {matchLabels: {app: server}}, ingress: [" + rule + "]}";
}

TEST(NetworkModelTest, WithoutAPolicyAllIsOpen) {
  EXPECT_TRUE(Model({}).Reaches(kOutside, kServer, 1));
  EXPECT_TRUE(Model({kClosed}).Reaches(kStranger, kOutside, 1)) << "another namespace's policy";
}

TEST(NetworkModelTest, APolicyClosesBothWaysForWhomItSelects) {
  const NetworkModel model = Model({kClosed});
  EXPECT_FALSE(model.Reaches(kStranger, kServer, 1));
  EXPECT_FALSE(model.Reaches(kServer, kStranger, 1));
  EXPECT_FALSE(model.Reaches(kClient, kServer, 1));
  EXPECT_TRUE(model.Reaches(kServer, kServer, 1)) << "itself";
  EXPECT_TRUE(model.Reaches({.is_node = true}, kServer, 1)) << "kubelet";
  EXPECT_TRUE(Model({"{podSelector: {matchLabels: {app: other}}}"}).Reaches(kClient, kServer, 1));
}

TEST(NetworkModelTest, TypesThatAreNotNamed) {
  EXPECT_FALSE(Model({"{podSelector: {}}"}).Reaches(kStranger, kServer, 1));
  EXPECT_TRUE(Model({"{podSelector: {}}"}).Reaches(kServer, kStranger, 1));
  EXPECT_FALSE(Model({"{podSelector: {}, egress: []}"}).Reaches(kServer, kStranger, 1));
  EXPECT_TRUE(Model({"{podSelector: {}, policyTypes: [Egress]}"}).Reaches(kStranger, kServer, 1));
}

TEST(NetworkModelTest, RulesAddUp) {
  EXPECT_TRUE(Model({kClosed, In("{}")}).Reaches(kStranger, kServer, 1));
  EXPECT_FALSE(Model({kClosed, In("{}")}).Reaches(kClient, kServer, 1)) << "it may not go out";
  const std::string out =
      "{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], egress: [{to: "
      "[{podSelector: {matchLabels: {app: server}}}]}]}";
  EXPECT_TRUE(Model({kClosed, In("{}"), out}).Reaches(kClient, kServer, 1));
  EXPECT_FALSE(Model({kClosed, out}).Reaches(kClient, kServer, 1)) << "it may not come in";
}

TEST(NetworkModelTest, PodsAndNamespaces) {
  const auto reaches = [](const std::string& peer, const NetworkEnd& from) {
    return Model({In("{from: [" + peer + "]}")}).Reaches(from, kServer, 1);
  };
  EXPECT_TRUE(reaches("{podSelector: {}}", kClient));
  EXPECT_FALSE(reaches("{podSelector: {}}", kStranger)) << "pods of the policy's namespace";
  EXPECT_TRUE(reaches("{namespaceSelector: {}}", kStranger));
  EXPECT_FALSE(reaches("{namespaceSelector: {}}", kOutside)) << "no pod";
  EXPECT_TRUE(reaches("{namespaceSelector: {matchLabels: {team: red}}}", kStranger));
  EXPECT_FALSE(reaches("{namespaceSelector: {matchLabels: {team: red}}}", kClient));
  const std::string both = "{namespaceSelector: {}, podSelector: {matchLabels: {app: prober}}}";
  EXPECT_FALSE(reaches(both, kStranger)) << "both in one are an and";
  EXPECT_TRUE(reaches("{namespaceSelector: {}}, {podSelector: {matchLabels: {a: b}}}", kStranger))
      << "two are an or";
  EXPECT_FALSE(reaches("{namespaceSelector: {}}", {.space = "not-there"}));
}

TEST(NetworkModelTest, Ports) {
  const auto reaches = [](const std::string& ports, int port, const std::string& protocol) {
    return Model({In("{ports: [" + ports + "]}")}).Reaches(kStranger, kServer, port, protocol);
  };
  EXPECT_TRUE(reaches("{port: 8080}", 8080, "TCP"));
  EXPECT_FALSE(reaches("{port: 8080}", 8081, "TCP"));
  EXPECT_FALSE(reaches("{port: 8080}", 8080, "UDP"));
  EXPECT_TRUE(reaches("{port: 8080, protocol: UDP}", 8080, "UDP"));
  EXPECT_TRUE(reaches("{protocol: UDP}", 9, "UDP"));
  EXPECT_TRUE(reaches("{port: http}", 8080, "TCP"))
      << "a name is a port of the pod that is reached";
  EXPECT_FALSE(reaches("{port: http}", 80, "TCP"));
  EXPECT_FALSE(reaches("{port: https}", 8080, "TCP"));
  EXPECT_FALSE(reaches("{port: 10, endPort: 20}", 9, "TCP"));
  EXPECT_TRUE(reaches("{port: 10, endPort: 20}", 20, "TCP"));
  EXPECT_FALSE(reaches("{port: 10, endPort: 20}", 21, "TCP"));
  EXPECT_TRUE(reaches("", 9, "UDP")) << "none are all";
}

TEST(NetworkModelTest, Addresses) {
  const auto reaches = [](const std::string& block) {
    return Model({In("{from: [{ipBlock: " + block + "}]}")}).Reaches(kOutside, kServer, 1);
  };
  EXPECT_TRUE(reaches("{cidr: 203.0.113.0/24}"));
  EXPECT_FALSE(reaches("{cidr: 203.0.113.0/29}"));
  EXPECT_TRUE(reaches("{cidr: 203.0.113.8/29}"));
  EXPECT_FALSE(reaches("{cidr: 0.0.0.0/0, except: [203.0.113.9/32]}"));
  EXPECT_TRUE(reaches("{cidr: 0.0.0.0/0, except: [203.0.113.8/32]}"));
  EXPECT_TRUE(IsInBlock("fd00::1", "fd00::/8"));
  EXPECT_FALSE(IsInBlock("fe00::1", "fd00::/8"));
  for (const char* block : {"0.0.0.0", "0.0.0.0/", "0.0.0.0/33", "0.0.0.0/-1", "::/0", "x/0"}) {
    EXPECT_FALSE(IsInBlock("203.0.113.9", block)) << block;
  }
  EXPECT_FALSE(IsInBlock("", "0.0.0.0/0"));
}

TEST(NetworkModelTest, Expressions) {
  const json labels = {{"app", "x"}};
  const auto selects = [&labels](const std::string& how, const json& values) {
    json expression = {{"key", "app"}, {"operator", how}};
    if (!values.is_null()) expression["values"] = values;
    return IsSelected({{"matchExpressions", {expression}}}, labels);
  };
  EXPECT_TRUE(selects("In", {"w", "x"}));
  EXPECT_FALSE(selects("In", {"w"}));
  EXPECT_TRUE(selects("NotIn", {"w"}));
  EXPECT_FALSE(selects("NotIn", {"x", "w"}));
  EXPECT_TRUE(selects("Exists", nullptr));
  EXPECT_FALSE(selects("DoesNotExist", nullptr));
  EXPECT_FALSE(selects("Resembles", {"x"})) << "an operator that is not known selects nothing";
  EXPECT_TRUE(
      IsSelected({{"matchExpressions", {{{"key", "b"}, {"operator", "DoesNotExist"}}}}}, labels));
}

}  // namespace
}  // namespace baton::charts
