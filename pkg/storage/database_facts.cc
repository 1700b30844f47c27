#include "pkg/storage/database_facts.h"

#include <cstdio>
#include <string>

namespace baton::storage {
namespace {

constexpr double kMiB = 1 << 20;

uint64_t BytesOf(double mebibytes) {
  return mebibytes > 0 ? static_cast<uint64_t>(mebibytes * kMiB) : 0;
}

}  // namespace

// Level  Files Size(MB) Time(sec) Read(MB) Write(MB)
// --------------------------------------------------
//   0        2        1         0        0         1
std::vector<DatabaseFacts::Level> ParseLevelDbStats(std::string_view stats) {
  std::vector<DatabaseFacts::Level> levels;
  while (!stats.empty()) {
    const size_t end = stats.find('\n');
    const std::string line(stats.substr(0, end));
    stats.remove_prefix(end == std::string_view::npos ? stats.size() : end + 1);
    DatabaseFacts::Level level;
    long long files = 0;
    double size = 0, seconds = 0, read = 0, written = 0;
    const int fields = std::sscanf(line.c_str(), "%d %lld %lf %lf %lf %lf", &level.number, &files,
                                   &size, &seconds, &read, &written);
    if (fields != 6 || level.number < 0 || files < 0) continue;
    level.files = static_cast<uint64_t>(files);
    level.bytes = BytesOf(size);
    level.compaction_seconds = seconds;
    level.compaction_read_bytes = BytesOf(read);
    level.compaction_written_bytes = BytesOf(written);
    levels.push_back(level);
  }
  return levels;
}

}  // namespace baton::storage
