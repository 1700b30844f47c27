#include "test/chaos/watcher.h"

#include <poll.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/base/check.h"
#include "test/chaos/operation_http.h"

namespace baton::chaos {
namespace {

using history::Space;
using nlohmann::json;

constexpr int64_t kConnectTimeoutMs = 500;
// A node says something every 10 s at least: a bookmark.
constexpr int64_t kSilenceMs = 12'000;
constexpr int kPauseMs = 50;

history::WatchedEvent EventOf(const json& line) {
  history::WatchedEvent event;
  event.revision = line.value("revision", uint64_t{0});
  event.kind = line.value("type", "");
  event.key = line.contains("key") ? line.value("key", "") : line.value("name", "");
  event.value = line.value("value", "");
  event.session = SessionNumber(line.value("session", ""));
  event.token = line.value("token", uint64_t{0});
  return event;
}

}  // namespace

void StreamReader::Take(std::string_view bytes, int64_t now_us) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    TakeLine(std::exchange(line_, {}), now_us);
    bytes.remove_prefix(end + 1);
  }
}

void StreamReader::TakeLine(const std::string& text, int64_t now_us) {
  const json line = json::parse(text, nullptr, false);
  if (!line.is_object()) return;
  const std::string type = line.value("type", "");
  if (type == "compacted" || type == "evicted") {
    watch_->end_error = type;
    compacted_to_ = line.value("compact_revision", uint64_t{0});
    return;
  }
  if (type == "leader") {  // how things are, and no event
    next_ = line.value("resume_from", next_);
    return;
  }
  if (type != "bookmark") delivery_.events.push_back(EventOf(line));
  if (!line.contains("resume_from")) return;
  next_ = line.value("resume_from", uint64_t{0});
  delivery_.at_us = now_us;
  delivery_.through = next_ - 1;
  watch_->deliveries.push_back(std::exchange(delivery_, {}));
}

void Watcher::Run() {
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return;
    }
    Watch(static_cast<int>(random_.Below(options_.urls.size())));
    poll(nullptr, 0, kPauseMs);
  }
}

void Watcher::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  if (connection_ != nullptr) connection_->Abort();
}

std::string Watcher::Name() const {
  return std::string("the watcher of ") + history::SpaceName(options_.space) + " \"" +
         options_.prefix + "\"";
}

std::string Watcher::Target(uint64_t from) const {
  const std::string name = http::PercentEncode(options_.prefix);
  const std::string path = options_.space == Space::kKv ? "/v1/watch?prefix=" + name + "&"
                                                        : "/v1/elections/" + name + "/observe?";
  return path + "from=" + std::to_string(from);
}

void Watcher::Watch(int node) {
  http::Client* connection = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    auto created = http::Client::Create(
        options_.urls.at(static_cast<size_t>(node)),
        {.connect_timeout_ms = kConnectTimeoutMs, .request_timeout_ms = kSilenceMs});
    CHECK(created.ok()) << created.status().ToString();
    connection_ = *std::move(created);
    connection = connection_.get();
  }
  history::Watch watch;
  watch.client = options_.number;
  watch.node = static_cast<uint64_t>(node) + 1;
  watch.space = options_.space;
  watch.prefix = options_.prefix;
  watch.exact = options_.space != Space::kKv;
  watch.from = next_;
  watch.call_us = NowUs();
  StreamReader reader(&watch);
  const auto answer = connection->Stream({.target = Target(next_), .headers = {}, .body = {}},
                                         [&](std::string_view bytes) {
                                           reader.Take(bytes, NowUs());
                                           const uint64_t next = std::max(next_, reader.next());
                                           through_ = next - 1;
                                           return true;
                                         });
  watch.end_us = NowUs();
  const bool was_refused = answer.ok() && answer->status != 200;
  if (!answer.ok()) {
    watch.end_error = answer.status().reason();
  } else if (was_refused) {
    const json problem = json::parse(answer->body, nullptr, false);
    watch.end_error = problem.is_object() ? problem.value("code", "") : "";
    if (watch.end_error == "compacted") next_ = problem.value("compact_revision", next_) + 1;
  }
  if (reader.next() != 0) next_ = std::max(next_, reader.next());
  if (reader.compacted_to() != 0) next_ = reader.compacted_to() + 1;
  through_ = next_ - 1;
  if (watch.end_error == "aborted") watch.end_error.clear();  // by Stop
  recorder_->Add(std::move(watch));
}

}  // namespace baton::chaos
