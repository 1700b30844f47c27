// Values that are wrong are refused, with a sentence that says what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/charts/helm.h"

namespace baton::charts {
namespace {

using testing::HasSubstr;

struct Refusal {
  const char* name;
  std::vector<std::string> sets;
  const char* sentence;
};

class RefusalsTest : public HelmTest, public testing::WithParamInterface<Refusal> {};

TEST_P(RefusalsTest, SaysWhy) {
  const Rendered rendered = Render({.sets = GetParam().sets});
  EXPECT_FALSE(rendered.ok) << rendered.text;
  EXPECT_THAT(rendered.error, HasSubstr(GetParam().sentence));
}

const Refusal kSentences[] = {
    {"NotEnabled", {"enabled=false"}, "enabled is false: that is for a parent chart"},
    {"NoMembers", {"replicas=0"}, "a cluster has at least one member"},
    {"Negative", {"replicas=-3"}, "a cluster has at least one member"},
    {"Two", {"replicas=2"}, "an even number of members survives no more failures than 1"},
    {"Four", {"replicas=4"}, "an even number of members survives no more failures than 3"},
    {"TooMany", {"replicas=17"}, "at most 15 members"},
    {"MoreFoundersThanPods", {"initialReplicas=5"}, "initialReplicas is 5, and there are 3 pods"},
    {"Latest", {"image.tag=latest"}, "Name a version, or set image.digest"},
    {"Digest", {"image.digest=sha256:12"}, "sha256: and 64 hexadecimal digits"},
    {"Budget", {"podDisruptionBudget.maxUnavailable=2"}, "of 3 members 2 must run, so at most 1"},
    {"BudgetOfFive",
     {"replicas=5", "podDisruptionBudget.maxUnavailable=3"},
     "of 5 members 3 must run, so at most 2"},
    {"Ports", {"ports.ops=7400"}, "ports.client and ports.ops are both 7400"},
    {"NoTimeToHandOver",
     {"config.drain-timeout-ms=45001"},
     "terminationGracePeriodSeconds is 60: handing over takes up to 10 s"},
    {"NoTimeToDrain",
     {"terminationGracePeriodSeconds=20,config.drain-timeout-ms=6000"},
     "at least 21"},
    {"Heartbeats", {"config.heartbeat-interval-ticks=10"}, "and config.election-timeout-ticks 10"},
    {"Elections",
     {"config.heartbeat-interval-ticks=5", "config.election-timeout-ticks=4"},
     "would elect another leader before they hear"},
    {"NoReadiness", {"probes.readiness=null"}, "probes.readiness has no numbers"},
    {"NoProbes", {"probes=null"}, "probes.startup has no numbers"},
    {"NoSuchAlert",
     {"metrics.prometheusRule.enabled=true", "metrics.prometheusRule.disabled={BatonNoLead}"},
     "disabled has \"BatonNoLead\", and there is no such alert"},
    {"OurLabels", {"commonLabels.app\\.kubernetes\\.io/name=x"}, "sets the labels of"},
    {"OurPodLabels", {"podLabels.helm\\.sh/chart=x"}, "sets the labels of"},
    {"OurClaimLabels", {"persistence.labels.app\\.kubernetes\\.io/name=x"}, "sets the labels of"},
    {"OurServiceLabels", {"service.labels.app\\.kubernetes\\.io/name=x"}, "service.labels has"},
    {"OurRuleLabels",
     {"metrics.prometheusRule.labels.helm\\.sh/chart=x"},
     "metrics.prometheusRule.labels has"},
    {"BothMonitors",
     {"metrics.serviceMonitor.enabled=true", "metrics.podMonitor.enabled=true"},
     "every series would come twice"},
    {"NodePortsOfAClusterIp",
     {"memberServices.enabled=true", "memberServices.nodePorts={30001,30002,30003}"},
     "memberServices.type is ClusterIP, which has none"},
    {"TooFewNodePorts",
     {"memberServices.enabled=true", "memberServices.type=NodePort",
      "memberServices.nodePorts={30001,30002}"},
     "memberServices.nodePorts has 2, and there are 3 members"},
    {"TooManyNodePorts",
     {"memberServices.enabled=true", "memberServices.type=LoadBalancer",
      "memberServices.nodePorts={30001,30002,30003,30004}"},
     "memberServices.nodePorts has 4, and there are 3 members"},
    {"MembersThatNobodyReaches",
     {"memberServices.enabled=true", "memberServices.type=NodePort"},
     "say in memberServices.from who comes in (the addresses of clients or nodes)"},
    {"IngressThatReachesNobody",
     {"ingress.enabled=true", "ingress.hosts={a.example.com}"},
     "ingress is on, but networkPolicy.clients admits only pods of the namespace"},
    {"RouteThatReachesNobody",
     {"httpRoute.enabled=true", "httpRoute.parentRefs[0].name=g"},
     "say in httpRoute.from who comes in (its controller's pods)"},
    {"IngressWithoutHosts",
     {"ingress.enabled=true", "networkPolicy.enabled=false"},
     "ingress.enabled is true, but ingress.hosts is empty"},
    {"RouteWithoutPaths",
     {"httpRoute.enabled=true", "httpRoute.parentRefs[0].name=g", "httpRoute.paths=null"},
     "httpRoute.paths is empty: nothing could be asked for"},
    {"IngressWithoutService",
     {"ingress.enabled=true", "ingress.hosts={a.example.com}", "service.enabled=false"},
     "ingress.enabled is true, but service.enabled is false"},
    {"RouteWithoutService",
     {"httpRoute.enabled=true", "httpRoute.parentRefs[0].name=g", "service.enabled=false"},
     "httpRoute.enabled is true, but service.enabled is false"},
    {"RouteWithoutGateway",
     {"httpRoute.enabled=true", "networkPolicy.enabled=false"},
     "httpRoute.parentRefs is empty: no Gateway would know of it"},
    {"GatewayWithoutName",
     {"httpRoute.enabled=true", "networkPolicy.enabled=false",
      "httpRoute.parentRefs[0].namespace=g"},
     "httpRoute.parentRefs has one without a name"},
    {"OurIngressLabels", {"ingress.labels.helm\\.sh/chart=x"}, "ingress.labels has"},
    {"OurMemberLabels", {"memberServices.labels.helm\\.sh/chart=x"}, "memberServices.labels has"},
    {"OurRouteLabels", {"httpRoute.labels.helm\\.sh/chart=x"}, "httpRoute.labels has"},
    {"AccountOfOthers",
     {"serviceAccount.create=false", "serviceAccount.annotations.a=b"},
     "annotate the account that exists"},
};

// What the schema refuses: the place and what is wrong there.
const Refusal kSchema[] = {
    {"UnknownName", {"replica=3"}, "additional properties 'replica' not allowed"},
    {"UnknownNameInside", {"image.name=x"}, "at '/image': additional properties 'name'"},
    {"UnknownSetting", {"config.tik-ms=100"}, "at '/config': additional properties 'tik-ms'"},
    {"SettingOfTheChart", {"config.name=x"}, "at '/config': additional properties 'name'"},
    {"SettingTooSmall", {"config.tick-ms=4"}, "at '/config/tick-ms': minimum: got 4, want 5"},
    {"SettingTooLarge", {"config.tick-ms=10001"}, "maximum: got 10,001, want 10,000"},
    {"SettingOfAnotherType", {"config.tick-ms=x"}, "at '/config/tick-ms': got string"},
    {"SettingNotInTheList", {"config.log-level=loud"}, "at '/config/log-level': value must be"},
    {"Tls", {"tls.enabled=true"}, "additional properties 'tls' not allowed"},
    {"Fraction", {"replicas=1.5"}, "at '/replicas': got string, want integer"},
    {"PullPolicy", {"image.pullPolicy=Sometimes"}, "at '/image/pullPolicy': value must be one of"},
    {"PrivilegedPort", {"ports.client=80"}, "at '/ports/client': minimum: got 80"},
    {"Size", {"persistence.size=8"}, "at '/persistence/size'"},
    {"Shared", {"persistence.accessModes={ReadWriteMany}"}, "at '/persistence/accessModes/0'"},
    {"ServiceType", {"service.type=External"}, "at '/service/type'"},
    {"MemberPort", {"memberServices.port=0"}, "at '/memberServices/port': minimum: got 0"},
    {"MemberPortAboveAll", {"memberServices.port=65536"}, "at '/memberServices/port': maximum"},
    {"NodePortTwice", {"memberServices.nodePorts={30001,30001}"}, "at '/memberServices/nodePorts'"},
    {"HostWithAScheme", {"ingress.hosts={http://a}"}, "at '/ingress/hosts/0'"},
    {"HostWithAStarInside", {"ingress.hosts={a.*.example.com}"}, "at '/ingress/hosts/0'"},
    {"EmptyPath", {"ingress.paths={}"}, "at '/ingress/paths/0': '' does not match"},
    {"PathWithoutASlash", {"ingress.paths={v1}"}, "at '/ingress/paths/0'"},
    {"PathType", {"ingress.pathType=PathPrefix"}, "at '/ingress/pathType'"},
    {"RoutePathType", {"httpRoute.pathType=Prefix"}, "at '/httpRoute/pathType'"},
    {"RouteTimeout", {"httpRoute.requestTimeout=1d"}, "at '/httpRoute/requestTimeout'"},
    {"RouteTimeoutOfManyParts",
     {"httpRoute.requestTimeout=1h1m1s1ms1h"},
     "at '/httpRoute/requestTimeout'"},
    {"UnknownNameOfARoute", {"httpRoute.hosts={a}"}, "at '/httpRoute': additional properties"},
    {"LongName",
     {"fullnameOverride=a123456789b123456789c123456789d123456789e123456789f12"},
     "at '/fullnameOverride': maxLength"},
    {"CapitalName", {"fullnameOverride=Baton"}, "at '/fullnameOverride'"},
    {"Spread", {"spread.nodes=always"}, "at '/spread/nodes': value must be one of"},
    {"Grace", {"terminationGracePeriodSeconds=5"}, "at '/terminationGracePeriodSeconds'"},
    {"Interval", {"metrics.interval=often"}, "at '/metrics/interval'"},
    {"LabelThatIsNoText", {"podLabels.a=true"}, "at '/podLabels/a': got boolean, want string"},
    {"UnknownOverride", {"overrides.deployment.a=b"}, "at '/overrides'"},
};

std::string NameOfCase(const testing::TestParamInfo<Refusal>& refusal) {
  return refusal.param.name;
}

INSTANTIATE_TEST_SUITE_P(Sentences, RefusalsTest, testing::ValuesIn(kSentences), NameOfCase);
INSTANTIATE_TEST_SUITE_P(Schema, RefusalsTest, testing::ValuesIn(kSchema), NameOfCase);

class CapabilitiesTest : public HelmTest {};

TEST_F(CapabilitiesTest, MonitorsNeedTheirKinds) {
  for (const char* name : {"serviceMonitor", "podMonitor", "prometheusRule"}) {
    const std::string set = "metrics." + std::string(name) + ".enabled=true";
    const Rendered rendered = Render({.sets = {set}, .knows_monitoring = false});
    EXPECT_FALSE(rendered.ok);
    EXPECT_THAT(rendered.error, HasSubstr("install the Prometheus Operator first"));
  }
}

TEST_F(CapabilitiesTest, ARouteNeedsItsKind) {
  const Rendered rendered =
      Render({.sets = {"httpRoute.enabled=true", "httpRoute.parentRefs[0].name=g",
                       "networkPolicy.enabled=false"},
              .knows_gateways = false});
  EXPECT_FALSE(rendered.ok);
  EXPECT_THAT(rendered.error, HasSubstr("install the Gateway API first"));
}

TEST_F(CapabilitiesTest, OldKubernetes) {
  EXPECT_THAT(Render({.kubernetes = "1.26.0"}).error, HasSubstr(">=1.27.0-0"));
  EXPECT_TRUE(Render({.kubernetes = "1.27.0"}).ok);
  const std::vector<std::string> sets = {"service.trafficDistribution=PreferClose"};
  EXPECT_THAT(Render({.sets = sets, .kubernetes = "1.30.0"}).error,
              HasSubstr("service.trafficDistribution PreferClose needs Kubernetes 1.31"));
  EXPECT_TRUE(Render({.sets = sets, .kubernetes = "1.31.0"}).ok);
  for (const std::string how : {"PreferSameNode", "PreferSameZone"}) {
    const std::vector<std::string> set = {"service.trafficDistribution=" + how};
    EXPECT_THAT(Render({.sets = set, .kubernetes = "1.33.5"}).error,
                HasSubstr(how + " needs Kubernetes 1.34"));
    EXPECT_TRUE(Render({.sets = set, .kubernetes = "1.34.0"}).ok);
  }
}

}  // namespace
}  // namespace baton::charts
