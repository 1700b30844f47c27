#include "pkg/storage/testing/backup_maker.h"

#include <utility>
#include <variant>

#include "pkg/base/check.h"
#include "pkg/coord/command.h"

namespace baton::storage {
namespace {

constexpr SessionId kHolder(11);
constexpr SessionId kWaiter(12);
constexpr Term kTerm(3);
constexpr int64_t kNowMs = 1'000'000;

coord::Acquire AcquireOf(coord::QueueKind kind, std::string name, SessionId session) {
  coord::Acquire acquire;
  acquire.kind = kind;
  acquire.name = std::move(name);
  acquire.session = session;
  acquire.wait_ms = 60'000;
  return acquire;
}

coord::SessionCreate CreateOf(SessionId session) {
  coord::SessionCreate create;
  create.id = session;
  create.ttl_ms = 600'000;
  return create;
}

coord::KvPut PutOf(std::string key, std::string value, SessionId session = SessionId()) {
  coord::KvPut put;
  put.key = std::move(key);
  put.value = std::move(value);
  put.session = session;
  return put;
}

}  // namespace

BackupMaker::BackupMaker() {
  const Identity identity{.cluster_id = kClusterId, .node_id = NodeId(1)};
  CHECK(env_.CreateDir("/old").ok());
  CHECK(LevelStateStore::Create(&env_, "/old", identity).ok());
  auto store = LevelStateStore::Open(&env_, "/old", identity, StateStoreOptions{});
  CHECK(store.ok()) << store.status().ToString();
  store_ = *std::move(store);
  machine_ = std::make_unique<coord::StateMachine>(store_.get());
  Do(CreateOf(kHolder));
  Do(CreateOf(kWaiter));
  for (int i = 0; i < 20; ++i) Do(PutOf("key" + std::to_string(i), std::string(100, 'v')));
  Do(PutOf("here", "I am", kHolder));
  const coord::Reply granted = Do(AcquireOf(coord::QueueKind::kLock, "lock", kHolder));
  lock_token_ = std::get<coord::AcquireReply>(granted.body).token;
  Do(AcquireOf(coord::QueueKind::kLock, "lock", kWaiter));
  Do(AcquireOf(coord::QueueKind::kElection, "election", kWaiter));
}

coord::Reply BackupMaker::Do(coord::CommandBody body) {
  const std::string entry =
      coord::EncodeEntry(kNowMs, coord::EncodeCommand({"", "", std::move(body)}));
  coord::Applied applied = machine_->Apply(machine_->applied() + 1, kTerm, entry);
  CHECK(store_->Commit().ok());
  return std::move(applied.reply);
}

std::string BackupMaker::Make(size_t piece_bytes) {
  node::BackupHeader header;
  header.cluster_id = kClusterId;
  header.node = NodeId(1);
  header.index = machine_->applied();
  header.term = machine_->applied_term();
  header.revision = machine_->revision();
  header.cluster_time_ms = machine_->now_ms();
  header.wall_ms = 1'700'000'000'000;
  header.version = "1.2.3";
  header.members.voters = {NodeId(1), NodeId(2), NodeId(3)};
  node::BackupEncoder encoder;
  std::string backup = encoder.Header(header);
  const auto pieces = store_->OpenSnapshot();
  CHECK(pieces.ok());
  while (true) {
    const Result<std::string> piece = (*pieces)->NextChunk(piece_bytes);
    CHECK(piece.ok()) << piece.status().ToString();
    if (piece->empty()) return backup + encoder.Trailer();
    backup += encoder.Piece(*piece);
  }
}

}  // namespace baton::storage
