// What lets clients in from outside: a Service for each member, an Ingress, an HTTPRoute.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "test/charts/chart.h"
#include "test/charts/objects.h"

namespace baton::charts {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class OutsideTest : public ChartTest {
 protected:
  // `from` of the rule for the client port.
  json Admitted(const std::vector<std::string>& sets) {
    const json spec = Object({.sets = sets}, "NetworkPolicy").at("spec");
    return spec.at("ingress").at(1).value("from", json());
  }
};

TEST_F(OutsideTest, NothingOfItIsThereUnlessItIsAskedFor) {
  std::set<std::string> services;
  for (const json& object : Objects({})) {
    EXPECT_NE(object.at("kind"), "Ingress");
    EXPECT_NE(object.at("kind"), "HTTPRoute");
    if (object.at("kind") == "Service") services.insert(object.at("metadata").at("name"));
  }
  EXPECT_THAT(services, ElementsAre("baton", "baton-headless"));
}

TEST_F(OutsideTest, EachMemberHasAServiceThatLeadsToItAlone) {
  const std::vector<json> objects = Objects(
      {.sets = {"memberServices.enabled=true", "replicas=5", "memberServices.port=80",
                "overrides.memberService.spec.externalTrafficPolicy=Local"},
       .flags = {"--set-literal", "memberServices.labels.number=m{{ .Member }}", "--set-literal",
                 "memberServices.annotations.name={{ .Release.Name }}-{{ .Member }}"}});
  for (int i = 0; i < 5; ++i) {
    const std::string name = "baton-" + std::to_string(i);
    const json service = FindObject(objects, "Service", name);
    ASSERT_NE(service, nullptr) << name;
    const json& spec = service.at("spec");
    EXPECT_EQ(spec.at("type"), "ClusterIP");
    EXPECT_EQ(spec.at("publishNotReadyAddresses"), true);
    EXPECT_EQ(spec.at("externalTrafficPolicy"), "Local");
    EXPECT_EQ(spec.at("selector").at("statefulset.kubernetes.io/pod-name"), name);
    EXPECT_EQ(spec.at("selector").at("app.kubernetes.io/component"), "member");
    EXPECT_EQ(spec.at("ports").at(0).at("port"), 80);
    EXPECT_EQ(spec.at("ports").at(0).at("targetPort"), "client");
    EXPECT_FALSE(spec.at("ports").at(0).contains("nodePort"));
    const json& metadata = service.at("metadata");
    EXPECT_EQ(metadata.at("labels").at("number"), "m" + std::to_string(i));
    EXPECT_EQ(metadata.at("annotations").at("name"), name);
    EXPECT_EQ(metadata.at("labels").at("baton.dev/service"), "member")
        << "the ServiceMonitor must not take it for the headless one";
  }
  EXPECT_EQ(FindObject(objects, "Service", "baton-5"), nullptr);
}

TEST_F(OutsideTest, EachMemberHasItsNodePort) {
  const std::vector<json> objects = Objects(
      {.sets = {"memberServices.enabled=true", "memberServices.type=NodePort",
                "memberServices.nodePorts={30003,30001,30002}", "networkPolicy.enabled=false"}});
  const int ports[] = {30003, 30001, 30002};
  for (int i = 0; i < 3; ++i) {
    const json service = FindObject(objects, "Service", "baton-" + std::to_string(i));
    EXPECT_EQ(service.at("spec").at("ports").at(0).at("nodePort"), ports[i]);
  }
}

TEST_F(OutsideTest, AnIngressHasEachHostAndPath) {
  const json spec = Object({.sets = {"ingress.enabled=true", "ingress.hosts={a.example,b.example}",
                                     "ingress.paths={/v1/locks,/v1/kv}", "ingress.tlsSecret=t",
                                     "ingress.className=c", "networkPolicy.enabled=false"}},
                           "Ingress")
                        .at("spec");
  EXPECT_EQ(spec.at("ingressClassName"), "c");
  EXPECT_EQ(spec.at("tls"), (json{{{"secretName", "t"}, {"hosts", {"a.example", "b.example"}}}}));
  ASSERT_EQ(spec.at("rules").size(), 2u);
  EXPECT_EQ(spec.at("rules").at(1).at("host"), "b.example");
  const json& paths = spec.at("rules").at(1).at("http").at("paths");
  ASSERT_EQ(paths.size(), 2u);
  const json service = {{"name", "baton"}, {"port", {{"name", "client"}}}};
  EXPECT_EQ(
      paths.at(1),
      (json{{"path", "/v1/kv"}, {"pathType", "Prefix"}, {"backend", {{"service", service}}}}));
  const json plain = Object({.sets = {"ingress.enabled=true", "ingress.hosts={a.example}",
                                      "networkPolicy.enabled=false"}},
                            "Ingress")
                         .at("spec");
  EXPECT_FALSE(plain.contains("tls"));
  EXPECT_FALSE(plain.contains("ingressClassName"));
}

TEST_F(OutsideTest, ARouteLeadsFromItsGatewayToTheService) {
  const json spec =
      Object({.sets = {"httpRoute.enabled=true", "httpRoute.hostnames={a.example}",
                       "httpRoute.paths={/v1,/other}", "httpRoute.requestTimeout=0s",
                       "service.port=81", "networkPolicy.enabled=false"},
              .flags = {"--set-literal", "httpRoute.parentRefs[0].name={{ .Release.Name }}"}},
             "HTTPRoute")
          .at("spec");
  EXPECT_EQ(spec.at("parentRefs"), (json{{{"name", "baton"}}}));
  EXPECT_EQ(spec.at("hostnames"), (json{"a.example"}));
  const json& rule = spec.at("rules").at(0);
  EXPECT_EQ(rule.at("matches").at(1),
            (json{{"path", {{"type", "PathPrefix"}, {"value", "/other"}}}}));
  EXPECT_EQ(rule.at("backendRefs"), (json{{{"name", "baton"}, {"port", 81}}}));
  EXPECT_EQ(rule.at("timeouts"), (json{{"request", "0s"}}));
}

TEST_F(OutsideTest, WhoComesInThatWayIsAdmitted) {
  const std::string from = ".from[0].podSelector.matchLabels.is";
  const std::vector<std::string> all = {"memberServices.enabled=true",
                                        "memberServices" + from + "=client",
                                        "ingress.enabled=true",
                                        "ingress" + from + "=controller",
                                        "ingress.hosts={a.example}",
                                        "httpRoute.enabled=true",
                                        "httpRoute.parentRefs[0].name=gate",
                                        "httpRoute" + from + "=gate"};
  const auto pods = [](const std::string& is) {
    return json{{"podSelector", {{"matchLabels", {{"is", is}}}}}};
  };
  const json admitted = Admitted(all);
  ASSERT_EQ(admitted.size(), 5u);  // pods of the namespace, these, and the test
  EXPECT_EQ(admitted.at(1), pods("client"));
  EXPECT_EQ(admitted.at(2), pods("controller"));
  EXPECT_EQ(admitted.at(3), pods("gate"));
  std::vector<std::string> off = {"ingress" + from + "=controller"};
  EXPECT_EQ(Admitted(off).size(), 2u) << "what is off lets nobody in";
  off = all;
  off.push_back("networkPolicy.clients=null");
  EXPECT_EQ(Admitted(off), nullptr) << "everybody is admitted already";
}

}  // namespace
}  // namespace baton::charts
