// File: event_text.h
//
// Events as clients see them, in the two forms of a stream:
//
//   application/x-ndjson                            text/event-stream
//   {"type":"put","key":"a","value":"1",            id: 7
//    "revision":7,"resume_from":8,...}\n             event: put
//                                                   data: {"type":"put",...}
//
//   {"type":"bookmark","revision":9,                id: 9
//    "resume_from":10}\n                            event: bookmark
//                                                   data: {"type":"bookmark",...}
//
// One revision may carry several events. Only the last of them has "resume_from", and only that one
// has an `id:`, so that a client that is cut off inside a revision gets the whole of it again.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "pkg/base/ids.h"
#include "pkg/coord/event.h"

namespace baton::http {

enum class StreamForm { kServerSentEvents, kNdjson };

std::string_view MediaTypeOf(StreamForm form);

// "put", "delete", "acquired", "released", "elected", "proclaimed", "gone".
std::string_view EventTypeName(coord::EventKind kind);

// {"type", "revision", "key" or "name", ...}: what belongs to the kind. What is not UTF-8 is in
// "key_b64", "name_b64" and "value_b64".
nlohmann::json EventJson(const coord::Event& event);

// One message of the stream; `type` is body["type"]. id: 0 for none.
std::string StreamMessage(StreamForm form, const nlohmann::json& body, Revision id);
// `last`: of its revision.
std::string EventMessage(StreamForm form, const coord::Event& event, bool last);
// Everything up to and including `revision` has been given.
std::string BookmarkMessage(StreamForm form, Revision revision);

}  // namespace baton::http
