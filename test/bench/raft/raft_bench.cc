// The core alone, in one thread: the benches of raft-rs under their names and with their
// parameters, and the full loop from a proposal to its application on all nodes. `allocs` counts
// operator new per iteration; `items_per_second` counts commands.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pkg/base/check.h"
#include "test/bench/raft/allocations.h"
#include "test/bench/raft/loop.h"

namespace baton::bench {
namespace {

using benchmark::State;
using raft::Payload;

struct Size {
  uint64_t voters = 0;
  uint64_t learners = 0;
};
constexpr Size kSizes[] = {{0, 0}, {3, 1}, {5, 2}, {7, 3}};
// As many times between two looks at the clock, which cost more than some of these.
constexpr size_t kStretch = 64;
constexpr size_t kCommandBytes[] = {0,       32,       128,       512,       1 << 10,
                                    4 << 10, 16 << 10, 128 << 10, 512 << 10, 1 << 20};

std::unique_ptr<raft::Raft> MakeRaft(const BoundedLog& log, const raft::ConfigState& members,
                                     raft::Config config = {}) {
  config.id = NodeId(1);
  raft::InitialState initial;
  initial.config = members;
  auto raft = raft::Raft::Create(config, initial, &log);
  CHECK(raft.ok()) << raft.status().ToString();
  return *std::move(raft);
}

// Allocations of the code between construction and Report.
class AllocationMeter {
 public:
  void Report(State& state) const {
    const auto count = static_cast<double>(Allocations() - before_);
    state.counters["allocs"] = benchmark::Counter(count, benchmark::Counter::kAvgIterations);
  }

