#include "cmd/batond/joining_process.h"

#include <pthread.h>

#include <chrono>
#include <utility>

namespace baton::batond {
namespace {

// The first rounds follow each other faster: all pods of a new cluster start at about the same
// time.
constexpr int kQuickRounds = 50;
constexpr auto kQuickPause = std::chrono::milliseconds(200);
constexpr auto kPause = std::chrono::milliseconds(1'000);
constexpr int64_t kCloseTimeoutMs = 200;

}  // namespace

JoiningProcess::JoiningProcess(const Config& config, Clock* clock, Logger* logger,
                               std::function<void(const Status&)> fatal)
    : config_(config), clock_(clock), logger_(logger), fatal_(std::move(fatal)) {}

JoiningProcess::~JoiningProcess() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status JoiningProcess::Open() {
  Result<std::unique_ptr<storage::Birthplace>> place = storage::Birthplace::Open(config_.data_dir);
  if (!place.ok()) return place.status();
  const std::optional<storage::Identity> identity = (*place)->identity();
  if (!identity) return OpenWaiting(*std::move(place));
  const Config member = ConfigOfMember(config_, *identity, (*place)->birth());
  place->reset();
  return OpenMember(member);
}

Status JoiningProcess::OpenWaiting(std::unique_ptr<storage::Birthplace> place) {
  Result<std::unique_ptr<WaitingNode>> waiting =
      WaitingNode::Open(config_, std::move(place), clock_, logger_);
  if (!waiting.ok()) return waiting.status();
  waiting_ = *std::move(waiting);
  return Status::Ok();
}

Status JoiningProcess::OpenMember(const Config& config) {
  auto member = std::make_unique<WiredNode>(config, clock_, logger_);
  BATON_RETURN_IF_ERROR(member->Open());
  BATON_RETURN_IF_ERROR(storage::Birthplace::MarkBegun(config_.data_dir));
  member_ = std::move(member);
  return Status::Ok();
}

void JoiningProcess::Start() {
  if (waiting_ != nullptr) waiting_->Start();
  if (member_ != nullptr) member_->Start();
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "membership");
}

void JoiningProcess::Run() {
  for (int round = 0;; ++round) {
    if (member_ != nullptr ? Watch() : Ask()) continue;
    const bool quick = member_ == nullptr && round < kQuickRounds;
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, quick ? kQuickPause : kPause, [this] { return stopping_; })) return;
  }
}

bool JoiningProcess::Watch() {
  if (member_->standing() != node::Standing::kRemoved) return false;
  logger_->Log(LogLevel::kWarning, "removed from the cluster: nothing is served any more");
  (void)member_->Stop(kCloseTimeoutMs).ok();  // there is nothing to hand over
  member_.reset();
  Result<std::unique_ptr<storage::Birthplace>> place = storage::Birthplace::Open(config_.data_dir);
  const Status opened = place.ok() ? OpenWaiting(*std::move(place)) : place.status();
  opened.ok() ? waiting_->Start() : fatal_(opened);
  return false;
}

bool JoiningProcess::Ask() {
  const Result<std::optional<Config>> member = waiting_->Round();
  if (!member.ok()) fatal_(member.status());
  if (!member.ok() || !member->has_value()) return false;
  waiting_->Stop(kCloseTimeoutMs);
  waiting_.reset();
  const Status opened = OpenMember(**member);
  opened.ok() ? member_->Start() : fatal_(opened);
  return true;
}

Status JoiningProcess::Stop(int64_t timeout_ms) {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (member_ != nullptr) return member_->Stop(timeout_ms);
  if (waiting_ != nullptr) waiting_->Stop(timeout_ms);
  return Status::Ok();
}

}  // namespace baton::batond
