#include "pkg/load/watch_load.h"

#include <algorithm>

#include "pkg/load/group.h"
#include "pkg/load/line_sink.h"
#include "pkg/load/monotonic.h"

namespace baton::load {
namespace {

constexpr int64_t kMendNs = 50'000'000;

}  // namespace

class WatchLoad::Watcher final : public LineSink {
 public:
  Watcher(WatchLoad* load, size_t endpoint)
      : load_(load), seat_{this}, connection_(&load->poller_, &seat_), endpoint_(endpoint) {}

  bool begun() const { return begun_; }
  void Expect(uint64_t write) { expected_ = write; }

  // Connects anew when it has to.
  void Mend(int64_t now_ns) {
    const Connection::State state = connection_.state();
    if (state == Connection::State::kConnecting && since_ns_ + load_->timeout_ns_ < now_ns) {
      connection_.Abandon("timed_out");
    }
    if (connection_.state() != Connection::State::kClosed) return;
    since_ns_ = now_ns;
    load_->Connect(&connection_, &endpoint_);
  }

  void OnReady(uint32_t events) {
    switch (connection_.OnReady(events, load_->scratch_)) {
      case Connection::Event::kConnected:
        Clear();
        load_->api_->Watch(0, {connection_.host(), connection_.Begin(this)});
        connection_.Send();
        break;
      case Connection::Event::kHead:
        // Lines may have come with it.
        if (connection_.answer().status() == 200 && !load_->api_->WatchBeginsWithLine()) {
          begun_ = true;
        }
        break;
      case Connection::Event::kAnswer: {  // refused, or ended
        const std::string error =
            load_->api_->ErrorOf(Ask::kWatch, {connection_.answer().status(), rest()});
        Lose(error.empty() ? "watch_ended" : error);
        break;
      }
      case Connection::Event::kBroken:
        if (connection_.reason() == "cannot_connect") ++endpoint_;
        Lose(connection_.reason());
        break;
      case Connection::Event::kNothing:
        if (!lost_.empty()) Lose(std::string(lost_));
        break;
    }
  }

 private:
  void OnLine(std::string_view line) override {
    uint64_t write = 0;
    switch (load_->api_->ReadWatchLine(line, &write, &lost_)) {
      case Api::WatchLine::kBegun:
        begun_ = true;
        break;
      case Api::WatchLine::kEvent:
        if (write != expected_) break;
        expected_ = 0;
        load_->OnDelivered(write);
        break;
      case Api::WatchLine::kOther:
      case Api::WatchLine::kEnded:
        break;
    }
  }

  void Lose(std::string_view reason) {
    const bool expected = expected_ != 0;
    expected_ = 0;
    begun_ = false;
    load_->OnWatchLost(expected, reason);
    lost_.clear();
    connection_.Close();
  }

