#include "test/charts/helm.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "pkg/base/check.h"
#include "test/integration/process.h"

namespace baton::charts {
namespace {

constexpr int64_t kHelmMsMax = 60'000;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The chart and helm's own files. Helm does not follow the links that test data are, so it is a
// copy.
const std::string& WorkDirectory() {
  static const integration::TemporaryDirectory directory;
  static const std::string path = [] {
    std::filesystem::copy(TreePath("charts/baton"), directory.path() + "/baton",
                          std::filesystem::copy_options::recursive);
    return directory.path();
  }();
  return path;
}

std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string HelmPath() {
  const std::string named = Variable("HELM_BIN");
  if (!named.empty()) return named;
  std::string places = Variable("PATH");
  while (!places.empty()) {
    const size_t end = places.find(':');
    const std::string path = places.substr(0, end) + "/helm";
    if (access(path.c_str(), X_OK) == 0) return path;
    places = end == std::string::npos ? "" : places.substr(end + 1);
  }
  return "";
}

std::string TreePath(const std::string& path) {
  return Variable("TEST_SRCDIR") + "/" + Variable("TEST_WORKSPACE") + "/" + path;
}

std::string TreeRoot() {
  const std::string chart = std::filesystem::canonical(TreePath("charts/baton/Chart.yaml"));
  return std::filesystem::path(chart).parent_path().parent_path().parent_path();
}

Rendered RunHelm(const std::vector<std::string>& arguments) {
  const std::string& directory = WorkDirectory();
  const std::string output = directory + "/output";
  const std::string error = directory + "/error";
  std::string line = "cd " + Quoted(directory) + " && exec " + Quoted(HelmPath());
  for (const std::string& argument : arguments) line += " " + Quoted(argument);
  line += " >" + Quoted(output) + " 2>" + Quoted(error) + " </dev/null";
  integration::Process process = integration::Process::Start(
      {"/bin/sh", "-c", line}, directory + "/shell",
      {.environment = {"HELM_CACHE_HOME=" + directory + "/cache",
                       "HELM_CONFIG_HOME=" + directory + "/config",
                       "HELM_DATA_HOME=" + directory + "/data", "KUBECONFIG=/dev/null"}});
  const std::optional<int> exit_code = process.Wait(kHelmMsMax);
  CHECK(exit_code.has_value()) << line;
  return {.ok = *exit_code == 0,
          .text = integration::ReadFile(output),
          .error = integration::ReadFile(error)};
}

Rendered Render(const Rendering& rendering) {
  std::vector<std::string> arguments = {"template",          rendering.release, "baton",
                                        "--namespace",       rendering.space,   "--kube-version",
                                        rendering.kubernetes};
  if (rendering.knows_monitoring) {
    arguments.insert(arguments.end(), {"--api-versions", "monitoring.coreos.com/v1"});
  }
  if (rendering.knows_gateways) {
    arguments.insert(arguments.end(), {"--api-versions", "gateway.networking.k8s.io/v1"});
  }
  const auto add = [&arguments](const char* flag, const std::vector<std::string>& values) {
    for (const std::string& value : values) arguments.insert(arguments.end(), {flag, value});
  };
  add("--values", rendering.value_files);
  add("--set", rendering.sets);
  add("--set-string", rendering.string_sets);
  arguments.insert(arguments.end(), rendering.flags.begin(), rendering.flags.end());
  return RunHelm(arguments);
}

Rendered RenderNamed(const std::string& text, const std::string& values) {
  namespace fs = std::filesystem;
  const std::string chart = WorkDirectory() + "/named";
  fs::remove_all(chart);
  fs::create_directories(chart + "/templates");
  for (const auto& entry : fs::directory_iterator(WorkDirectory() + "/baton/templates")) {
    if (entry.path().extension() != ".tpl") continue;
    fs::copy(entry.path(), chart + "/templates/" + entry.path().filename().string());
  }
  std::ofstream(chart + "/Chart.yaml") << "apiVersion: v2\nname: named\nversion: 0.0.1\n";
  std::ofstream(chart + "/values.yaml") << values;
  std::ofstream(chart + "/templates/text.yaml") << text;
  return RunHelm({"template", "baton", "named"});
}

void HelmTest::SetUp() {
  if (HelmPath().empty()) GTEST_SKIP() << "there is no helm on the PATH, and no HELM_BIN";
}

}  // namespace baton::charts