 private:
  uint64_t before_ = Allocations();
};

void New(State& state, Size size) {
  const raft::ConfigState members = Members(size.voters, size.learners);
  const BoundedLog log(members);
  const AllocationMeter meter;
  for (auto _ : state) benchmark::DoNotOptimize(MakeRaft(log, members));
  meter.Report(state);
}

// kPreElection stops after the question whether an election could be won; kTransfer is a campaign
// that the leader asked for.
enum class CampaignKind { kPreElection, kElection, kTransfer };

void Campaign(State& state, Size size, CampaignKind kind) {
  const raft::ConfigState members = Members(size.voters, size.learners);
  const BoundedLog log(members);
  raft::Config config;
  config.pre_vote = kind == CampaignKind::kPreElection;
  const bool asked = kind == CampaignKind::kTransfer && size.voters > 0;
  std::vector<std::unique_ptr<raft::Raft>> rafts(kStretch);
  while (state.KeepRunningBatch(kStretch)) {
    state.PauseTiming();
    for (auto& raft : rafts) {
      raft = MakeRaft(log, members, config);
      if (asked) CHECK(raft->Step({NodeId(2), NodeId(1), Term(1), raft::Heartbeat{}}).ok());
    }
    state.ResumeTiming();
    for (const auto& raft : rafts) {
      if (asked) {
        CHECK(raft->Step({NodeId(2), NodeId(1), Term(1), raft::TimeoutNow{}}).ok());
      } else {
        raft->Campaign();
      }
    }
  }
}

// One voter appends a command of the size: what raft-rs calls leader_propose. The commands are made
// and the Readys are taken outside of the measurement.
void LeaderPropose(State& state, size_t bytes) {
  raft::Config config;
  config.uncommitted_bytes_max = size_t{1} << 40;
  Loop loop({.voters = 1, .learners = 0, .config = config});
  loop.Elect();
  std::vector<Payload> commands(kStretch);
  while (state.KeepRunningBatch(kStretch)) {
    state.PauseTiming();
    loop.Commit(Payload(), 0);
    for (Payload& command : commands) command = Payload(std::string(bytes, 'x'));
    state.ResumeTiming();
    for (Payload& command : commands) CHECK(loop.leader().Propose(std::move(command)).ok());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(bytes));
}

// 100 commands of 32 KiB, from their proposal to the Ready that has them, a message with each, and
// the 100 that were committed before. From the proposal: whether that or TakeReady makes the
// messages is a matter of taste. What is made for it is neither made nor freed in the measured
// time.
void TakeReady(State& state) {
  constexpr int kCount = 100;
  const raft::ConfigState members = Members(2, 0);
  raft::Config config;
  config.pre_vote = false;
  config.append_bytes_max = 1;  // one entry per message
  config.inflight_bytes_max = config.committed_bytes_max = size_t{1} << 40;
  config.uncommitted_bytes_max = size_t{1} << 40;
  const Payload command(std::string(32 << 10, 'x'));
  for (auto _ : state) {
    state.PauseTiming();
    {
      BoundedLog log(members);
      auto raft = MakeRaft(log, members, config);
      raft::Ready ready;
      const auto take = [&] {
        raft->TakeReady(&ready);
        log.Write(&ready.entries);
        raft->OnPersisted(ready.mark);
      };
      const auto acknowledge = [&] {
        raft::AppendResponse response;
        response.match_index = log.LastIndex();
        CHECK(raft->Step({NodeId(2), NodeId(1), raft->term(), response}).ok());
      };
      raft->Campaign();
      take();
      raft::VoteResponse vote;
      vote.granted = true;
      CHECK(raft->Step({NodeId(2), NodeId(1), raft->term(), vote}).ok());
      take();
      acknowledge();
      take();
      for (int i = 0; i < kCount; ++i) CHECK(raft->Propose(command).ok());
      take();
      acknowledge();
      state.ResumeTiming();
      for (int i = 0; i < kCount; ++i) CHECK(raft->Propose(command).ok());
      raft::Ready measured = raft->TakeReady();
      state.PauseTiming();
      CHECK(measured.messages.size() >= kCount && measured.committed_entries.size() >= kCount);
    }  // and its end
    state.ResumeTiming();
  }
}

void ProposeToApplied(State& state, uint64_t voters, size_t bytes, size_t batch) {
  Loop loop({.voters = voters});
  loop.Elect();
  const Payload command(std::string(bytes, 'x'));
  for (int i = 0; i < 2'000; ++i) loop.Commit(command, 1);
  for (int i = 0; i < 100; ++i) loop.Commit(command, batch);
  const AllocationMeter meter;
  for (auto _ : state) loop.Commit(command, batch);
  meter.Report(state);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(batch));
}

std::string Name(const std::string& what, Size size, const std::string& more = "") {
  return what + " (" + std::to_string(size.voters) + ", " + std::to_string(size.learners) + more +
         ")";
}

std::string BytesName(size_t bytes) {
  if (bytes >= 1 << 20) return std::to_string(bytes >> 20) + "M";
  if (bytes >= 1 << 10) return std::to_string(bytes >> 10) + "K";
  return std::to_string(bytes);
}

void RegisterAll() {
  const std::pair<CampaignKind, std::string> kinds[] = {
      {CampaignKind::kPreElection, ", CampaignPreElection"},
      {CampaignKind::kElection, ", CampaignElection"},
      {CampaignKind::kTransfer, ", CampaignTransfer"}};
  for (const Size size : kSizes) {
    benchmark::RegisterBenchmark(Name("Raft::new", size).c_str(), New, size);
    for (const auto& [kind, name] : kinds) {
      benchmark::RegisterBenchmark(Name("Raft::campaign", size, name).c_str(), Campaign, size,
                                   kind);
    }
  }
  for (const size_t bytes : kCommandBytes) {
    benchmark::RegisterBenchmark(("RawNode::leader_propose/" + BytesName(bytes)).c_str(),
                                 LeaderPropose, bytes);
  }
  benchmark::RegisterBenchmark("RawNode::ready/Default", TakeReady);
  for (const uint64_t voters : {1, 3, 5}) {
    for (const size_t bytes : {32, 256, 4096}) {
      for (const size_t batch : {1, 64}) {
        const std::string name = "propose_to_applied/voters:" + std::to_string(voters) +
                                 "/bytes:" + std::to_string(bytes) +
                                 "/batch:" + std::to_string(batch);
        benchmark::RegisterBenchmark(name.c_str(), ProposeToApplied, voters, bytes, batch);
      }
    }
  }
}

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  baton::bench::RegisterAll();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
