// File: backup_maker.h
//
// The state of a node on a disk in memory, and backups of it as GET /v1/admin/snapshot makes them:
// for tests of what reads backups. By default the state holds something of every kind.
#pragma once

#include <memory>
#include <string>

#include "pkg/coord/state_machine.h"
#include "pkg/node/backup_format.h"
#include "pkg/storage/state_store.h"
#include "pkg/storage/testing/fault_env.h"

namespace baton::storage {

class BackupMaker {
 public:
  static constexpr char kClusterId[] = "00112233aabbccdd";

  BackupMaker();

  coord::Reply Do(coord::CommandBody body);
  // A backup as of now.
  std::string Make(size_t piece_bytes = 256 << 10);

  const coord::StateMachine& state() const { return *machine_; }
  Token lock_token() const { return lock_token_; }  // of the lock "lock", held

 private:
  FaultEnv env_;
  std::unique_ptr<LevelStateStore> store_;
  std::unique_ptr<coord::StateMachine> machine_;
  Token lock_token_;
};

}  // namespace baton::storage
