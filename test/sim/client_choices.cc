// What a client does next: chosen by its seed, from what it knows.
#include <algorithm>

#include "test/sim/client.h"

namespace baton::sim {
namespace {

using history::Kind;
using history::Operation;
using history::Space;

}  // namespace

// --- what to do ---

std::string Client::Key() { return "key" + std::to_string(random_.Below(keys_)); }
std::string Client::Line() { return "line" + std::to_string(random_.Below(lines_)); }
std::string Client::Unique() { return std::to_string(id_) + "-" + std::to_string(++values_); }

Operation Client::Choose() {
  const uint64_t dice = random_.Below(100);
  Operation operation;
  if (dice < 30) return ChooseWrite();
  if (dice < 50) {
    operation.kind = dice < 42 ? Kind::kGet : Kind::kGetStale;
    operation.key = Key();
    // What it has seen it wants to see again, on whichever node.
    if (random_.Chance(1, 2)) operation.min_revision = newest_revision_;
    return operation;
  }
  if (dice < 52) {
    operation.kind = Kind::kHolder;
    operation.space = random_.Chance(1, 2) ? Space::kLock : Space::kElection;
    operation.key = Line();
    return operation;
  }
  if (dice < 53 && newest_revision_ > 0) {
    operation.kind = Kind::kCompact;
    operation.compact_to =
        newest_revision_ - random_.Below(std::min<uint64_t>(newest_revision_, 50));
    return operation;
  }
  return ChooseWithSession();
}

Operation Client::ChooseWrite() {
  Operation operation;
  operation.kind = random_.Chance(1, 4) ? Kind::kDelete : Kind::kPut;
  operation.key = Key();
  if (operation.kind == Kind::kPut) operation.value = Unique();
  if (random_.Chance(1, 3)) {
    const auto seen = mod_revisions_.find(operation.key);
    operation.expected_revision = seen == mod_revisions_.end() ? 0 : seen->second;
  }
  const bool ephemeral = session_ != 0 && operation.kind == Kind::kPut && random_.Chance(1, 8);
  if (ephemeral) operation.session = session_;
  if (held_ && held_->space == Space::kLock && random_.Chance(1, 2)) {
    operation.key = "guarded-" + held_->name;
    operation.expected_revision.reset();
    operation.guard_lock = held_->name;
    operation.token = held_->token;
  }
  return operation;
}

Operation Client::ChooseWithSession() {
  Operation operation;
  if (session_ == 0) {
    operation.kind = Kind::kSessionCreate;
    operation.session = random_.NextU64() >> 1;
    operation.ttl_ms = static_cast<int64_t>(random_.Below(8) + 1) * 1'000;
    return operation;
  }
  const uint64_t dice = random_.Below(100);
  operation.session = session_;
  if (dice < 45) {
    operation.kind = Kind::kSessionKeep;
  } else if (dice < 48) {
    operation.kind = Kind::kSessionDestroy;
  } else {
    return ChooseInLine();
  }
  return operation;
}

Operation Client::ChooseInLine() {
  Operation operation;
  operation.session = session_;
  if (!former_.empty() && random_.Chance(1, 10)) return ChooseWithFormer();
  if (!held_) {
    operation.kind = Kind::kAcquire;
    operation.space = random_.Chance(2, 3) ? Space::kLock : Space::kElection;
    operation.key = Line();
    operation.value = Unique();
    return operation;
  }
  operation.space = held_->space;
  operation.key = held_->name;
  operation.token = held_->token;
  const uint64_t dice = random_.Below(4);
  if (dice == 0) {
    operation.kind = Kind::kRelease;
  } else if (dice == 1 && held_->space == Space::kElection) {
    operation.kind = Kind::kProclaim;
    operation.value = Unique();
  } else {
    operation.kind = Kind::kVerify;
    operation.session = 0;
  }
  return operation;
}

// What it held once: it must do no harm, also when the line is its own again.
Operation Client::ChooseWithFormer() {
  const Held& former = former_[random_.Below(former_.size())];
  Operation operation;
  operation.session = session_;
  operation.space = former.space;
  operation.key = former.name;
  operation.token = former.token;
  operation.kind = Kind::kRelease;
  if (former.space == Space::kElection && random_.Chance(1, 3)) {
    operation.kind = Kind::kProclaim;
    operation.value = Unique();
  } else if (former.space == Space::kLock && random_.Chance(1, 2)) {
    operation.kind = Kind::kPut;
    operation.space = Space::kKv;
    operation.session = 0;
    operation.key = "guarded-" + former.name;
    operation.value = Unique();
    operation.guard_lock = former.name;
  }
  return operation;
}

}  // namespace baton::sim
