// What survives when the power fails: every acknowledged write of the log, and a prefix of the
// commits of the state that reaches at least to the last Sync.
#include <gtest/gtest.h>

#include "pkg/base/random.h"
#include "pkg/coord/memory_tables.h"
#include "pkg/storage/log_store.h"
#include "pkg/storage/state_store.h"
#include "pkg/storage/testing/fault_env.h"
#include "pkg/storage/testing/fixtures.h"

namespace baton::storage {
namespace {

using Rows = coord::MemoryTables::Rows;

// Lets `changes` changes of the disk pass, then none.
FaultEnv::Fault PowerFor(uint64_t* changes) {
  return [changes](FaultEnv::Operation, const std::string& path) {
    if (*changes == 0) return leveldb::Status::IOError(path, "the power is off");
    --*changes;
    return leveldb::Status::OK();
  };
}

// Three ways to go: all that was not synced is lost, a part of it, or (a killed process) nothing.
void Die(FaultEnv* env, uint64_t way, Random* tear) {
  if (way % 3 == 2) return env->Restart();
  env->PowerOn(way % 3 == 0 ? nullptr : tear);
}

// ---- the log ----

constexpr raft::Memory kNewborn = raft::Memory::kNewborn;

// A log in plain memory, and what of it was acknowledged.
struct LogModel {
  raft::HardState hard_state = {.term = {}, .vote = {}, .commit = {}, .memory = kNewborn};
  Index start;
  std::vector<raft::Entry> entries;  // from start + 1 on

