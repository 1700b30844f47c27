#include "pkg/metrics/families.h"
#include "pkg/metrics/limits.h"

namespace baton::metrics {
namespace {

void GaugeIfKnown(std::string_view name, std::string_view help, double value, FamilyList* list) {
  if (value >= 0) list->Gauge(name, help, value);
}

}  // namespace

void AddProcessFamilies(const ProcessFacts& facts, FamilyList* list) {
  if (facts.cpu_seconds >= 0) {
    list->Counter("process_cpu_seconds_total", "User and system CPU time of the process.",
                  facts.cpu_seconds);
  }
  GaugeIfKnown("process_resident_memory_bytes", "Resident memory of the process.",
               facts.resident_bytes, list);
  GaugeIfKnown("process_virtual_memory_bytes", "Virtual memory of the process.",
               facts.virtual_bytes, list);
  GaugeIfKnown("process_open_fds", "Open file descriptors.", facts.open_fds, list);
  GaugeIfKnown("process_max_fds", "The limit of open file descriptors.", facts.max_fds, list);
  GaugeIfKnown("process_threads", "Threads of the process.", facts.threads, list);
  GaugeIfKnown("process_start_time_seconds", "Start of the process since 1970-01-01 UTC.",
               facts.start_time_seconds, list);
  GaugeIfKnown("os_fd_used", "Open file descriptors (etcd's name).", facts.open_fds, list);
  GaugeIfKnown("os_fd_limit", "The limit of open file descriptors (etcd's name).", facts.max_fds,
               list);
}

void AddThreadFamilies(const std::vector<ThreadFacts>& threads, FamilyList* list) {
  double other = 0;
  size_t shown = 0;
  constexpr std::string_view kName = "baton_thread_cpu_seconds_total";
  constexpr std::string_view kHelp = "User and system CPU time of the threads of that name.";
  for (const ThreadFacts& thread : threads) {
    if (++shown < kThreadsMax && thread.name.size() <= kLabelValueBytesMax) {
      list->Counter(kName, kHelp, thread.cpu_seconds, {{"thread", thread.name}});
    } else {
      other += thread.cpu_seconds;
    }
  }
  if (other > 0) list->Counter(kName, kHelp, other, {{"thread", "other"}});
}

void AddBuildFamily(const std::string& version, FamilyList* list) {
  list->Gauge("baton_build_info", "Always 1; the label says which version runs.", 1,
              {{"version", version}});
}

}  // namespace baton::metrics
