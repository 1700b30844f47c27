// File: data_reader.h
//
// A data directory for reading only, by somebody who is not its node: an operator's tool. Not one
// byte below changes (overlay_env.h), and no node can start on it meanwhile.
//
//   auto reader = DataReader::Open("/var/lib/baton");
//   if (!reader.ok()) ...  // one sentence: what is wrong with the path, what to do
//   const LiveName log = (*reader)->Live(kLogSeries);
//   auto database = (*reader)->Open(log.name, WalDamage::kCutTornTail);
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "pkg/base/status.h"
#include "pkg/raft/types.h"
#include "pkg/storage/database.h"
#include "pkg/storage/identity.h"
#include "pkg/storage/live_directory.h"
#include "pkg/storage/log_format.h"
#include "pkg/storage/overlay_env.h"

namespace baton::storage {

// Which directory of a series is the live one.
struct LiveName {
  std::string name;                      // "log-000002"; empty: there is none
  std::optional<std::string> set_aside;  // damaged, and kept
  Status status;  // kCorruption: the file that should say it is damaged, `name` is the newest
};

// The rows of the log beside its entries; each may be absent or damaged on its own.
struct LogHead {
  Result<Identity> owner;
  Result<raft::HardState> hard_state;
  Result<raft::SnapshotMeta> start;
  Result<LogTail> tail;
};

// One thread.
class DataReader {
 public:
  // Damage is no reason to refuse. Refuses as
  //   kNotFound         there is no such directory
  //   kInvalidArgument  not a whole data directory of Baton ("foreign_directory"), "newer_format"
  //   kConflict         a node runs on it ("data_dir_in_use")
  //   kIo               the operating system refused
  static Result<std::unique_ptr<DataReader>> Open(const std::string& path);
  ~DataReader();
  DataReader(const DataReader&) = delete;
  DataReader& operator=(const DataReader&) = delete;

  const std::string& path() const { return path_; }
  // kCorruption: IDENTITY is damaged or absent.
  const Result<Identity>& identity() const { return identity_; }
  OverlayEnv* env() { return &env_; }

  LiveName Live(const DirectorySeries& series);
  // Opens a database of the directory. `damage`: what of its write-ahead files may be left out.
  Result<std::unique_ptr<Database>> Open(const std::string& name, WalDamage damage);

 private:
  explicit DataReader(std::string path);
  Status Lock();

  const std::string path_;
  int lock_fd_ = -1;
  OverlayEnv env_;
  Result<Identity> identity_;
};

LogHead ReadLogHead(const Database& log);

// Calls `visit` with every row whose key is an entry's and lies in [from, to], in order, as it
// decodes, until it says false. Says why the database could not be read to the end.
using EntryVisitor = std::function<bool(Index index, const Result<raft::Entry>& entry)>;
Status VisitEntries(const Database& log, Index from, Index to, const EntryVisitor& visit);

// Every row of the state tables in order, with the key as coord::Tables has it.
using RowVisitor = std::function<bool(std::string_view key, std::string_view value)>;
Status VisitStateRows(const Database& state, const RowVisitor& visit);
// Whose state it is; kCorruption: it is not complete.
Result<Identity> ReadStateOwner(const Database& state);

}  // namespace baton::storage
