#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "pkg/base/check.h"
#include "test/tidy/rules.h"

namespace baton::tidy {
namespace {

// A file with this text, gone with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text) {
    const char* base = std::getenv("TEST_TMPDIR");
    path_ = std::string(base != nullptr ? base : "/tmp") + "/tidy-XXXXXX";
    const int descriptor = mkstemp(path_.data());
    CHECK_GE(descriptor, 0) << path_;
    close(descriptor);
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash));
}

std::string Join(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string(name) : folder + "/" + std::string(name);
}

// The BUILD file that `path` belongs to: the nearest above it; nullptr when there is none.
const Source* BuildOf(const std::map<std::string, const Source*>& builds, std::string_view path) {
  for (std::string folder = FolderOf(path);; folder = FolderOf(folder)) {
    if (const auto found = builds.find(folder); found != builds.end()) return found->second;
    if (folder.empty()) return nullptr;
  }
}

// "a/b" + "../c/d#e" -> "a/c/d"; "" when it leads out of the tree.
std::string Resolve(std::string folder, std::string_view link) {
  link = link.substr(0, link.find('#'));
  while (!link.empty()) {
    const std::string_view part = link.substr(0, link.find('/'));
    link.remove_prefix(std::min(part.size() + 1, link.size()));
    if (part == "." || part.empty()) continue;
    if (part != "..") {
      folder = Join(folder, part);
    } else if (folder.empty()) {
      return "";
    } else {
      folder = FolderOf(folder);
    }
  }
  return folder;
}

// The targets of [text](target) in a line that are neither a place in the page nor on the web.
std::vector<std::string_view> LinksOf(std::string_view line) {
  std::vector<std::string_view> links;
  for (size_t at = 0; (at = line.find("](", at)) != std::string_view::npos; ++at) {
    const size_t end = line.find(')', at);
    if (end == std::string_view::npos) break;
    const std::string_view link = line.substr(at + 2, end - at - 2);
    if (!link.starts_with('#') && link.find("://") == std::string_view::npos) {
      links.push_back(link);
    }
  }
  return links;
}

template <std::vector<Finding> (*check)(const Source&)>
std::vector<Finding> OnEach(const std::vector<Source>& tree) {
  std::vector<Finding> findings;
  for (const Source& source : tree) {
    const std::vector<Finding> found = check(source);
    findings.insert(findings.end(), found.begin(), found.end());
  }
  return findings;
}

}  // namespace

std::vector<Finding> CheckVisibility(const Source& source) {
  if (!source.IsBuild() || source.IsUnder("third_party/bazel/")) return {};
  if (source.text.find("default_visibility = [\"//visibility:private\"]") != std::string::npos) {
    return {};
  }
  return {{source.path, 0,
           "no package(default_visibility = [\"//visibility:private\"]): start private"}};
}

std::vector<Finding> CheckBash(const Source& source) {
  if (!source.IsBash()) return {};
  const TemporaryFile script(source.text);
  const CommandOutcome outcome = RunCommand("bash -n '" + script.path() + "'");
  if (outcome.exit_code == 0) return {};
  return {{source.path, 0, "bash -n refuses it: " + outcome.output}};
}

std::vector<Finding> CheckReadmes(const std::vector<Source>& tree) {
  static const std::set<std::string> with_rooms = {"pkg", "cmd", "test", "charts"};
  std::set<std::string> rooms;
  std::set<std::string> documented;
  for (const Source& source : tree) {
    const std::string top = source.path.substr(0, source.path.find('/'));
    const std::string room = with_rooms.contains(top) ? source.Room() : FolderOf(source.path);
    const bool is_room =
        with_rooms.contains(top) || top == "scripts" || top == "docs" || room == "third_party";
    if (room.empty() || !is_room) continue;
    rooms.insert(room);
    if (source.path == room + "/README.md") documented.insert(room);
  }
  std::vector<Finding> findings;
  for (const std::string& room : rooms) {
    if (documented.contains(room)) continue;
    findings.push_back(
        {room, 0, "no README.md: say what it is, what it may touch, where to begin"});
  }
  return findings;
}

