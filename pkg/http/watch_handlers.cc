// GET /v1/watch and GET /v1/elections/{name}/observe.

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/base/random.h"
#include "pkg/http/delayed_calls.h"
#include "pkg/http/long_poll.h"
#include "pkg/http/queue_json.h"
#include "pkg/http/route_table.h"
#include "pkg/http/watch_request.h"
#include "pkg/http/watch_stream.h"

namespace baton::http {
namespace {

// What the watch handlers of a listener share; used on the loop's thread.
struct Watching {
  std::shared_ptr<DelayedCalls> timers;
  Random random;
};

// A HEAD has nothing to wait for.
bool AnswerHead(const Call& call, std::string_view media_type) {
  if (call.request().method != "HEAD") return false;
  Response response;
  response.headers.emplace_back("Content-Type", std::string(media_type));
  call.Answer(std::move(response));
  return true;
}

// Many clients that began to wait together should not all come back together.
int64_t WithJitter(int64_t wait_ms, Random* random) {
  const auto spread = static_cast<uint64_t>(wait_ms / 16);
  return wait_ms + static_cast<int64_t>(random->Below(spread + 1));
}

void Poll(const Call& call, QueryFields* query, coord::EventFilter filter, Watching* watching) {
  if (query->Has("from")) {
    query->Fail(Status(Code::kInvalidArgument, "malformed_parameter",
                       "query parameters \"index\" and \"wait\" ask for a long poll, \"from\" for "
                       "a stream; give one of them"));
  }
  const bool from_now = !query->Has("index");
  Revision index(query->NumberOr("index", 0, 0, kRevisionMax));
  const int64_t wait_ms = query->DurationMsOr("wait", kPollDefaultMs, kPollBounds);
  if (!query->ok()) return call.Fail(query->status());
  if (AnswerHead(call, "application/json")) return;
  // "Now" is when the node begins to watch, which is not before this.
  if (from_now) index = call.service().GetStatus()->revision;
  const auto poll = std::make_shared<LongPoll>(call, index, watching->timers);
  poll->Start(std::move(filter), from_now ? Revision() : index + 1,
              WithJitter(wait_ms, &watching->random));
}

void Stream(const Call& call, QueryFields* query, coord::EventFilter filter) {
  const Revision from = ReadFrom(call.request(), query);
  const Result<StreamForm> form = ReadStreamForm(call.request());
  if (!query->ok()) return call.Fail(query->status());
  if (!form.ok()) return call.Fail(form.status());
  if (AnswerHead(call, MediaTypeOf(*form))) return;
  const auto stream = std::make_shared<WatchStream>(call, *form, from);
  // A revision that is still to come cannot be refused, and there may be no news for long.
  if (from > call.service().GetStatus()->revision) stream->Begin("");
  stream->Watch(std::move(filter), from);
}

void WatchKeys(const Call& call, Watching* watching) {
  QueryFields query(call.request(),
                    {"prefix", "prefix_b64", "key", "key_b64", "from", "index", "wait"});
  coord::EventFilter filter = ReadKeyFilter(&query);
  if (query.Has("index") || query.Has("wait")) {
    Poll(call, &query, std::move(filter), watching);
  } else {
    Stream(call, &query, std::move(filter));
  }
}

// The leader of the moment first, then each change.
void ObserveFromNow(const Call& call, StreamForm form, coord::EventFilter filter,
                    const ReadOptions& options) {
  const auto on_read = [call, form, filter](Result<node::ReadView> read) {
    if (!read.ok()) {
      call.exchange->Post([call, status = read.status()] { call.Fail(status); });
      return;
    }
    const QueueView view =
        CopyQueue(read->state, coord::QueueKind::kElection, filter.prefix, QueuePart::kHolder);
    call.exchange->Post([call, form, filter, view] {
      nlohmann::json first = {{"type", "leader"},
                              {"revision", view.revision.value()},
                              {"resume_from", view.revision.value() + 1}};
      first["leader"] = HolderJson(view.holder, ClusterTimeMs(*call.context, view.now_ms));
      const Revision from = view.revision + 1;
      const auto stream = std::make_shared<WatchStream>(call, form, from);
      stream->Begin(StreamMessage(form, first, view.revision));
      stream->Watch(filter, from);
    });
  };
  call.service().Read(options.consistency, options.min_revision, options.timeout_ms, on_read);
}

void Observe(const Call& call) {
  QueryFields query(call.request(), {"from"});
  const Revision from = ReadFrom(call.request(), &query);
  ReadOptions options;
  options.timeout_ms = query.TimeoutMs();
  coord::EventFilter filter;
  filter.space = coord::EventSpace::kElection;
  filter.prefix = call.Capture("name");
  filter.exact = true;
  if (from || !query.ok()) return Stream(call, &query, std::move(filter));
  const Result<StreamForm> form = ReadStreamForm(call.request());
  if (!form.ok()) return call.Fail(form.status());
  if (AnswerHead(call, MediaTypeOf(*form))) return;
  ObserveFromNow(call, *form, std::move(filter), options);
}

}  // namespace

void AddWatchRoutes(RouteTable* table) {
  const auto watching = std::make_shared<Watching>(
      Watching{DelayedCalls::Start(), Random(table->context().seed + 1)});
  table->AddShared("GET", "/v1/watch",
                   [watching](const Call& call) { WatchKeys(call, watching.get()); });
  table->AddShared("GET", "/v1/elections/{name}/observe", Observe);
}

}  // namespace baton::http