  WatchLoad* const load_;
  Seat seat_;
  Connection connection_;
  size_t endpoint_;
  int64_t since_ns_ = 0;  // connecting
  bool begun_ = false;
  std::string lost_;       // why the server ended it
  uint64_t expected_ = 0;  // the write that it is to get; 0: none
};

WatchLoad::WatchLoad(const Settings& settings, const Api* api,
                     const std::vector<Endpoint>* endpoints)
    : settings_(settings),
      api_(api),
      endpoints_(endpoints),
      timeout_ns_(static_cast<int64_t>(settings.timeout_ms) * 1'000'000),
      writer_(&poller_, &writer_seat_) {
  for (size_t i = 0; i < settings.watchers; ++i) {
    watchers_.push_back(std::make_unique<Watcher>(this, i));
  }
}

WatchLoad::~WatchLoad() = default;

void WatchLoad::Connect(Connection* connection, size_t* endpoint) {
  *endpoint %= endpoints_->size();
  connection->Connect(&(*endpoints_)[*endpoint]);
}

void WatchLoad::Mend(int64_t now_ns) {
  for (const auto& watcher : watchers_) watcher->Mend(now_ns);
  const Connection::State state = writer_.state();
  const bool waits = state == Connection::State::kConnecting || state == Connection::State::kBusy;
  if (waits && writer_since_ns_ + timeout_ns_ < now_ns) {
    writer_.Abandon("timed_out");
    if (state == Connection::State::kBusy && running_) FailRound("timed_out");
  }
  if (writer_.state() != Connection::State::kClosed) return;
  writer_since_ns_ = now_ns;
  Connect(&writer_, &writer_endpoint_);
}

size_t WatchLoad::Begun() const {
  return static_cast<size_t>(std::count_if(watchers_.begin(), watchers_.end(),
                                           [](const auto& watcher) { return watcher->begun(); }));
}

void WatchLoad::Wait(int64_t until_ns) {
  for (const epoll_event& event : poller_.Wait(until_ns - NowNs())) {
    Watcher* const watcher = static_cast<Seat*>(event.data.ptr)->watcher;
    if (watcher != nullptr) {
      watcher->OnReady(event.events);
    } else {
      OnWriter(event.events);
    }
  }
}

void WatchLoad::Setup() {
  int64_t progress_ns = NowNs();
  size_t begun_before = 0;
  while (!stopped()) {
    const int64_t now_ns = NowNs();
    const size_t begun = Begun();
    ready_ = begun == watchers_.size() && writer_.state() == Connection::State::kOpen;
    if (ready_) return;
    if (begun > begun_before) progress_ns = now_ns;
    begun_before = begun;
    if (now_ns > progress_ns + timeout_ns_) return;
    Mend(now_ns);
    const int64_t mend_again_ns = NowNs() + kMendNs;
    while (NowNs() < mend_again_ns && Begun() < watchers_.size()) Wait(mend_again_ns);
    if (writer_.state() == Connection::State::kConnecting) Wait(mend_again_ns);
  }
}

std::string WatchLoad::SetupProblem() const {
  if (ready_) return "";
  return "only " + std::to_string(Begun()) + " of " + std::to_string(watchers_.size()) +
         " watches could be begun: " + (last_error_.empty() ? "timed_out" : last_error_);
}

void WatchLoad::Run(int64_t start_ns) {
  WakeOnTime();
  const double cpu_before = ThreadCpuSeconds();
  ScheduleOptions options;
  options.rate_per_s = settings_.rate_per_s;
  options.start_ns = start_ns;
  options.end_ns = start_ns + static_cast<int64_t>(settings_.duration_ms) * 1'000'000;
  options.operations_max = settings_.total;
  schedule_ = Schedule(options);
  finished_ns_ = start_ns;
  running_ = true;
  int64_t mend_ns = start_ns;
  int64_t publish_ns = start_ns + kPublishNs;
  while (true) {
    const int64_t now_ns = NowNs();
    if (stopped()) schedule_.EndAt(now_ns);
    if (!under_way_ && schedule_.Ended(now_ns)) break;
    if (now_ns >= mend_ns) {
      mend_ns = now_ns + kMendNs;
      Mend(now_ns);
      if (under_way_ && acked_ns_ > 0 && acked_ns_ + timeout_ns_ < now_ns) {
        FailRound("not_delivered");
      }
    }
    if (now_ns >= publish_ns) {
      publish_ns = now_ns + kPublishNs;
      Publish();
    }
    int64_t until_ns = mend_ns;
    const bool free = !under_way_ && writer_.state() == Connection::State::kOpen;
    if (free && now_ns >= rest_until_ns_) {
      if (const std::optional<int64_t> intended_ns = schedule_.Take(now_ns)) {
        StartWrite(*intended_ns, now_ns);
      } else {
        until_ns = std::min(until_ns, schedule_.NextNs());
      }
    } else if (free) {
      until_ns = std::min(until_ns, rest_until_ns_);
    }
    Wait(until_ns);
  }
  running_ = false;
  cpu_seconds_ = ThreadCpuSeconds() - cpu_before;
  Publish();
}

void WatchLoad::StartWrite(int64_t intended_ns, int64_t now_ns) {
  ++write_;
  under_way_ = true;
  intended_ns_ = intended_ns;
  acked_ns_ = 0;
  last_delivery_ns_ = 0;
  missing_ = 0;
  for (const auto& watcher : watchers_) {
    if (!watcher->begun()) continue;
    watcher->Expect(write_);
    ++missing_;
  }
  written_ = true;
  api_->PutNumbered(0, write_, {writer_.host(), writer_.Begin()});
  writer_since_ns_ = now_ns;
  writer_.Send();
}

void WatchLoad::OnWriter(uint32_t events) {
  const Connection::Event event = writer_.OnReady(events, scratch_);
  if (event == Connection::Event::kBroken) {
    last_error_ = writer_.reason();
    if (writer_.reason() == "cannot_connect") ++writer_endpoint_;
    if (under_way_ && acked_ns_ == 0) FailRound(writer_.reason());
  }
  if (event == Connection::Event::kAnswer && under_way_ && acked_ns_ == 0) OnWritten(NowNs());
}

void WatchLoad::OnWritten(int64_t now_ns) {
  const std::string error =
      api_->ErrorOf(Ask::kPut, {writer_.answer().status(), writer_.answer().body()});
  if (!error.empty()) return FailRound(error);
  acked_ns_ = now_ns;
  news_.Record(Measure::kPut, now_ns - intended_ns_);
  if (missing_ == 0) FinishRound();
}

void WatchLoad::OnDelivered(uint64_t write) {
  if (!under_way_ || write != write_) return;
  last_delivery_ns_ = NowNs();
  --missing_;
  if (missing_ == 0 && acked_ns_ > 0) FinishRound();
}

// A watcher that is gone is not waited for.
void WatchLoad::OnWatchLost(bool expected, std::string_view reason) {
  last_error_ = reason;
  if (running_) news_.Error(reason);
  if (!expected || !under_way_) return;
  --missing_;
  if (missing_ == 0 && acked_ns_ > 0) FinishRound();
}

void WatchLoad::FinishRound() {
  under_way_ = false;
  finished_ns_ = std::max(last_delivery_ns_, acked_ns_);
  if (last_delivery_ns_ == 0) return news_.Error("no_watcher");
  news_.Record(Measure::kDelivery, last_delivery_ns_ - intended_ns_);
  // It may come before the acknowledgement.
  news_.Record(Measure::kDeliveryAcked, last_delivery_ns_ - acked_ns_);
  news_.Operation(finished_ns_ <= schedule_.end_ns());
}

void WatchLoad::FailRound(std::string_view reason) {
  under_way_ = false;
  for (const auto& watcher : watchers_) watcher->Expect(0);
  last_error_ = reason;
  finished_ns_ = NowNs();
  rest_until_ns_ = finished_ns_ + Group::kRestNs;
  news_.Error(reason);
}

void WatchLoad::Undo() {
  watchers_.clear();
  if (writer_.state() == Connection::State::kBusy) writer_.Abandon("timed_out");
  const int64_t end_ns = NowNs() + timeout_ns_;
  while (LeftBehind() > 0 && !undo_abandoned() && NowNs() < end_ns) Delete();
}

// One try.
void WatchLoad::Delete() {
  Mend(NowNs());
  if (writer_.state() == Connection::State::kOpen) {
    api_->Delete(0, {writer_.host(), writer_.Begin()});
    writer_since_ns_ = NowNs();
    writer_.Send();
  }
  const int64_t until_ns = NowNs() + kMendNs;
  while (NowNs() < until_ns) {
    for (const epoll_event& event : poller_.Wait(until_ns - NowNs())) {
      const Connection::Event what = writer_.OnReady(event.events, scratch_);
      const AnswerView answer{writer_.answer().status(), writer_.answer().body()};
      if (what == Connection::Event::kConnected) return;
      if (what != Connection::Event::kAnswer) continue;
      written_ = !api_->ErrorOf(Ask::kDelete, answer).empty() && !api_->IsGone(answer);
      if (!written_) return;
    }
  }
}

}  // namespace baton::load
