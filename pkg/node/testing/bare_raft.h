// File: bare_raft.h
//
// A core with its log in memory and without a driver, node 1: for tests of the parts that speak to
// the core.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/node/stored_log.h"
#include "pkg/node/testing/memory_stores.h"
#include "pkg/raft/raft.h"

namespace baton::node::testing {

class BareRaft {
 public:
  explicit BareRaft(std::vector<NodeId> voters) {
    raft::Config config;
    config.id = NodeId(1);
    raft::InitialState initial;
    initial.config.voters = std::move(voters);
    raft_ = std::move(raft::Raft::Create(config, initial, &stored_log_)).value();
  }

  // It must be the only voter. Its first entry is 1, in term 1.
  void Lead() {
    raft_->Campaign();
    for (int i = 0; i < 10 && raft_->HasReady(); ++i) {
      const raft::Ready ready = raft_->TakeReady();
      const LogWrite write{ready.hard_state, ready.snapshot, ready.entries};
      CHECK(log_.Write({&write, 1}, true).ok());
      raft_->OnPersisted(ready.mark);
    }
    CHECK(raft_->role() == raft::Role::kLeader);
  }
  void Follow(NodeId leader, Term term) {
    CHECK(raft_->Step({leader, NodeId(1), term, raft::Heartbeat{}}).ok());
    CHECK(raft_->leader() == leader);
  }

  raft::Raft* get() { return raft_.get(); }
  raft::Raft* operator->() { return raft_.get(); }

 private:
  MemoryLogStore log_;
  StoredLog stored_log_{&log_, [] { return raft::SnapshotMeta{}; }, [](const Status&) {}};
  std::unique_ptr<raft::Raft> raft_;
};

}  // namespace baton::node::testing