std::vector<Finding> CheckBuilt(const std::vector<Source>& tree) {
  std::map<std::string, const Source*> builds;
  for (const Source& source : tree) {
    if (source.IsBuild()) builds[FolderOf(source.path)] = &source;
  }
  std::vector<Finding> findings;
  for (const Source& source : tree) {
    if (!source.IsCpp()) continue;
    const Source* build = BuildOf(builds, source.path);
    if (build != nullptr) {
      const std::string folder = FolderOf(build->path);
      const std::string name = source.path.substr(folder.empty() ? 0 : folder.size() + 1);
      // By its name, or without ".cc" where one rule is repeated over a list of names.
      const bool listed = build->text.find("\"" + name + "\"") != std::string::npos;
      const std::string stem = name.substr(0, name.rfind('.'));
      const bool repeated = build->text.find(" + \".cc\"") != std::string::npos &&
                            build->text.find("\"" + stem + "\"") != std::string::npos;
      if (listed || repeated) continue;
    }
    findings.push_back({source.path, 0, "in no BUILD file: add it to a target, or delete it"});
  }
  return findings;
}

std::vector<Finding> CheckLinks(const std::vector<Source>& tree) {
  std::set<std::string> paths;
  for (const Source& source : tree) {
    for (std::string path = source.path; !path.empty(); path = FolderOf(path)) paths.insert(path);
  }
  std::vector<Finding> findings;
  for (const Source& source : tree) {
    if (!source.HasSuffix(".md")) continue;
    int number = 0;
    for (const std::string_view line : Lines(source.text)) {
      ++number;
      for (const std::string_view link : LinksOf(line)) {
        if (paths.contains(Resolve(FolderOf(source.path), link))) continue;
        findings.push_back({source.path, number, "the link leads nowhere: " + std::string(link)});
      }
    }
  }
  return findings;
}

std::vector<Finding> CheckLayout(const std::string& root, const std::vector<Source>& tree) {
  std::string paths;
  for (const Source& source : tree) {
    if (source.IsCpp()) paths += source.path + '\0';
  }
  const TemporaryFile list(paths);
  const CommandOutcome outcome =
      RunCommand("cd '" + root + "' && xargs -0 -r -a '" + list.path() +
                 "' clang-format --dry-run -Werror --style=file --ferror-limit=1");
  std::vector<Finding> findings;
  for (const std::string_view line : Lines(outcome.output)) {
    const size_t end_of_path = line.find(':');
    if (line.find(": error: ") == std::string_view::npos) continue;
    findings.push_back({std::string(line.substr(0, end_of_path)),
                        std::atoi(std::string(line.substr(end_of_path + 1)).c_str()),
                        "not laid out as .clang-format says: run `make format`"});
  }
  if (findings.empty() && outcome.exit_code != 0) {
    findings.push_back({root, 0, "clang-format did not run: " + outcome.output});
  }
  return findings;
}

const std::vector<Rule>& AllRules() {
  static const std::vector<Rule> rules = {
      {"Arrows", OnEach<CheckArrows>},
      {"Libraries", OnEach<CheckLibraries>},
      {"Purity", OnEach<CheckPurity>},
      {"Sizes", OnEach<CheckSizes>},
      {"Words", OnEach<CheckWords>},
      {"Whitespace", OnEach<CheckWhitespace>},
      {"Tests", OnEach<CheckTests>},
      {"Cpp", OnEach<CheckCpp>},
      {"Visibility", OnEach<CheckVisibility>},
      {"Bash", OnEach<CheckBash>},
      {"Readmes", CheckReadmes},
      {"Built", CheckBuilt},
      {"Links", CheckLinks},
      {"Sites", CheckSites},
  };
  return rules;
}

}  // namespace baton::tidy
