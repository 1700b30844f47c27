// What is in manifests/ is valid for Kubernetes and keeps the conventions; and what does not is
// found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/charts/chart.h"
#include "test/charts/conventions.h"
#include "test/charts/kube_schema.h"
#include "test/charts/objects.h"
#include "test/integration/process.h"

namespace baton::charts {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<json> Manifests(const std::string& name, std::vector<std::string>* problems) {
  return ParseObjects(integration::ReadFile(TreePath("manifests/" + name + ".yaml")), problems);
}

class ManifestsTest : public testing::TestWithParam<const char*> {};

TEST_P(ManifestsTest, AreValid) {
  std::vector<std::string> problems;
  const std::vector<json> objects = Manifests(GetParam(), &problems);
  EXPECT_GE(objects.size(), 3u);
  for (const json& object : objects) {
    EXPECT_THAT(SchemasOfTheTree().Check(object), IsEmpty()) << NameOf(object);
  }
  EXPECT_THAT(problems, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, ManifestsTest,
                         testing::Values("install", "trial", "monitoring", "everything"),
                         [](const auto& name) { return std::string(name.param); });

class ConventionsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<std::string> problems;
    for (json& object : Manifests("install", &problems)) {
      if (object.value("kind", "") == "StatefulSet") set_ = objects_.size();
      if (object.value("kind", "") != "Namespace") objects_.push_back(std::move(object));
    }
  }

  json& Pod() { return objects_.at(set_)["spec"]["template"]["spec"]; }
  std::vector<std::string> Problems() const { return CheckConventions(objects_, "baton"); }

  std::vector<json> objects_;
  size_t set_ = 0;
};

TEST_F(ConventionsTest, AreKept) { EXPECT_THAT(Problems(), IsEmpty()); }

TEST_F(ConventionsTest, NamesAndLabels) {
  objects_.push_back(objects_.front());
  EXPECT_THAT(Problems(), ElementsAre(HasSubstr("comes twice")));
  objects_.pop_back();
  objects_[0]["metadata"]["namespace"] = "default";
  objects_[0]["metadata"]["labels"].erase("helm.sh/chart");
  objects_[0]["metadata"]["labels"]["answer"] = false;
  EXPECT_THAT(Problems(), ElementsAre(HasSubstr("not in baton"), HasSubstr("no label helm.sh"),
                                      HasSubstr("label answer is no text")));
}

TEST_F(ConventionsTest, Selectors) {
  objects_.at(set_)["spec"]["selector"]["matchLabels"]["helm.sh/chart"] = "baton-0.1.0";
  EXPECT_THAT(Problems(), ElementsAre(HasSubstr("selects by helm.sh/chart"),
                                      HasSubstr("selects nothing of the release")));
}

TEST_F(ConventionsTest, VolumesAndPorts) {
  Pod()["volumes"] = json::array();
  Pod()["containers"][0]["ports"][0]["name"] = "clients";
  EXPECT_THAT(Problems(), Contains(HasSubstr("no volume \"tmp\"")));
  EXPECT_THAT(Problems(), Contains(HasSubstr("no container has the port \"client\"")));
}

TEST_F(ConventionsTest, PodSecurity) {
  struct Case {
    const char* path;
    json value;
    const char* sentence;
  };
  const Case cases[] = {
      {"/hostNetwork", true, "hostNetwork is true"},
      {"/automountServiceAccountToken", true, "mounts its token"},
      {"/enableServiceLinks", true, "gets variables"},
      {"/volumes/0/hostPath", {{"path", "/"}}, "a volume of the node"},
      {"/securityContext/runAsNonRoot", false, "may run as root"},
      {"/securityContext/runAsUser", 0, "names no user, or root"},
      {"/securityContext/seccompProfile/type", "Unconfined", "no seccomp profile"},
      {"/containers/0/securityContext/allowPrivilegeEscalation", true, "may gain privileges"},
      {"/containers/0/securityContext/privileged", true, "is privileged"},
      {"/containers/0/securityContext/capabilities/drop", {"NET_RAW"}, "keeps capabilities"},
      {"/containers/0/securityContext/readOnlyRootFilesystem", false, "may write"},
  };
  for (const Case& one : cases) {
    json spec = Pod();
    spec[json::json_pointer(one.path)] = one.value;
    EXPECT_THAT(CheckPodSecurity(spec), ElementsAre(HasSubstr(one.sentence))) << one.path;
  }
}

}  // namespace
}  // namespace baton::charts
