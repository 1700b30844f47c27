#include "pkg/http/watch_request.h"

#include <charconv>

#include "pkg/http/accept.h"
#include "pkg/http/quote.h"

namespace baton::http {

coord::EventFilter ReadKeyFilter(QueryFields* query) {
  coord::EventFilter filter;
  filter.space = coord::EventSpace::kKv;
  filter.exact = query->Has("key") || query->Has("key_b64");
  if (filter.exact && (query->Has("prefix") || query->Has("prefix_b64"))) {
    query->Fail(Status(Code::kInvalidArgument, "malformed_parameter",
                       "give either query parameter \"key\" or \"prefix\", not both"));
  }
  filter.prefix = query->BytesOr(filter.exact ? "key" : "prefix", "");
  return filter;
}

Revision ReadFrom(const Request& request, QueryFields* query) {
  const uint64_t from = query->NumberOr("from", 0, 0, kRevisionMax);
  const std::string* last_id = request.Header("last-event-id");
  if (last_id == nullptr || last_id->empty()) return Revision(from);
  uint64_t revision = 0;
  const char* const end = last_id->data() + last_id->size();
  const auto parsed = std::from_chars(last_id->data(), end, revision);
  if (parsed.ec == std::errc() && parsed.ptr == end && revision < kRevisionMax) {
    return Revision(revision + 1);
  }
  query->Fail(Status(Code::kInvalidArgument, "malformed_parameter",
                     "the header Last-Event-ID is " + Quoted(*last_id) +
                         "; it must be the id of an event of this stream"));
  return Revision();
}

Result<StreamForm> ReadStreamForm(const Request& request) {
  const std::string_view ndjson = MediaTypeOf(StreamForm::kNdjson);
  const std::string_view sse = MediaTypeOf(StreamForm::kServerSentEvents);
  const std::string_view best = BestMediaType(request, {ndjson, sse});
  if (best == ndjson) return StreamForm::kNdjson;
  if (best == sse) return StreamForm::kServerSentEvents;
  return Status(Code::kInvalidArgument, "not_acceptable",
                "a watch is text/event-stream or application/x-ndjson; the header Accept wants "
                "neither");
}

}  // namespace baton::http
