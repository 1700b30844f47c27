// What the chart draws for which values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "test/charts/chart.h"
#include "test/charts/conventions.h"
#include "test/charts/objects.h"
#include "test/integration/process.h"

namespace baton::charts {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

class PodTest : public ChartTest {
 protected:
  // Of batond, by name.
  std::map<std::string, std::string> Environment(const Rendering& rendering) {
    std::map<std::string, std::string> environment;
    const json pod = Pod(rendering);
    for (const json& variable : pod.at("containers").at(0).at("env")) {
      environment[variable.at("name")] = variable.value("value", "");
    }
    return environment;
  }
};

// Each of these is valid for Kubernetes, keeps the conventions and is what lint accepts.
class RenderTest : public ChartTest, public testing::WithParamInterface<const char*> {};

TEST_P(RenderTest, IsValid) {
  const std::vector<std::string> sets = {GetParam()};
  const std::vector<json> objects = Objects({.sets = sets});
  for (const json& object : objects) {
    EXPECT_THAT(SchemasOfTheTree().Check(object), IsEmpty()) << NameOf(object);
  }
  EXPECT_THAT(CheckConventions(objects, "baton"), IsEmpty());
  const Rendered lint = RunHelm({"lint", "--strict", "--set", GetParam(), "baton"});
  EXPECT_TRUE(lint.ok) << lint.text << lint.error;
}

INSTANTIATE_TEST_SUITE_P(
    Values, RenderTest,
    testing::Values("replicas=3", "replicas=1", "replicas=15",
                    "clusterName=c,clusterDomain=k.local", "nameOverride=n", "fullnameOverride=n",
                    "commonLabels.a=b", "commonAnnotations.a=b",
                    "image.registry=r.example.com:5000", "image.tag=1.2.3",
                    "config.election-timeout-ticks=1000,config.snapshot-delegation=off",
                    "ports.client=1024,ports.peer=1025,ports.ops=65535",
                    "persistence.enabled=false", "persistence.storageClass=-",
                    "service.enabled=false", "service.type=NodePort,service.nodePort=30000",
                    "service.type=LoadBalancer", "service.ipFamilyPolicy=PreferDualStack",
                    "service.ipFamilies={IPv6}", "memberServices.enabled=true",
                    "memberServices.enabled=true,memberServices.type=NodePort,"
                    "memberServices.nodePorts={30001,30002,30003},networkPolicy.clients=null",
                    "memberServices.enabled=true,replicas=15,memberServices.type=LoadBalancer,"
                    "memberServices.from[0].ipBlock.cidr=10.0.0.0/8,memberServices.nodePorts=null",
                    "ingress.enabled=true,ingress.hosts={a.example.com,*.example.com},"
                    "ingress.from[0].podSelector.matchLabels.a=b,ingress.tlsSecret=t",
                    "ingress.enabled=true,ingress.hosts={a},networkPolicy.enabled=false",
                    "httpRoute.enabled=true,httpRoute.parentRefs[0].name=g,"
                    "httpRoute.from[0].namespaceSelector.matchLabels.a=b",
                    "httpRoute.enabled=true,httpRoute.parentRefs[0].name=g,"
                    "httpRoute.hostnames={a.example.com},httpRoute.paths={/v1/locks,/v1/kv},"
                    "httpRoute.pathType=Exact,httpRoute.requestTimeout=1h30m,"
                    "networkPolicy.clients[0].ipBlock.cidr=10.0.0.0/8",
                    "serviceAccount.name=x", "podDisruptionBudget.enabled=false",
                    "podDisruptionBudget.maxUnavailable=0", "networkPolicy.enabled=false",
                    "networkPolicy.clients=null", "spread.nodes=require,spread.zones=ignore",
                    "metrics.podAnnotations=true",
                    "metrics.serviceMonitor.enabled=true,metrics.scrapeTimeout=5s,"
                    "metrics.relabelings[0].targetLabel=a,metrics.relabelings[0].replacement=b",
                    "metrics.podMonitor.enabled=true,metrics.metricRelabelings[0].action=drop,"
                    "metrics.metricRelabelings[0].sourceLabels={a,b},metrics.podMonitor.labels.a=b",
                    "metrics.prometheusRule.enabled=true", "metrics.dashboards.enabled=true",
                    "global.storageClass=fast,enabled=true",
                    "config=null,service.labels=null,podLabels=null,podAnnotations=null",
                    "commonLabels=null,commonAnnotations=null", "tests.enabled=false",
                    "podLabels.a=b,podAnnotations.a=b", "extraEnv[0].name=A,extraEnv[0].value=b",
                    "args={--log-level=debug}", "overrides.statefulSet.spec.minReadySeconds=9"),
    [](const auto& set) { return "Set" + std::to_string(set.index); });

TEST_F(ChartTest, AReleaseMayBeNamedLikeAWordOrANumber) {
  for (const char* release : {"n", "y", "off", "1"}) {
    const std::vector<json> objects = Objects({.release = release});
    EXPECT_THAT(CheckConventions(objects, "baton"), IsEmpty()) << release;
    const json set = FindObject(objects, "StatefulSet", std::string(release) + "-baton");
    EXPECT_EQ(set.at("spec").at("selector").at("matchLabels").at("app.kubernetes.io/instance"),
              release);
  }
}

// Objects() takes no object that has a key twice.
TEST_F(ChartTest, ALabelThatIsGivenTwiceIsTheNarrowerOne) {
  const std::vector<std::string> sets = {"commonLabels.a=common",
                                         "service.labels.a=own",
                                         "podLabels.a=own",
                                         "metrics.dashboards.enabled=true",
                                         "metrics.podAnnotations=true",
                                         "metrics.dashboards.labels.a=own",
                                         "commonAnnotations.b=common",
                                         "podAnnotations.b=own",
                                         "podAnnotations.prometheus\\.io/path=/other"};
  const std::vector<json> objects = Objects({.sets = sets});
  const auto metadata = [&](const char* kind, const char* name) {
    return FindObject(objects, kind, name).at("metadata");
  };
  EXPECT_EQ(metadata("Service", "baton").at("labels").at("a"), "own");
  EXPECT_EQ(metadata("Service", "baton-headless").at("labels").at("a"), "common");
  EXPECT_EQ(metadata("ConfigMap", "baton-dashboard-raft").at("labels").at("a"), "own");
  const json pod = FindObject(objects, "StatefulSet", "baton").at("spec").at("template");
  EXPECT_EQ(pod.at("metadata").at("labels").at("a"), "own");
  EXPECT_EQ(pod.at("metadata").at("annotations").at("b"), "own");
  EXPECT_EQ(pod.at("metadata").at("annotations").at("prometheus.io/path"), "/other");
}

TEST_F(ChartTest, NamesStayWithinWhatKubernetesAllows) {
  const std::string release(53, 'r');
  for (const json& object : Objects({.release = release})) {
    EXPECT_LE(object.at("metadata").at("name").get<std::string>().size(), 63u) << NameOf(object);
    if (object.at("kind") == "StatefulSet") {
      EXPECT_EQ(object.at("metadata").at("name").get<std::string>().size(), 52u);
    }
  }
}

TEST_F(ChartTest, TheSetStartsAllAtOnceAndRollsNothingByItself) {
  const json set = Object({}, "StatefulSet").at("spec");
  EXPECT_EQ(set.at("podManagementPolicy"), "Parallel");
  EXPECT_EQ(set.at("updateStrategy"), (json{{"type", "OnDelete"}}));
  EXPECT_EQ(set.at("persistentVolumeClaimRetentionPolicy"),
            (json{{"whenDeleted", "Retain"}, {"whenScaled", "Retain"}}));
  EXPECT_EQ(set.at("serviceName"), "baton-headless");
  const json service = Object({}, "Service", "baton-headless").at("spec");
  EXPECT_EQ(service.at("clusterIP"), "None");
  EXPECT_EQ(service.at("publishNotReadyAddresses"), true);
}

TEST_F(PodTest, MembersFindEachOtherByTheHeadlessService) {
  auto environment = Environment({.release = "my", .space = "coordination"});
  EXPECT_EQ(environment["BATON_PEER_DOMAIN"], "my-baton-headless.coordination.svc");
  EXPECT_EQ(environment["BATON_INITIAL_COUNT"], "3");
  EXPECT_EQ(environment["BATON_CLUSTER_NAME"], "my-baton");
  EXPECT_EQ(environment["BATON_CLIENT_LISTEN"], "0.0.0.0:7400");
  environment = Environment({.sets = {"clusterDomain=k.local.", "namespaceOverride=other",
                                      "service.ipFamilies={IPv6}", "replicas=5"}});
  EXPECT_EQ(environment["BATON_PEER_DOMAIN"], "baton-headless.other.svc.k.local.");
  EXPECT_EQ(environment["BATON_CLIENT_LISTEN"], "[::]:7400");
  EXPECT_EQ(environment["BATON_INITIAL_COUNT"], "5");
  environment = Environment({.sets = {"replicas=5", "initialReplicas=3"}});
  EXPECT_EQ(environment["BATON_INITIAL_COUNT"], "3");
}

TEST_F(PodTest, SettingsReachTheEnvironmentAsTheyAre) {
  auto environment =
      Environment({.sets = {"config.history-age-max-ms=31536000000", "config.log-format=text",
                            "config.snapshot-delegation=false"}});
  EXPECT_EQ(environment["BATON_HISTORY_AGE_MAX_MS"], "31536000000");
  EXPECT_EQ(environment["BATON_LOG_FORMAT"], "text");
  EXPECT_EQ(environment["BATON_SNAPSHOT_DELEGATION"], "off");
}

TEST_F(ChartTest, TheBudgetLeavesAMajority) {
  const std::map<int, int> unavailable = {{3, 1}, {5, 2}, {7, 3}, {15, 7}};
  for (const auto& [replicas, count] : unavailable) {
    const json budget =
        Object({.sets = {"replicas=" + std::to_string(replicas)}}, "PodDisruptionBudget");
    EXPECT_EQ(budget.at("spec").at("maxUnavailable"), count);
  }
  EXPECT_EQ(Object({.sets = {"replicas=1"}}, "PodDisruptionBudget"), nullptr);
}

TEST_F(ChartTest, ProbesAskForTheirOwnThing) {
  const json batond = Pod({}).at("containers").at(0);
  const std::map<std::string, std::string> paths = {
      {"startupProbe", "/startupz"}, {"livenessProbe", "/livez"}, {"readinessProbe", "/readyz"}};
  for (const auto& [probe, path] : paths) {
    EXPECT_EQ(batond.at(probe).at("httpGet"), (json{{"path", path}, {"port", "ops"}}));
  }
  const json startup = batond.at("startupProbe");
  EXPECT_GE(startup.at("failureThreshold").get<int>() * startup.at("periodSeconds").get<int>(),
            30 * 60);
}

TEST_F(ChartTest, BeforeItStopsAMemberHandsOverAndChangesNoMembership) {
  const json pod = Pod({});
  const std::string hook = pod.at("containers").at(0).at("lifecycle").at("preStop").dump();
  EXPECT_THAT(hook, HasSubstr(R"("member","transfer","--drain","--pause","5s")"));
  EXPECT_THAT(hook, testing::Not(HasSubstr("remove")));
  EXPECT_GE(pod.at("terminationGracePeriodSeconds").get<int>(), 10 + 5 + 15);
}

TEST_F(ChartTest, TheImage) {
  const auto image = [this](const std::vector<std::string>& sets) {
    return Pod({.sets = sets}).at("containers").at(0).at("image").get<std::string>();
  };
  EXPECT_TRUE(image({}).starts_with("localhost/baton:"));
  EXPECT_EQ(image({"image.registry=", "image.tag=v2"}), "baton:v2");
  EXPECT_EQ(image({"image.registry=a", "global.imageRegistry=b", "image.tag=v2"}), "b/baton:v2");
  const std::string digest = "sha256:" + std::string(64, 'a');
  EXPECT_EQ(image({"image.tag=v2", "image.digest=" + digest}), "localhost/baton@" + digest);
  const json pod = Pod({.sets = {"global.imagePullSecrets={a}", "image.pullSecrets={a,b}"}});
  EXPECT_EQ(pod.at("imagePullSecrets"), (json{{{"name", "a"}}, {{"name", "b"}}}));
}

TEST_F(ChartTest, TheTestTakesALockThroughEveryMember) {
  for (const int replicas : {1, 3, 5}) {
    const json pod =
        Object({.sets = {"replicas=" + std::to_string(replicas)}}, "Pod", "baton-test-lock");
    json containers = pod.at("spec").value("initContainers", json::array());
    containers.push_back(pod.at("spec").at("containers").at(0));
    ASSERT_EQ(static_cast<int>(containers.size()), replicas);
    for (int i = 0; i < replicas; ++i) {
      const json& container = containers.at(static_cast<size_t>(i));
      EXPECT_EQ(container.at("env").at(0).at("value"),
                "http://baton-" + std::to_string(i) + ".baton-headless.baton.svc:7400");
    }
    EXPECT_EQ(pod.at("metadata").at("annotations").at("helm.sh/hook"), "test");
  }
}

TEST_F(ChartTest, WhoMayReachWhat) {
  const json spec = Object({}, "NetworkPolicy").at("spec");
  ASSERT_EQ(spec.at("ingress").size(), 3u);
  EXPECT_EQ(spec.at("ingress").at(0).at("ports").at(0).at("port"), 7401);
  EXPECT_EQ(spec.at("ingress").at(0).at("from").size(), 1u);
  EXPECT_EQ(spec.at("ingress").at(1).at("from").at(0), (json{{"podSelector", json::object()}}));
  EXPECT_EQ(spec.at("ingress").at(2).at("ports").at(0).at("port"), 7402);
  const json open = Object({.sets = {"networkPolicy.clients=null"}}, "NetworkPolicy");
  EXPECT_FALSE(open.at("spec").at("ingress").at(1).contains("from"));
  EXPECT_NE(Object({}, "NetworkPolicy", "baton-test"), nullptr);
  EXPECT_EQ(Object({.sets = {"tests.enabled=false"}}, "NetworkPolicy", "baton-test"), nullptr);
}

TEST_F(ChartTest, SeriesNameTheirClusterAndTheJobBaton) {
  const std::map<std::string, std::string> endpoints = {{"ServiceMonitor", "endpoints"},
                                                        {"PodMonitor", "podMetricsEndpoints"}};
  for (const auto& [kind, list] : endpoints) {
    const std::string value = kind == "PodMonitor" ? "podMonitor" : "serviceMonitor";
    const json spec = Object({.sets = {"metrics." + value + ".enabled=true"}}, kind).at("spec");
    EXPECT_EQ(spec.at("jobLabel"), "app.kubernetes.io/part-of");
    EXPECT_EQ(spec.at(list).at(0).at("port"), "ops");
    EXPECT_EQ(spec.at(list).at(0).at("relabelings").at(0),
              (json{{"targetLabel", "cluster"}, {"replacement", "baton"}}));
  }
}

TEST_F(ChartTest, AlertsAreTheFilesWithoutThoseThatAreLeftOut) {
  const auto alerts = [this](const std::vector<std::string>& sets) {
    Rendering rendering{.sets = sets};
    rendering.sets.push_back("metrics.prometheusRule.enabled=true");
    std::map<std::string, std::string> runbooks;  // by alert
    const json object = Object(rendering, "PrometheusRule");
    for (const json& group : object.at("spec").at("groups")) {
      for (const json& rule : group.at("rules")) {
        if (!rule.contains("alert")) continue;
        runbooks[rule.at("alert")] = rule.at("annotations").at("runbook_url");
      }
    }
    return runbooks;
  };
  const auto all = alerts({});
  EXPECT_GT(all.size(), 20u);
  EXPECT_EQ(all.at("BatonNoLeader"), "https://baton.dev/runbooks/BatonNoLeader");
  const auto others = alerts({"metrics.prometheusRule.disabled={BatonNoLeader}",
                              "metrics.prometheusRule.runbooks=https://a.example/"});
  EXPECT_EQ(others.size(), all.size() - 1);
  EXPECT_FALSE(others.contains("BatonNoLeader"));
  EXPECT_EQ(others.at("BatonQuorumLost"), "https://a.example/BatonQuorumLost");
}

TEST_F(ChartTest, AlertsComeInTheOrderOfTheirFiles) {
  std::vector<std::string> groups;
  const json rules = Object({.sets = {"metrics.prometheusRule.enabled=true"}}, "PrometheusRule");
  for (const json& group : rules.at("spec").at("groups")) groups.push_back(group.at("name"));
  EXPECT_GT(groups.size(), 5u);
  EXPECT_TRUE(std::is_sorted(groups.begin(), groups.end())) << json(groups);
}

TEST_F(ChartTest, TheAlertKnowsHowOftenBackupsAreTaken) {
  const auto rules = [this](const std::string& set) {
    return Object({.sets = {"metrics.prometheusRule.enabled=true", set}}, "PrometheusRule").dump();
  };
  EXPECT_THAT(rules("replicas=3"), HasSubstr("> 2 * 86400"));
  const std::string hourly = rules("metrics.prometheusRule.backupIntervalSeconds=3600");
  EXPECT_THAT(hourly, HasSubstr("> 2 * 3600"));
  EXPECT_THAT(hourly, testing::Not(HasSubstr("86400")));
}

TEST_F(ChartTest, EachDashboardIsAConfigMap) {
  size_t dashboards = 0;
  for (const json& object : Objects({.sets = {"metrics.dashboards.enabled=true"}})) {
    if (object.at("kind") != "ConfigMap") continue;
    ++dashboards;
    EXPECT_EQ(object.at("metadata").at("labels").at("grafana_dashboard"), "1");
    for (const auto& [name, text] : object.at("data").items()) {
      EXPECT_TRUE(json::accept(text.get<std::string>())) << name;
    }
  }
  size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(TreePath("charts/baton/files/dashboards"))) {
    if (entry.path().extension() == ".json") ++files;
  }
  EXPECT_EQ(dashboards, files);
  EXPECT_EQ(files, 5u);
}

