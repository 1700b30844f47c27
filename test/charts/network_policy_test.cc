// Who reaches whom in a namespace that refuses what nobody has allowed: the chart's policies, in a
// model, since the clusters of the tests do not enforce them. Each rule is also taken away and
// opened to everybody, and the model must see it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/charts/chart.h"
#include "test/charts/network_model.h"
#include "test/charts/objects.h"

namespace baton::charts {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kDenyAll[] = R"({kind: NetworkPolicy, metadata: {namespace: baton},
  spec: {podSelector: {}, policyTypes: [Ingress, Egress]}})";
// What a client brings itself in such a namespace.
constexpr char kLetClientsOut[] = R"({kind: NetworkPolicy, metadata: {namespace: baton},
  spec: {podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], egress: [{}]}})";

// Everybody who could send something, by name.
using World = std::map<std::string, NetworkEnd>;

NetworkEnd PodOf(const std::string& space, const std::string& app, const std::string& address) {
  return {.space = space, .labels = {{"app", app}}, .address = address};
}

World WorldOf(const std::vector<json>& objects) {
  World world = {
      {"client", PodOf("baton", "client", "10.244.1.1")},
      {"other", PodOf("baton", "other", "10.244.1.2")},
      {"foreign client", PodOf("apps", "client", "10.244.2.1")},
      {"prometheus", PodOf("monitoring", "prometheus", "10.244.3.1")},
      {"controller", PodOf("ingress", "controller", "10.244.4.1")},
      {"dns", PodOf("kube-system", "dns", "10.244.5.1")},
      {"kubelet", {.address = "10.0.0.1", .is_node = true}},
      {"another node", {.address = "10.0.0.2"}},
      {"outside", {.address = "203.0.113.9"}},
  };
  const json set = FindObject(objects, "StatefulSet", "");
  NetworkEnd member{.space = "baton",
                    .labels = set.at("spec").at("template").at("metadata").at("labels")};
  for (const json& container : set.at("spec").at("template").at("spec").at("containers")) {
    for (const json& port : container.at("ports")) {
      member.ports[port.at("name")] = port.at("containerPort");
    }
  }
  for (const char* number : {"0", "1"}) {
    member.labels["statefulset.kubernetes.io/pod-name"] = "baton-" + std::string(number);
    member.address = "10.244.6." + std::string(number);
    world["member " + std::string(number)] = member;
  }
  const json test = FindObject(objects, "Pod", "baton-test-lock");
  if (!test.is_null()) {
    world["test"] = {
        .space = "baton", .labels = test.at("metadata").at("labels"), .address = "10.244.7.1"};
  }
  return world;
}

NetworkModel ModelOf(const std::vector<json>& objects) {
  NetworkModel model;
  for (const char* name : {"baton", "apps", "monitoring", "ingress", "kube-system"}) {
    model.AddNamespace(name, {{"kubernetes.io/metadata.name", name}});
  }
  model.AddPolicies(objects);
  std::vector<std::string> problems;
  for (const char* policy : {kDenyAll, kLetClientsOut}) {
    model.AddPolicies(ParseObjects(policy, &problems));
  }
  return model;
}

// Which policies are asked: those of both, or of one of them alone, whatever the other's say.
enum class Asked { kBoth, kFrom, kTo };

struct Way {
  const char* from;
  const char* to;
  int port;
  bool is_open;
  const char* protocol = "TCP";
  Asked asked = Asked::kBoth;
};

bool IsOpen(const NetworkModel& model, const World& world, const Way& way) {
  const NetworkEnd& from = world.at(way.from);
  const NetworkEnd& to = world.at(way.to);
  if (way.asked == Asked::kFrom) return model.LetsOut(from, to, way.port, way.protocol);
  if (way.asked == Asked::kTo) return model.LetsIn(from, to, way.port, way.protocol);
  return model.Reaches(from, to, way.port, way.protocol);
}

// What is not as it should be: a sentence for each way.
std::vector<std::string> Wrong(const std::vector<json>& objects, const std::vector<Way>& ways) {
  const NetworkModel model = ModelOf(objects);
  const World world = WorldOf(objects);
  std::vector<std::string> wrong;
  for (const Way& way : ways) {
    const bool is_open = IsOpen(model, world, way);
    if (is_open == way.is_open) continue;
    wrong.push_back(std::string(way.from) + (is_open ? " reaches " : " does not reach ") + way.to +
                    " at " + std::to_string(way.port));
  }
  return wrong;
}

