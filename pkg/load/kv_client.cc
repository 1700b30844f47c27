#include "pkg/load/kv_client.h"

#include <algorithm>

namespace baton::load {
namespace {

uint64_t ReadShare(const Settings& settings) {
  if (settings.bench == Bench::kMixed) return settings.read_percent;
  return settings.bench == Bench::kGet ? 1 : 0;
}

uint64_t ShareTotal(const Settings& settings) {
  if (settings.bench != Bench::kMixed) return 1;
  return std::max<uint64_t>(settings.read_percent + settings.write_percent, 1);
}

}  // namespace

KvClient::KvClient(const Api* api, KeyUse* keys, const Settings& settings, uint64_t client)
    : api_(api),
      keys_(keys),
      fills_(ReadShare(settings) > 0),
      deletes_(!settings.keep),
      read_share_(ReadShare(settings)),
      share_total_(ShareTotal(settings)),
      random_(settings.seed * 1'000'003 + client),
      variant_(client) {}

std::optional<Ask> KvClient::Next(Phase phase, Outgoing to) {
  if (phase == Phase::kUndo) {
    const std::optional<uint64_t> number = deletes_ ? keys_->NextToDelete() : std::nullopt;
    if (!number) return std::nullopt;
    number_ = *number;
    api_->Delete(number_, to);
    return Ask::kDelete;
  }
  if (phase == Phase::kSetup) {
    const std::optional<uint64_t> number = again_ ? again_ : keys_->NextToFill();
    if (!fills_ || !number) return std::nullopt;
    again_.reset();
    number_ = *number;
  } else {
    number_ = keys_->Choose();
    if (read_share_ == share_total_ || random_.Below(share_total_) < read_share_) {
      api_->Get(number_, to);
      return Ask::kGet;
    }
  }
  // Also when the answer is lost: it may have been written.
  keys_->Written(number_);
  api_->Put(number_, ++variant_, to);
  return Ask::kPut;
}

void KvClient::OnEnd(Phase phase, const CallEnd& end, Recorder* recorder) {
  if (phase == Phase::kSetup) {
    if (!end.ok()) again_ = number_;
    return;
  }
  if (phase == Phase::kUndo) {
    if (!end.ok() && !api_->IsGone(end.answer)) keys_->DeleteFailed(number_);
    return;
  }
  if (!end.ok()) {
    recorder->Error(end.error);
    return;
  }
  recorder->Record(end.ask == Ask::kGet ? Measure::kGet : Measure::kPut,
                   end.ended_ns - end.intended_ns);
  recorder->Operation(end.in_time);
}

}  // namespace baton::load
