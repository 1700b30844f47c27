#include "pkg/metrics/families.h"

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

void AddBuildFamily(const std::string& version, FamilyList* list) {
  list->Gauge("baton_build_info", "Always 1; the label says which version runs.", 1,
              {{"version", version}});
}

}  // namespace baton::metrics