// With the values of kSome below: clients of another namespace, one scraper.
const std::vector<Way> kWays = {
    {"member 0", "member 1", 7401, true},
    {"member 1", "member 0", 7400, true},
    {"member 0", "member 1", 7402, false},
    {"member 0", "member 1", 7402, false, "TCP", Asked::kFrom},
    {"member 0", "member 1", 7402, false, "TCP", Asked::kTo},
    {"member 0", "dns", 53, true, "UDP"},
    {"member 0", "dns", 53, true},
    {"member 0", "outside", 443, false},
    {"member 0", "outside", 7401, false},
    {"member 0", "prometheus", 9090, false},
    {"member 0", "client", 80, false},
    {"foreign client", "member 0", 7400, true},
    {"foreign client", "member 0", 7401, false},
    {"foreign client", "member 0", 7402, false},
    {"client", "member 0", 7400, false},
    {"client", "member 0", 7401, false},
    {"client", "member 0", 7402, false},
    {"other", "member 0", 7400, false},
    {"prometheus", "member 0", 7402, true},
    {"prometheus", "member 0", 7401, false},
    {"prometheus", "member 0", 7400, false},
    {"controller", "member 0", 7400, false},
    {"controller", "member 0", 7402, false},
    {"kubelet", "member 0", 7402, true},
    {"another node", "member 0", 7402, false},
    {"outside", "member 0", 7400, false},
    {"outside", "member 0", 7401, false},
    {"outside", "member 0", 7402, false},
    {"test", "member 0", 7400, true},
    {"test", "member 1", 7400, true},
    {"test", "member 0", 7401, false},
    {"test", "member 0", 7402, false},
    {"test", "dns", 53, true, "UDP"},
    {"test", "dns", 53, true},
    {"test", "member 0", 7402, false, "TCP", Asked::kFrom},
    {"test", "outside", 443, false},
    {"test", "outside", 7400, false},
    {"client", "test", 7400, false},
    {"foreign client", "test", 80, false},
};

const std::string kName = "kubernetes\\.io/metadata\\.name=";
const std::vector<std::string> kSome = {
    "networkPolicy.clients[0].namespaceSelector.matchLabels." + kName + "apps",
    "networkPolicy.scrapers[0].namespaceSelector.matchLabels." + kName + "monitoring",
};

class NetworkPolicyTest : public ChartTest {
 protected:
  void SetUp() override {
    ChartTest::SetUp();
    if (IsSkipped()) return;
    objects_ = Objects({.sets = kSome});
  }

  // Each place of a policy's rule: "/3/spec/ingress/0".
  std::vector<json::json_pointer> Rules() const {
    std::vector<json::json_pointer> places;
    for (size_t i = 0; i < objects_.size(); ++i) {
      if (objects_[i].value("kind", "") != "NetworkPolicy") continue;
      for (const char* direction : {"ingress", "egress"}) {
        const size_t rules = objects_[i].at("spec").value(direction, json::array()).size();
        for (size_t rule = 0; rule < rules; ++rule) {
          places.push_back(json::json_pointer("/" + std::to_string(i) + "/spec/" + direction) /
                           rule);
        }
      }
    }
    return places;
  }

  std::vector<json> objects_;
};

TEST_F(NetworkPolicyTest, WhoReachesWhom) { EXPECT_THAT(Wrong(objects_, kWays), IsEmpty()); }

TEST_F(NetworkPolicyTest, WithoutTheChartsPoliciesNothingGoes) {
  std::vector<json> without;
  for (const json& object : objects_) {
    if (object.at("kind") != "NetworkPolicy") without.push_back(object);
  }
  std::vector<std::string> expected;
  for (const Way& way : kWays) {
    if (!way.is_open || std::string(way.from) == "kubelet") continue;
    expected.push_back(std::string(way.from) + " does not reach " + way.to + " at " +
                       std::to_string(way.port));
  }
  EXPECT_THAT(Wrong(without, kWays), testing::ElementsAreArray(expected));
  EXPECT_GE(expected.size(), 10u);
}

TEST_F(NetworkPolicyTest, EachRuleIsNeeded) {
  const std::vector<json::json_pointer> rules = Rules();
  EXPECT_EQ(rules.size(), 3u + 2u + 0u + 2u) << "of the members, in and out, and of the test";
  for (const json::json_pointer& rule : rules) {
    json changed = objects_;
    changed[rule.parent_pointer()].erase(std::stoul(rule.back()));
    EXPECT_THAT(Wrong(changed, kWays), Contains(HasSubstr(" does not reach "))) << rule;
  }
}

