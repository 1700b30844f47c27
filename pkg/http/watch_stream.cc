#include "pkg/http/watch_stream.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/http/problem.h"

namespace baton::http {
namespace {

size_t BytesOf(const std::vector<coord::Event>& events) {
  size_t bytes = sizeof(WatchStream);
  for (const coord::Event& event : events) {
    bytes += sizeof(event) + event.key.size() + event.value.size();
  }
  return bytes;
}

}  // namespace

void WatchStream::Begin(std::string first) {
  if (stream_ != nullptr) return;
  Response head;
  head.headers.emplace_back("Content-Type", std::string(MediaTypeOf(form_)));
  head.headers.emplace_back("X-Accel-Buffering", "no");  // proxies: pass it on as it comes
  head.body = std::move(first);
  stream_ = call_.exchange->StartStream(std::move(head));
}

void WatchStream::Watch(coord::EventFilter filter, Revision from) {
  node::Service* const service = call_.context->service;
  const uint64_t number = service->Watch(std::move(filter), from, shared_from_this());
  call_.exchange->OnClientGone([service, number] { service->CancelWatch(number); });
}

bool WatchStream::OnEvents(const std::vector<coord::Event>& events, Revision through) {
  if (broken_.load()) return false;
  const size_t bytes = BytesOf(events);
  const size_t before = queued_bytes_.fetch_add(bytes);
  if (before != 0 && before + bytes > kQueuedBytesMax) {
    queued_bytes_.fetch_sub(bytes);
    return false;
  }
  call_.exchange->Post([self = shared_from_this(), events, through, bytes] {
    self->WriteEvents(events, through);
    self->queued_bytes_.fetch_sub(bytes);
  });
  return true;
}

void WatchStream::OnEnd(Status why) {
  call_.exchange->Post([self = shared_from_this(), why = std::move(why)] { self->End(why); });
}

bool WatchStream::Write(std::string message) {
  if (!broken_.load() && !stream_->Write(std::move(message))) broken_.store(true);
  return !broken_.load();
}

void WatchStream::WriteEvents(const std::vector<coord::Event>& events, Revision through) {
  Begin("");
  for (size_t i = 0; i < events.size(); ++i) {
    const Revision revision = events[i].revision;
    const bool last = i + 1 == events.size() || events[i + 1].revision != revision;
    if (!Write(EventMessage(form_, events[i], last))) return;
    if (last) resume_from_ = revision + 1;
  }
  if (events.empty() && !Write(BookmarkMessage(form_, through))) return;
  resume_from_ = through + 1;
}

void WatchStream::End(const Status& why) {
  const uint64_t compact_revision = call_.service().GetStatus()->compact_revision.value();
  if (stream_ == nullptr) {
    nlohmann::json members = nlohmann::json::object();
    if (why.code() == Code::kGone) members["compact_revision"] = compact_revision;
    return call_.Fail(why, members);
  }
  nlohmann::json last = {{"detail", why.message()}, {"code", why.reason()}};
  std::string message;
  if (why.code() == Code::kGone) {
    last["type"] = "compacted";
    last["compact_revision"] = compact_revision;
    message = StreamMessage(form_, last, Revision());
  } else if (why.code() == Code::kResourceExhausted) {
    last["type"] = "evicted";
    last["resume_from"] = resume_from_.value();
    message = StreamMessage(form_, last, Revision());
  } else if (resume_from_) {
    // The node goes, the client need not know why: it goes on elsewhere.
    message = BookmarkMessage(form_, resume_from_ - 1);
  }
  stream_->CloseWith(std::move(message));
}

}  // namespace baton::http
