#include <algorithm>
#include <utility>

#include "cmd/batonctl/bench.h"

namespace baton::batonctl {
namespace {

Status Refuse(const std::string& what) { return Status(Code::kInvalidArgument, what); }

// Reads options one after the other; the first error stays.
class BenchOptions {
 public:
  explicit BenchOptions(const Arguments& arguments) : arguments_(arguments) {}

  void Number(std::string_view option, uint64_t* value) {
    const Result<uint64_t> number = NumberOption(arguments_, option, *value);
    Keep(number.status());
    if (number.ok()) *value = *number;
  }
  // One for which 0 has a meaning of its own inside, and none here.
  void NumberIfGiven(std::string_view option, load::Bound bound, uint64_t* value) {
    if (!arguments_.Has(option)) return;
    Number(option, value);
    Keep(load::CheckBound("--" + std::string(option), *value, bound));
  }
  void Duration(std::string_view option, uint64_t* value_ms) {
    const Result<int64_t> duration =
        DurationOption(arguments_, option, static_cast<int64_t>(*value_ms));
    Keep(duration.status());
    if (duration.ok()) *value_ms = static_cast<uint64_t>(*duration);
  }
  // The place of the option's value among two words.
  bool IsSecond(std::string_view option, std::string_view first, std::string_view second) {
    const std::string text = arguments_.Text(option, first);
    if (text != first && text != second) {
      Keep(Refuse("--" + std::string(option) + " takes " + std::string(first) + " or " +
                  std::string(second)));
    }
    return text == second;
  }
  const Status& status() const { return status_; }

 private:
  void Keep(const Status& status) {
    if (status_.ok()) status_ = status;
  }

  const Arguments& arguments_;
  Status status_;
};

}  // namespace

Result<load::Settings> ReadBenchSettings(const Arguments& arguments, load::Bench bench,
                                         const std::string& own_prefix) {
  load::Settings settings;
  BenchOptions options(arguments);
  settings.bench = bench;
  settings.endpoints = arguments.endpoints;
  settings.timeout_ms = static_cast<uint64_t>(arguments.timeout_ms);
  settings.prefix = arguments.Text("prefix", own_prefix);
  settings.sequential = arguments.Has("sequential");
  settings.keep = arguments.Has("keep");
  if (options.IsSecond("api", "baton", "etcd-gateway")) settings.api = load::ApiKind::kEtcdGateway;
  settings.stale = options.IsSecond("consistency", "linearizable", "stale");
  if (bench == load::Bench::kWatch) settings.clients = 1;
  options.Number("clients", &settings.clients);
  settings.connections = settings.clients;
  options.Number("connections", &settings.connections);
  options.Number("threads", &settings.threads);
  options.NumberIfGiven("rate", load::kRate, &settings.rate_per_s);
  options.NumberIfGiven("total", load::kTotal, &settings.total);
  if (settings.total > 0) settings.duration_ms = load::kDurationMs.max;
  options.Duration("duration", &settings.duration_ms);
  options.Number("keys", &settings.keys);
  options.Number("key-size", &settings.key_size);
  options.Number("value-size", &settings.value_size);
  options.NumberIfGiven("locks", load::kLocks, &settings.locks);
  options.Number("watchers", &settings.watchers);
  options.Number("idle", &settings.idle_sessions);
  options.Number("keepalives", &settings.keepalives);
  options.Duration("ttl", &settings.ttl_ms);
  options.Number("read-percent", &settings.read_percent);
  options.Number("write-percent", &settings.write_percent);
  BATON_RETURN_IF_ERROR(options.status());
  BATON_RETURN_IF_ERROR(load::CheckSettings(settings));
  return settings;
}

}  // namespace baton::batonctl
