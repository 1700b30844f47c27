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
    : error_(std::make_shared<const Error>(
          Error{code, Outcome::kNotApplied, std::move(reason), std::move(message)})) {
  CHECK(code != Code::kOk);
}

const std::string& Status::reason() const {
  static const std::string* const none = new std::string();
  return error_ ? error_->reason : *none;
}

const std::string& Status::message() const {
  static const std::string* const none = new std::string();
  return error_ ? error_->message : *none;
}

Status& Status::SetOutcome(Outcome outcome) & {
  CHECK(!ok()) << "only an error says what became of what was asked";
  Error changed = *error_;
  changed.outcome = outcome;
  error_ = std::make_shared<const Error>(std::move(changed));
  return *this;
}

Status&& Status::SetOutcome(Outcome outcome) && { return std::move(SetOutcome(outcome)); }

std::string Status::ToString() const {
  if (ok()) return "ok";
  std::string text(CodeName(code()));
  if (reason() != text) text += "/" + reason();
  text += ": " + message();
  text += " (";
  text += OutcomeName(outcome());
  return text + ")";
}

}  // namespace baton
