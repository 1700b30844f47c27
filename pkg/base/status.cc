#include "pkg/base/status.h"

namespace baton {

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kNotApplied:
      return "not_applied";
    case Outcome::kApplied:
      return "applied";
    case Outcome::kUnknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kOk:
      return "ok";
    case Code::kInvalidArgument:
      return "invalid_argument";
    case Code::kUnprocessable:
      return "unprocessable";
    case Code::kUnauthenticated:
      return "unauthenticated";
    case Code::kPermissionDenied:
      return "permission_denied";
    case Code::kNotFound:
      return "not_found";
    case Code::kConflict:
      return "conflict";
    case Code::kGone:
      return "gone";
    case Code::kPreconditionFailed:
      return "precondition_failed";
    case Code::kTooLarge:
      return "too_large";
    case Code::kPreconditionRequired:
      return "precondition_required";
    case Code::kResourceExhausted:
      return "resource_exhausted";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kDeadlineExceeded:
      return "deadline_exceeded";
    case Code::kStorageFull:
      return "storage_full";
    case Code::kCorruption:
      return "corruption";
    case Code::kIo:
      return "io";
    case Code::kUnimplemented:
      return "unimplemented";
    case Code::kInternal:
      return "internal";
  }
  return "internal";
}

Status::Status(Code code, std::string message)
    : Status(code, std::string(CodeName(code)), std::move(message)) {}

Status::Status(Code code, std::string reason, std::string message)
    : code_(code), reason_(std::move(reason)), message_(std::move(message)) {
  CHECK(code != Code::kOk);
}

Status& Status::SetOutcome(Outcome outcome) & {
  outcome_ = outcome;
  return *this;
}

Status&& Status::SetOutcome(Outcome outcome) && {
  outcome_ = outcome;
  return std::move(*this);
}

std::string Status::ToString() const {
  if (ok()) return "ok";
  std::string text(CodeName(code_));
  if (reason_ != text) text += "/" + reason_;
  text += ": " + message_;
  text += " (";
  text += OutcomeName(outcome_);
  return text + ")";
}

}  // namespace baton
