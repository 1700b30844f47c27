#include "test/sim/score.h"

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "pkg/base/planted.h"
#include "test/sim/seeds.h"

namespace baton::sim {
namespace {

constexpr size_t kWordsMax = 90;

// What was promised and not kept, in short.
std::string Summary(const std::string& why) {
  size_t at = why.find("cannot be:\n");
  at = at == std::string::npos ? why.find("CHECK failed: ") : at + 13;
  std::string words = at == std::string::npos ? why : why.substr(at, why.find('\n', at) - at);
  for (const char* sign : {" R", " S"}) {  // the name of the promise, if it has one
    const size_t name = words.find(sign);
    if (name != std::string::npos && name + 2 < words.size() && words.find(':', name) < name + 5) {
      words = words.substr(name + 1);
    }
  }
  std::replace(words.begin(), words.end(), '|', '/');
  return words.substr(0, std::min(words.find(": session"), kWordsMax));
}

std::optional<SeedResult> FirstFailure(uint64_t first, uint64_t seeds_max, int processes) {
  std::optional<SeedResult> found;
  RunSeeds(first, seeds_max, processes, [&](const SeedResult& result) {
    const bool earlier = !found || result.seed < found->seed;
    if (!result.held && earlier) found = result;
    return !found;
  });
  return found;
}

std::vector<PlantedBug> BugsToFind() {
  std::vector<PlantedBug> bugs(kPlantedBugs.begin(), kPlantedBugs.end());
  std::erase_if(bugs, [](const PlantedBug& bug) { return bug.search != "sim"; });
  return bugs;
}

}  // namespace

int Score(uint64_t first, uint64_t seeds_max, int processes) {
  const std::vector<PlantedBug> bugs = BugsToFind();
  if (!PlantBug(bugs.front().name)) return -1;
  PlantBug("");
  if (const auto innocent = FirstFailure(first, seeds_max, processes)) {
    std::cout << "seed " << innocent->seed
              << " fails without a planted bug, so it catches none: " << Summary(innocent->why)
              << std::endl;
    return static_cast<int>(bugs.size());
  }
  std::vector<uint64_t> caught;
  std::cout << "| bug | seeds | what was noticed |\n|---|---|---|" << std::endl;
  for (const PlantedBug& bug : bugs) {
    PlantBug(bug.name);
    const std::optional<SeedResult> found = FirstFailure(first, seeds_max, processes);
    std::cout << "| `" << bug.name << "` | ";
    if (found) {
      caught.push_back(found->seed - first + 1);
      std::cout << caught.back() << " | " << Summary(found->why) << " |" << std::endl;
    } else {
      std::cout << "not in " << seeds_max << " | " << bug.what << " |" << std::endl;
    }
  }
  std::sort(caught.begin(), caught.end());
  std::cout << "\n" << caught.size() << " of " << bugs.size() << " caught";
  if (!caught.empty())
    std::cout << ", half of them within " << caught[caught.size() / 2] << " seeds";
  std::cout << std::endl;
  return static_cast<int>(bugs.size() - caught.size());
}

}  // namespace baton::sim
