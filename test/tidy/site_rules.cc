#include <map>

#include "test/tidy/code_text.h"
#include "test/tidy/rules.h"

namespace baton::tidy {
namespace {

struct Table {
  std::string_view path;
  std::string_view use;  // what stands before a name where it is used
};

constexpr Table kTables[] = {
    {"pkg/base/cruel_sites.h", "CRUEL(\""},
    {"pkg/base/planted_bugs.h", "PLANTED(\""},
};

struct Place {
  std::string path;
  int line = 0;
};
using Places = std::multimap<std::string, Place, std::less<>>;

// What stands in quotes after each `before`.
void FindQuoted(const Source& source, std::string_view before, Places* places) {
  const std::string code = WithoutComments(source.text);
  int number = 0;
  for (const std::string_view line : Lines(code)) {
    ++number;
    size_t at = 0;
    while ((at = line.find(before, at)) != std::string_view::npos) {
      at += before.size();
      places->emplace(line.substr(at, line.find('"', at) - at), Place{source.path, number});
    }
  }
}

void CheckTable(const Table& table, const std::vector<Source>& tree,
                std::vector<Finding>* findings) {
  Places listed;
  Places used;
  for (const Source& source : tree) {
    if (source.path == table.path) FindQuoted(source, "    {\"", &listed);
    const bool ships = source.IsCpp() && !source.IsTest() && source.Room() != "pkg/base";
    if (ships) FindQuoted(source, table.use, &used);
  }
  for (const auto& [name, place] : listed) {
    const size_t count = used.count(name);
    if (count == 1) continue;
    findings->push_back(
        {place.path, place.line,
         name + " is used " + std::to_string(count) + " times: a name stands for one place"});
  }
  for (const auto& [name, place] : used) {
    if (listed.contains(name)) continue;
    findings->push_back({place.path, place.line, name + ": list it in " + std::string(table.path)});
  }
}

}  // namespace

std::vector<Finding> CheckSites(const std::vector<Source>& tree) {
  std::vector<Finding> findings;
  for (const Table& table : kTables) CheckTable(table, tree, &findings);
  return findings;
}

}  // namespace baton::tidy
