#include "test/history/operation.h"

#include <utility>

namespace baton::history {

void History::Add(Record record) {
  if (auto* operation = std::get_if<Operation>(&record)) {
    operations.push_back(std::move(*operation));
  } else if (auto* watch = std::get_if<Watch>(&record)) {
    watches.push_back(std::move(*watch));
  } else {
    session_ends.push_back(std::get<SessionEnd>(record));
  }
}

const char* KindName(Kind kind) {
  switch (kind) {
    case Kind::kPut:
      return "put";
    case Kind::kDelete:
      return "delete";
    case Kind::kGet:
      return "get";
    case Kind::kGetStale:
      return "get_stale";
    case Kind::kSessionCreate:
      return "session_create";
    case Kind::kSessionKeep:
      return "session_keep";
    case Kind::kSessionDestroy:
      return "session_destroy";
    case Kind::kAcquire:
      return "acquire";
    case Kind::kRelease:
      return "release";
    case Kind::kProclaim:
      return "proclaim";
    case Kind::kVerify:
      return "verify";
    case Kind::kHolder:
      return "holder";
    case Kind::kCompact:
      return "compact";
  }
  return "?";
}

const char* SpaceName(Space space) {
  switch (space) {
    case Space::kKv:
      return "kv";
    case Space::kLock:
      return "lock";
    case Space::kElection:
      return "election";
  }
  return "?";
}

const char* OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return "ok";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kNotApplied:
      return "not_applied";
    case Outcome::kUnknown:
      return "unknown";
  }
  return "?";
}

}  // namespace baton::history