TEST_F(NetworkPolicyTest, EachPortIsNeeded) {
  size_t ports = 0;
  for (const json::json_pointer& rule : Rules()) {
    const json all = objects_;
    for (size_t port = 0; port < all[rule].at("ports").size(); ++port, ++ports) {
      json changed = all;
      changed[rule]["ports"][port]["port"] = 1;
      EXPECT_THAT(Wrong(changed, kWays), Contains(HasSubstr(" does not reach ")))
          << rule << " port " << port;
    }
  }
  EXPECT_EQ(ports, 4u + 4u + 3u);
}

TEST_F(NetworkPolicyTest, NoRuleIsWiderThanItIsMeant) {
  for (const json::json_pointer& rule : Rules()) {
    for (const char* part : {"from", "to", "ports"}) {
      json changed = objects_;
      if (!changed[rule].contains(part)) continue;
      changed[rule].erase(part);
      EXPECT_THAT(Wrong(changed, kWays), Contains(HasSubstr(" reaches "))) << rule << " " << part;
    }
  }
}

TEST_F(NetworkPolicyTest, AsItComesPodsOfTheNamespaceAreClientsAndAllPodsMayScrape) {
  EXPECT_THAT(Wrong(Objects({}), {{"client", "member 0", 7400, true},
                                  {"other", "member 0", 7400, false},  // it may not go out
                                  {"test", "member 1", 7400, true},
                                  {"foreign client", "member 0", 7400, false},
                                  {"prometheus", "member 0", 7402, true},
                                  {"foreign client", "member 0", 7402, true},
                                  {"client", "member 0", 7401, false},
                                  {"foreign client", "member 0", 7401, false},
                                  {"member 0", "member 1", 7401, true},
                                  {"outside", "member 0", 7402, false},
                                  {"outside", "member 0", 7400, false}}),
              IsEmpty());
}

TEST_F(NetworkPolicyTest, WhoComesFromOutsideIsAdmitted) {
  std::vector<std::string> sets = {
      "ingress.enabled=true",
      "ingress.hosts={a.example}",
      "ingress.from[0].namespaceSelector.matchLabels." + kName + "ingress",
      "ingress.from[0].podSelector.matchLabels.app=controller",
      "memberServices.enabled=true",
      "memberServices.type=LoadBalancer",
      "memberServices.from[0].ipBlock.cidr=203.0.113.0/24"};
  const std::vector<Way> ways = {
      {"controller", "member 0", 7400, true},     {"controller", "member 0", 7401, false},
      {"outside", "member 1", 7400, true},        {"outside", "member 1", 7401, false},
      {"another node", "member 0", 7400, false},  {"client", "member 0", 7400, true},
      {"foreign client", "member 0", 7400, false}};
  EXPECT_THAT(Wrong(Objects({.sets = sets}), ways), IsEmpty());
  EXPECT_THAT(Wrong(Objects({}), ways), ElementsAre("controller does not reach member 0 at 7400",
                                                    "outside does not reach member 1 at 7400"));
  sets = {"httpRoute.enabled=true", "httpRoute.parentRefs[0].name=g",
          "httpRoute.from[0].namespaceSelector.matchLabels." + kName + "ingress"};
  EXPECT_THAT(Wrong(Objects({.sets = sets}), {{"controller", "member 0", 7400, true},
                                              {"controller", "member 0", 7402, true},
                                              {"controller", "member 0", 7401, false}}),
              IsEmpty());
}

TEST_F(NetworkPolicyTest, OtherPortsAndMoreRules) {
  const std::vector<std::string> sets = {
      "ports.client=8400",
      "ports.peer=8401",
      "ports.ops=8402",
      "networkPolicy.extraIngress[0].from[0].ipBlock.cidr=10.0.0.2/32",
      "networkPolicy.extraEgress[0].to[0].ipBlock.cidr=203.0.113.9/32",
      "networkPolicy.extraEgress[0].ports[0].port=443"};
  EXPECT_THAT(Wrong(Objects({.sets = sets}), {{"member 0", "member 1", 8401, true},
                                              {"member 0", "member 1", 7401, false},
                                              {"client", "member 1", 8400, true},
                                              {"client", "member 1", 7400, false},
                                              {"test", "member 1", 8400, true},
                                              {"test", "member 1", 7400, false},
                                              {"prometheus", "member 1", 8402, true},
                                              {"another node", "member 1", 8400, true},
                                              {"member 0", "outside", 443, true},
                                              {"member 0", "outside", 80, false}}),
              IsEmpty());
}

}  // namespace
}  // namespace baton::charts