TEST_F(ChartTest, WhatNoValueReachesIsMergedOver) {
  const json set = Object({.sets = {"overrides.statefulSet.spec.ordinals.start=0"}}, "StatefulSet");
  EXPECT_EQ(set.at("spec").at("ordinals").at("start"), 0);
  EXPECT_EQ(set.at("spec").at("replicas"), 3);
}

TEST_F(ChartTest, TheNotesWarn) {
  const auto notes = [](const std::vector<std::string>& sets) {
    std::vector<std::string> arguments = {"install", "baton", "baton", "--dry-run=client"};
    for (const std::string& set : sets) arguments.insert(arguments.end(), {"--set", set});
    const Rendered rendered = RunHelm(arguments);
    EXPECT_TRUE(rendered.ok) << rendered.error;
    return rendered.text.substr(rendered.text.find("NOTES:"));
  };
  EXPECT_THAT(notes({}), testing::Not(HasSubstr("WARNING")));
  EXPECT_THAT(notes({"replicas=5"}), HasSubstr("'{.status.readyReplicas}'=5 statefulset/baton"));
  EXPECT_THAT(notes({}), testing::Not(HasSubstr("rollout status"))) << "it refuses OnDelete";
  EXPECT_THAT(notes({"replicas=1"}), HasSubstr("one member survives the loss of none"));
  EXPECT_THAT(notes({"persistence.enabled=false"}), HasSubstr("loses its data and its identity"));
  EXPECT_THAT(notes({"service.type=NodePort"}),
              HasSubstr("WARNING: service.type is NodePort, and Baton has no login"));
  EXPECT_THAT(notes({"service.type=NodePort", "service.enabled=false"}),
              testing::Not(HasSubstr("has no login")));
  EXPECT_THAT(notes({"networkPolicy.clients=null", "memberServices.enabled=true",
                     "memberServices.type=LoadBalancer", "ingress.enabled=true",
                     "ingress.hosts={a.example.com}"}),
              HasSubstr("memberServices.type is LoadBalancer, ingress.enabled is true, and Baton"));
  EXPECT_THAT(notes({"networkPolicy.enabled=false"}), HasSubstr("can pose as a member"));
  EXPECT_THAT(notes({"service.enabled=false"}), HasSubstr("There is no Service for clients"));
}

}  // namespace
}  // namespace baton::charts