  Index last() const { return start + entries.size(); }
  void Apply(const node::LogWrite& write) {
    if (write.hard_state) hard_state = *write.hard_state;
    if (write.snapshot) {
      start = write.snapshot->index;
      entries.clear();
    }
    if (write.entries.empty()) return;
    entries.resize(write.entries.front().index - start - 1);
    entries.insert(entries.end(), write.entries.begin(), write.entries.end());
  }
  void Compact(Index index) {
    entries.erase(entries.begin(), entries.begin() + static_cast<ptrdiff_t>(index - start));
    start = index;
  }
  friend bool operator==(const LogModel&, const LogModel&) = default;
};

LogModel Stored(const LevelLogStore& log) {
  LogModel model;
  model.hard_state = log.State().hard_state;
  model.start = log.State().start.index;
  const auto entries = log.Entries(log.FirstIndex(), log.LastIndex() + 1, SIZE_MAX);
  EXPECT_TRUE(entries.ok()) << entries.status().ToString();
  if (entries.ok()) model.entries = *entries;
  return model;
}

// One random write or compaction, done to both; false when the disk refused.
bool RandomStep(Random* random, LevelLogStore* log, LogModel* acknowledged, LogModel* attempted) {
  *attempted = *acknowledged;
  const Term term = acknowledged->hard_state.term + random->Below(2);
  if (random->Chance(1, 8) && !acknowledged->entries.empty()) {
    const raft::Entry& entry = acknowledged->entries[random->Below(acknowledged->entries.size())];
    attempted->Compact(entry.index);
    return log->Compact(MakeMeta(entry.index.value(), entry.term.value())).ok();
  }
  node::LogWrite write = VoteWrite(term.value(), 1 + random->Below(3), 0);
  Index first = acknowledged->last() + 1;
  if (random->Chance(1, 20)) {
    write.snapshot = MakeMeta((first + random->Below(5)).value(), term.value());
    first = write.snapshot->index + 1;
  } else if (random->Chance(1, 4)) {
    first = first - random->Below(first - acknowledged->start);
  }
  const uint64_t count = random->Below(4);
  for (uint64_t i = 0; i < count; ++i) {
    write.entries.push_back(
        MakeEntry((first + i).value(), term.value(), std::string(random->Below(9000), 'x')));
  }
  attempted->Apply(write);
  return WriteOne(log, write).ok();
}

// The power fails at every single change that a script makes. Afterwards exactly the acknowledged
// writes are there, or those and the one that was under way, whole.
TEST(LogPowerLossTest, AtEveryChangeOfTheDisk) {
  constexpr int kSteps = 40;
  uint64_t crash_points = 0;
  uint64_t survivors = 0;  // of writes that were not acknowledged
  for (bool finished = false; !finished; ++crash_points) {
    SCOPED_TRACE("power fails at change " + std::to_string(crash_points));
    FaultEnv env;
    ASSERT_TRUE(env.CreateDir("/data").ok() && env.SyncDir("/").ok());
    ASSERT_TRUE(LevelLogStore::Create(&env, "/data", TestIdentity()).ok());
    LogStoreOptions options;
    options.write_buffer_bytes = 64 << 10;  // several turns of write-ahead files
    uint64_t changes = crash_points;
    env.SetFault(PowerFor(&changes));

    Random random(42);
    LogModel acknowledged;
    LogModel attempted;
    auto log = LevelLogStore::Open(&env, "/data", TestIdentity(), options);
    int steps = 0;
    while (log.ok() && steps < kSteps &&
           RandomStep(&random, log->get(), &acknowledged, &attempted)) {
      acknowledged = attempted;
      ++steps;
    }
    finished = steps == kSteps;
    log = Status(Code::kUnavailable, "closed");
    env.SetFault({});
    Random tear(crash_points);
    Die(&env, crash_points, &tear);

    log = LevelLogStore::Open(&env, "/data", TestIdentity(), options);
    ASSERT_TRUE(log.ok()) << log.status().ToString();
    const LogModel stored = Stored(**log);
    ASSERT_TRUE(stored == acknowledged || stored == attempted)
        << "acknowledged up to " << acknowledged.last() << ", stored up to " << stored.last();
    if (!(stored == acknowledged)) ++survivors;
    ASSERT_TRUE(WriteOne(log->get(), VoteWrite(1000, 1, 0)).ok());  // it goes on
  }
  EXPECT_GT(crash_points, 150u);
  EXPECT_GT(survivors, 0u);
  RecordProperty("crash_points", static_cast<int>(crash_points));
}

// Dies and comes back many times, with torn writes, on the same data.
TEST(LogPowerLossTest, AgainAndAgain) {
  FaultEnv env;
  ASSERT_TRUE(env.CreateDir("/data").ok() && env.SyncDir("/").ok());
  ASSERT_TRUE(LevelLogStore::Create(&env, "/data", TestIdentity()).ok());
  LogStoreOptions options;
  options.write_buffer_bytes = 64 << 10;
  options.cache_bytes_max = 10'000;
  Random random(7);
  LogModel acknowledged;
  for (int life = 0; life < 150; ++life) {
    auto log = LevelLogStore::Open(&env, "/data", TestIdentity(), options);
    ASSERT_TRUE(log.ok()) << "life " << life << ": " << log.status().ToString();
    const LogModel stored = Stored(**log);
    ASSERT_EQ(stored, acknowledged) << "life " << life;
    uint64_t changes = random.Below(60);
    env.SetFault(PowerFor(&changes));
    LogModel attempted;
    while (RandomStep(&random, log->get(), &acknowledged, &attempted)) acknowledged = attempted;
    log = Status(Code::kUnavailable, "closed");
    env.SetFault({});
    Die(&env, random.Below(3), &random);
    log = LevelLogStore::Open(&env, "/data", TestIdentity(), options);
    ASSERT_TRUE(log.ok()) << "life " << life << ": " << log.status().ToString();
    const LogModel after = Stored(**log);
    ASSERT_TRUE(after == acknowledged || after == attempted) << "life " << life;
    acknowledged = after;
  }
}

// ---- the state ----

Rows Scanned(const coord::Tables& tables) {
  Rows rows;
  tables.Scan("", "", [&](std::string_view key, std::string_view value) {
    rows.emplace(key, value);
    return true;
  });
  return rows;
}

void RandomCommit(Random* random, uint64_t number, coord::MemoryTables* model,
                  node::StateStore* state) {
  const auto both = [&](const auto& change) {
    change(static_cast<coord::Tables*>(model));
    change(static_cast<coord::Tables*>(state));
  };
  both([&](coord::Tables* tables) { tables->Put("applied", std::to_string(number)); });
  const uint64_t count = random->Below(6);
  for (uint64_t i = 0; i < count; ++i) {
    const std::string key = "key" + std::to_string(random->Below(100));
    if (random->Chance(1, 4)) {
      both([&](coord::Tables* tables) { tables->Delete(key); });
      continue;
    }
    const std::string value(random->Below(4000), static_cast<char>('a' + random->Below(26)));
    both([&](coord::Tables* tables) { tables->Put(key, value); });
  }
}

// Many lives, each ended by a power loss that tears pages out of what was not synced. After each
// the state is what it was after one of the commits, and not before the last Sync.
TEST(StatePowerLossTest, APrefixOfTheCommitsSurvivesUpToTheLastSyncAtLeast) {
  FaultEnv env;
  ASSERT_TRUE(env.CreateDir("/data").ok() && env.SyncDir("/").ok());
  ASSERT_TRUE(LevelStateStore::Create(&env, "/data", TestIdentity()).ok());
  StateStoreOptions options;
  options.write_buffer_bytes = 64 << 10;  // a new write-ahead file every dozen commits
  Random random(11);
  uint64_t number = 0;
  std::map<uint64_t, Rows> history = {{0, {}}};
  uint64_t lost_commits = 0;
  for (int life = 0; life < 80; ++life) {
    auto state = LevelStateStore::Open(&env, "/data", TestIdentity(), options);
    ASSERT_TRUE(state.ok()) << "life " << life << ": " << state.status().ToString();
    const Rows rows = Scanned(**state);
    const auto applied = rows.find("applied");
    const uint64_t survived = applied == rows.end() ? 0 : std::stoull(applied->second);
    ASSERT_TRUE(history.contains(survived))
        << "life " << life << ": commit " << survived << " had been superseded by a synced one";
    ASSERT_EQ(rows, history[survived]) << "life " << life << ": a hole before " << survived;
    lost_commits += number - survived;

    coord::MemoryTables model;
    for (const auto& [key, value] : rows) model.Put(key, value);
    history = {{survived, rows}};
    number = survived;
    const uint64_t commits = random.Below(60);
    for (uint64_t i = 0; i < commits; ++i) {
      RandomCommit(&random, ++number, &model, state->get());
      ASSERT_TRUE((*state)->Commit().ok());
      if (random.Chance(1, 25)) {
        ASSERT_TRUE((*state)->Sync().ok());
        history.clear();
      }
      history[number] = model.rows();
    }
    env.PowerOff();
    state = Status(Code::kUnavailable, "closed");
    Die(&env, random.Below(3), &random);
  }
  EXPECT_GT(lost_commits, 100u) << "nothing was ever lost: the test does not test";
}

TEST(StatePowerLossTest, SyncMakesEverythingDurableOnItsOwn) {
  for (int commits = 1; commits < 60; commits += 7) {
    FaultEnv env;
    ASSERT_TRUE(env.CreateDir("/data").ok() && env.SyncDir("/").ok());
    ASSERT_TRUE(LevelStateStore::Create(&env, "/data", TestIdentity()).ok());
    StateStoreOptions options;
    options.write_buffer_bytes = 64 << 10;
    auto state = LevelStateStore::Open(&env, "/data", TestIdentity(), options);
    ASSERT_TRUE(state.ok());
    for (int i = 0; i < commits; ++i) {
      (*state)->Put("key" + std::to_string(i), std::string(5000, 'x'));
      ASSERT_TRUE((*state)->Commit().ok());
    }
    ASSERT_TRUE((*state)->Sync().ok());
    env.PowerOff();
    state = Status(Code::kUnavailable, "closed");
    env.PowerOn();
    state = LevelStateStore::Open(&env, "/data", TestIdentity(), options);
    ASSERT_TRUE(state.ok()) << state.status().ToString();
    EXPECT_EQ(Scanned(**state).size(), static_cast<size_t>(commits));
  }
}

}  // namespace
}  // namespace baton::storage
