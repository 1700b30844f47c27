// File: status.h
//
// How Baton reports operating errors. There are three kinds of error and three means (DESIGN:
// "Errors"):
//   * an operation that cannot be done now or as asked:  Status / Result<T>  (this file)
//   * a broken invariant, i.e. a bug:                    CHECK               (check.h)
//   * a disk that lies:                                  the process stops, Kubernetes restarts it
//
// A Code names the caller's next action, so there are few of them. `reason` is a stable snake_case
// word for programs ("lock_held"); `message` is one sentence for people that names the field and
// the limit. `outcome` says whether the change that was asked for happened; it is only ever
// kUnknown once a command has left this process or has been given to Raft.
//
//   Result<Config> config = ParseConfig(text);
//   if (!config.ok()) return config.status();
//   Use(*config);
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "pkg/base/check.h"

namespace baton {

// The numbers are in stored replies: only ever append.
enum class Code {
  kOk,
  kInvalidArgument,       // the request is malformed: change it
  kUnprocessable,         // well-formed but wrong (unknown field value, key reuse): change it
  kUnauthenticated,       // say who you are
  kPermissionDenied,      // ask for the right
  kNotFound,              // the named thing does not exist
  kConflict,              // somebody else has it; wait or give up
  kGone,                  // existed once (compacted revision); start over from a newer point
  kPreconditionFailed,    // compare failed: read again, decide again
  kTooLarge,              // make it smaller
  kPreconditionRequired,  // supply a token or a revision
  kResourceExhausted,     // this caller is over its limit: slow down
  kUnavailable,           // no leader, overloaded, shutting down: retry, perhaps elsewhere
  kDeadlineExceeded,      // time ran out; look at outcome before retrying
  kStorageFull,           // free space first; deletes still work
  kCorruption,            // stored bytes are not what was written: repair or restore
  kIo,                    // the operating system refused; the sentence says what
  kUnimplemented,         // this build cannot do it
  kInternal,              // a bug of ours that was caught
};

// Whether a requested change happened. "not_applied" is the default of a refused request. The
// numbers are in stored replies: only ever append.
enum class Outcome { kNotApplied, kApplied, kUnknown };

// "not_applied" | "applied" | "unknown": the words of the HTTP API.
std::string_view OutcomeName(Outcome outcome);

// "invalid_argument", ...: also the default `reason` of a Status.
std::string_view CodeName(Code code);

// A pointer, and OK is the null one: success costs nothing. An error is immutable and
// shared by its copies. There is no move, so that what an error was moved from is never OK.
class [[nodiscard]] Status {
 public:
  Status() = default;  // OK
  Status(const Status&) = default;
  Status& operator=(const Status&) = default;
  Status(Code code, std::string message);
  Status(Code code, std::string reason, std::string message);

  static Status Ok() { return Status(); }

  bool ok() const { return error_ == nullptr; }
  Code code() const { return error_ ? error_->code : Code::kOk; }
  // Empty if OK.
  const std::string& reason() const;
  const std::string& message() const;
  Outcome outcome() const { return error_ ? error_->outcome : Outcome::kNotApplied; }

  // Of an error.
  Status& SetOutcome(Outcome outcome) &;
  Status&& SetOutcome(Outcome outcome) &&;

  // "conflict/lock_held: Lock "a" is held (not_applied)": for logs and tests.
  std::string ToString() const;

  friend bool operator==(const Status& a, const Status& b) {
    return a.ok() || b.ok() ? a.ok() == b.ok() : *a.error_ == *b.error_;
  }

 private:
  struct Error {
    Code code;
    Outcome outcome;
    std::string reason;
    std::string message;
    friend bool operator==(const Error&, const Error&) = default;
  };

  std::shared_ptr<const Error> error_;
};

// Either a T or the Status (never OK) that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT: implicit by design
  Result(Status status) : status_(std::move(status)) { CHECK(!status_.ok()); }  // NOLINT

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }

  T& value() & { return Checked(); }
  const T& value() const& { return const_cast<Result*>(this)->Checked(); }
  T&& value() && { return std::move(Checked()); }
  T& operator*() & { return Checked(); }
  const T& operator*() const& { return const_cast<Result*>(this)->Checked(); }
  T&& operator*() && { return std::move(Checked()); }
  T* operator->() { return &Checked(); }
  const T* operator->() const { return &const_cast<Result*>(this)->Checked(); }

 private:
  T& Checked() {
    CHECK(value_.has_value()) << status_.ToString();
    return *value_;
  }

  Status status_;
  std::optional<T> value_;
};

}  // namespace baton

// Returns the Status from the enclosing function unless it is OK.
#define BATON_RETURN_IF_ERROR(expression)                                                        \
  do {                                                                                           \
    if (::baton::Status baton_status_ = (expression); !baton_status_.ok()) return baton_status_; \
  } while (false)
