#include "pkg/metrics/process_facts.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace baton::metrics {
namespace {

std::string ReadWhole(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

std::optional<double> ParseNumber(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return static_cast<double>(value);
}

std::vector<std::string_view> SplitAtSpaces(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const size_t end = std::min(text.find_first_of(" \n"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

double CountOpenFds() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return -1;
  double count = 0;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(directory);
  return count - 1;  // without the one that reads the directory
}

}  // namespace

namespace internal {

void ParseStat(std::string_view stat, double ticks_per_second, double page_bytes,
               double boot_time_seconds, ProcessFacts* facts) {
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return;
  // words[0] is field 3 of proc(5), so field n is words[n - 3].
  const std::vector<std::string_view> words = SplitAtSpaces(stat.substr(name_end + 1));
  if (words.size() < 22) return;
  const auto field = [&](size_t number) { return ParseNumber(words[number - 3]); };
  const auto user = field(14), system = field(15), threads = field(20), start = field(22);
  const auto virtual_bytes = field(23), resident_pages = field(24);
  if (user && system) facts->cpu_seconds = (*user + *system) / ticks_per_second;
  if (threads) facts->threads = *threads;
  if (start && boot_time_seconds >= 0) {
    facts->start_time_seconds = boot_time_seconds + *start / ticks_per_second;
  }
  if (virtual_bytes) facts->virtual_bytes = *virtual_bytes;
  if (resident_pages) facts->resident_bytes = *resident_pages * page_bytes;
}

double ParseBootTime(std::string_view proc_stat) {
  constexpr std::string_view kName = "btime ";
  size_t at = 0;
  while (at < proc_stat.size()) {
    const size_t end = std::min(proc_stat.find('\n', at), proc_stat.size());
    const std::string_view line = proc_stat.substr(at, end - at);
    if (line.starts_with(kName)) return ParseNumber(line.substr(kName.size())).value_or(-1);
    at = end + 1;
  }
  return -1;
}

}  // namespace internal

std::vector<ThreadFacts> ReadThreadFacts() {
  const std::string tasks = "/proc/self/task";
  std::map<std::string, double> by_name;
  DIR* directory = opendir(tasks.c_str());
  if (directory == nullptr) return {};
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] == '.') continue;
    const std::string task = tasks + "/" + entry->d_name;
    std::string name = ReadWhole((task + "/comm").c_str());
    while (!name.empty() && name.back() == '\n') name.pop_back();
    ProcessFacts facts;
    internal::ParseStat(ReadWhole((task + "/stat").c_str()),
                        static_cast<double>(sysconf(_SC_CLK_TCK)),
                        /*page_bytes=*/0, /*boot_time_seconds=*/-1, &facts);
    if (!name.empty() && facts.cpu_seconds >= 0) by_name[name] += facts.cpu_seconds;
  }
  closedir(directory);
  std::vector<ThreadFacts> threads;
  for (const auto& [name, cpu_seconds] : by_name) threads.push_back({name, cpu_seconds});
  return threads;
}

ProcessFacts ReadProcessFacts() {
  ProcessFacts facts;
  internal::ParseStat(ReadWhole("/proc/self/stat"), static_cast<double>(sysconf(_SC_CLK_TCK)),
                      static_cast<double>(sysconf(_SC_PAGESIZE)),
                      internal::ParseBootTime(ReadWhole("/proc/stat")), &facts);
  facts.open_fds = CountOpenFds();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.max_fds = static_cast<double>(limit.rlim_cur);
  return facts;
}

}  // namespace baton::metrics
