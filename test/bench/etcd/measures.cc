#include "test/bench/etcd/measures.h"

#include <algorithm>
#include <utility>

namespace baton::bench {
namespace {

const Value kRate = {"", "1/s", Better::kMore, &LoadReport::rate_per_s};
const Value kP50 = {" p50", "us", Better::kLess, &LoadReport::p50_us};
const Value kP99 = {" p99", "us", Better::kLess, &LoadReport::p99_us};

// Three to each member: many calls share one, as in gRPC clients. Not tuned in favour of anybody.
int64_t GrpcConnections(int64_t clients) { return std::min<int64_t>(clients, 9); }

Measure OfLoad(const std::string& operation, int64_t clients, std::vector<Value> values) {
  Measure measure{.name = operation + "-" + std::to_string(clients), .title = operation};
  measure.parameters = {{"clients", clients}};
  measure.load.operation = operation;
  measure.load.latency = operation;
  measure.load.clients = clients;
  measure.load.connections = GrpcConnections(clients);
  measure.values = std::move(values);
  return measure;
}

// Who asks a follower waits for one more way there and back; with many clients it evens out.
Measure AtTheLeader(const std::string& operation) {
  Measure measure = OfLoad(operation, 1, {kRate, kP50});
  measure.title = operation + ", at the leader";
  measure.load.at = At::kLeader;
  return measure;
}

Measure AtAFollower(const std::string& operation) {
  Measure measure = OfLoad(operation, 1, {kRate, kP50});
  measure.name += "-follower";
  measure.title = operation + ", at a follower";
  measure.load.at = At::kFollower;
  return measure;
}

Measure StaleGet(int64_t clients) {
  Measure measure = OfLoad("get", clients, {kRate, kP99});
  measure.name = "stale-" + std::to_string(clients);
  measure.title = "stale get";
  measure.load.stale = true;
  return measure;
}

Measure OverTheGateway(Measure measure) {
  measure.name = "gateway-" + measure.name;
  measure.gateway = true;
  return measure;
}

// Watchers are programs of their own, most of the time, with a connection each.
Measure Watch(int64_t watchers) {
  Measure measure = OfLoad("watch", watchers, {kP50, kP99});
  measure.name = "watch";
  measure.load.latency = "delivery";
  measure.load.connections = watchers;
  measure.title = "watch, to the last";
  measure.parameters = {{"watchers", watchers}};
  return measure;
}

// As many watchers within a few programs: etcd's clients send all of a program's over one
// connection, ours have one each all the same.
Measure SharedWatch(int64_t watchers) {
  Measure measure = Watch(watchers);
  measure.name = "watch-shared";
  measure.title = "watch, to the last, connections shared";
  measure.load.connections = GrpcConnections(watchers);
  return measure;
}

// All but the holder wait, and come back to the end of the line.
Measure HandOver(int64_t waiters) {
  Measure measure = OfLoad("lock", waiters + 1, {kP50, kP99});
  measure.name = "handover";
  measure.title = "lock hand-over";
  measure.load.locks = 1;
  measure.load.latency = "hand_over";
  measure.parameters = {{"waiters", waiters}};
  return measure;
}

Measure Special(Kind kind, const std::string& name, const std::string& title,
                std::vector<Value> values) {
  Measure measure{.name = name, .kind = kind, .title = title};
  measure.values = std::move(values);
  return measure;
}

}  // namespace

std::vector<Measure> AllMeasures() {
  std::vector<Measure> all;
  // First: on members that have just started.
  Measure memory = Special(Kind::kMemory, "memory", "memory of a member", {{"", "MiB"}});
  memory.load = {.operation = "put", .latency = "put", .clients = 64};
  memory.load.connections = GrpcConnections(64);
  memory.load.keys = 10'000;
  memory.load.total = 100'000;
  memory.parameters = {{"puts", memory.load.total}};
  all.push_back(memory);
  all.push_back(AtTheLeader("put"));
  all.push_back(AtAFollower("put"));
  all.push_back(OfLoad("put", 64, {kRate, kP99}));
  all.push_back(OfLoad("put", 256, {kRate, kP99}));
  all.push_back(OfLoad("get", 64, {kRate, kP99}));
  all.push_back(OfLoad("get", 256, {kRate, kP99}));
  all.push_back(StaleGet(64));
  all.push_back(StaleGet(256));
  all.push_back(AtTheLeader("lock"));
  all.push_back(AtAFollower("lock"));
  all.push_back(OfLoad("lock", 64, {kRate, kP99}));
  all.push_back(HandOver(100));
  all.push_back(Watch(200));
  all.push_back(SharedWatch(200));
  all.push_back(OverTheGateway(OfLoad("put", 64, {kRate, kP99})));
  all.push_back(OverTheGateway(OfLoad("get", 64, {kRate, kP99})));
  all.push_back(OverTheGateway(AtTheLeader("lock")));
  all.push_back(Special(Kind::kKill, "kill", "no writes: leader killed", {{"", "ms"}}));
  all.push_back(Special(Kind::kStop, "stop", "no writes: leader stopped", {{"", "ms"}}));
  return all;
}

Result<std::vector<Measure>> ChooseMeasures(const std::vector<std::string>& names) {
  std::vector<Measure> all = AllMeasures();
  if (names.empty()) return all;
  const auto has = [](const Measure& measure, const std::string& name) {
    return measure.name == name || measure.name.starts_with(name + "-");
  };
  for (const std::string& name : names) {
    const auto had = [&](const Measure& measure) { return has(measure, name); };
    if (std::any_of(all.begin(), all.end(), had)) continue;
    std::string known;
    for (const Measure& measure : all) known += " " + measure.name;
    return Status(Code::kInvalidArgument, "no measure " + name + "; there are:" + known);
  }
  std::erase_if(all, [&](const Measure& measure) {
    return std::none_of(names.begin(), names.end(),
                        [&](const std::string& name) { return has(measure, name); });
  });
  return all;
}

}  // namespace baton::bench
