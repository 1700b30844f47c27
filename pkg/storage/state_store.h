// File: state_store.h
//
// The state tables on a LevelDB of their own: node::StateStore, and thereby coord::Tables.
//
// Writes gather in an overlay in memory, which reads see. Commit hands them to LevelDB as one
// unsynced batch: after a crash a prefix of the commits is there (the applied index is a row among
// them), and the log replays the rest. LevelDB alone does not give that prefix; see
// wal_sync_env.h and wal_check.h for the two holes and how they are closed.
//
// A row that cannot be read stops the process (disk_failure.h): a state machine that skips a row
// diverges from its peers. Keys in LevelDB: 0x01 and the table's key; 0x00 and a name for rows of
// our own ("identity": written last when a state is made, so its presence says "complete").
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "pkg/base/status.h"
#include "pkg/node/ports.h"
#include "pkg/storage/database_facts.h"
#include "pkg/storage/identity.h"
#include "pkg/storage/live_directory.h"

namespace baton::storage {

class Database;
class DurableEnv;

struct StateStoreOptions {
  // Uncompressed blocks of tables that LevelDB keeps in memory. The state may be larger than this,
  // and larger than memory.
  size_t block_cache_bytes = 4u << 20;
  // LevelDB's memtable; up to two are in memory. Also what a power loss may cost, and what a
  // restart replays.
  size_t write_buffer_bytes = 4u << 20;
};

class LevelStateStore final : public node::StateStore {
 public:
  // A new, empty state in `parent`/state-000001, named by `parent`/STATE.
  static Status Create(DurableEnv* env, const std::string& parent, const Identity& identity);
  // Puts a new, empty state in the place of a damaged one, which is set aside until a copy from a
  // peer is installed.
  static Status StartOver(DurableEnv* env, const std::string& parent, const Identity& identity);
  // Opens the state that `parent`/STATE names and removes those that it does not (left by a crash).
  // kCorruption with the place and what to do; also when a row turned out to be damaged while the
  // process ran (`parent`/STATE-DAMAGED). `env` must outlive the store.
  static Result<std::unique_ptr<LevelStateStore>> Open(DurableEnv* env, const std::string& parent,
                                                       const Identity& identity,
                                                       const StateStoreOptions& options);
  ~LevelStateStore() override;

  std::optional<std::string> Get(std::string_view key) const override;
  void Put(std::string_view key, std::string_view value) override;
  void Delete(std::string_view key) override;
  void Scan(std::string_view start, std::string_view end, const Visitor& visit) const override;

  // After a failure, of an Install too, every later Commit and Sync fails with the same status.
  Status Commit() override;
  // Does not hold up a Commit on the other thread while the disk works.
  Status Sync() override;
  Result<std::unique_ptr<node::SnapshotReader>> OpenSnapshot() override;
  Result<std::unique_ptr<node::SnapshotWriter>> BeginInstall() override;
  // Writes that were not committed are dropped with the old state. `finished` must come from this
  // store's BeginInstall and have said OK to Finish. The old state is removed when `finished` and
  // the last snapshot reader of it are gone.
  Status Install(node::SnapshotWriter* finished) override;
  uint64_t ApproximateBytes() const override;
  DatabaseFacts Facts() const;  // any thread
  // The state is not what it should be: the next Open says so. Changes nothing now.
  void Discard(const std::string& why) override;

 private:
  // nullopt: deleted here.
  using Overlay = std::map<std::string, std::optional<std::string>, std::less<>>;

  LevelStateStore(DurableEnv* env, std::string parent, Identity identity,
                  const StateStoreOptions& options, std::shared_ptr<Database> live,
                  uint64_t live_number);
  static Status CreateAs(DurableEnv* env, const std::string& parent, const Identity& identity,
                         const LiveDirectory& live);
  static Result<LiveDirectory> FindLive(DurableEnv* env, const std::string& parent,
                                        const Identity& identity, const StateStoreOptions& options);
  std::shared_ptr<Database> Live() const;
  void MarkDamaged(const Status& why) const;
  [[noreturn]] void Stop(std::string_view what, const Status& why) const;

  // Constant after construction.
  DurableEnv* const env_;
  const std::string parent_;
  const Identity identity_;
  const StateStoreOptions options_;

  Overlay overlay_;                    // used by the raft thread only
  std::atomic<uint64_t> next_number_;  // of the next state directory

  // Changed by the raft thread under mutex_; other threads read it under mutex_.
  mutable std::mutex mutex_;
  std::shared_ptr<Database> live_;
};

}  // namespace baton::storage
