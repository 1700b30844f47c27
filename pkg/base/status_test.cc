#include "pkg/base/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>

namespace baton {
namespace {

TEST(StatusTest, DefaultIsOk) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), Code::kOk);
  EXPECT_EQ(status.ToString(), "ok");
  EXPECT_EQ(status.reason(), "");
  EXPECT_EQ(status.message(), "");
  EXPECT_EQ(status.outcome(), Outcome::kNotApplied);
  EXPECT_EQ(status, Status::Ok());
}

TEST(StatusTest, HasCodeReasonMessageAndOutcome) {
  const Status status(Code::kConflict, "lock_held", "Lock \"a\" is held");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::kConflict);
  EXPECT_EQ(status.reason(), "lock_held");
  EXPECT_EQ(status.message(), "Lock \"a\" is held");
  EXPECT_EQ(status.outcome(), Outcome::kNotApplied) << "the default of a refused request";
  EXPECT_EQ(status.ToString(), "conflict/lock_held: Lock \"a\" is held (not_applied)");
}

TEST(StatusTest, TheReasonDefaultsToTheCodesName) {
  const Status status(Code::kNotFound, "no such key");
  EXPECT_EQ(status.reason(), "not_found");
  EXPECT_EQ(status.ToString(), "not_found: no such key (not_applied)");
}

TEST(StatusTest, OutcomeIsSetInPlaceOrOnTheWay) {
  Status status(Code::kUnavailable, "gone");
  status.SetOutcome(Outcome::kUnknown);
  EXPECT_EQ(status.outcome(), Outcome::kUnknown);
  const Status moved = Status(Code::kDeadlineExceeded, "late").SetOutcome(Outcome::kApplied);
  EXPECT_EQ(moved.outcome(), Outcome::kApplied);
  EXPECT_EQ(moved.ToString(), "deadline_exceeded: late (applied)");
}

TEST(StatusTest, EqualityLooksAtEveryPart) {
  const Status status(Code::kConflict, "reason", "message");
  EXPECT_EQ(status, Status(Code::kConflict, "reason", "message"));
  EXPECT_NE(status, Status(Code::kGone, "reason", "message"));
  EXPECT_NE(status, Status(Code::kConflict, "other", "message"));
  EXPECT_NE(status, Status(Code::kConflict, "reason", "other"));
  EXPECT_NE(status, Status(status).SetOutcome(Outcome::kUnknown));
}

TEST(StatusTest, WhatAnErrorWasMovedFromIsStillThatError) {
  Status status(Code::kIo, "torn");
  const Status moved = std::move(status);
  EXPECT_EQ(status, moved);  // NOLINT: the point of it
  EXPECT_FALSE(status.ok());
}

TEST(StatusTest, ACopyKeepsItsOwnOutcome) {
  const Status status(Code::kIo, "torn");
  Status copy = status;
  copy.SetOutcome(Outcome::kUnknown);
  EXPECT_EQ(status.outcome(), Outcome::kNotApplied);
}

TEST(StatusDeathTest, AnErrorIsNeverOk) {
  EXPECT_DEATH(Status(Code::kOk, "fine"), "CHECK failed: code != Code::kOk");
  EXPECT_DEATH(Status().SetOutcome(Outcome::kUnknown), "CHECK failed: !ok()");
}

// The numbers are in stored replies, the names in the HTTP API: neither ever changes.
TEST(CodeTest, NumbersAndNamesArePinned) {
  const std::vector<std::pair<Code, std::string>> expected = {
      {Code::kOk, "ok"},
      {Code::kInvalidArgument, "invalid_argument"},
      {Code::kUnprocessable, "unprocessable"},
      {Code::kUnauthenticated, "unauthenticated"},
      {Code::kPermissionDenied, "permission_denied"},
      {Code::kNotFound, "not_found"},
      {Code::kConflict, "conflict"},
      {Code::kGone, "gone"},
      {Code::kPreconditionFailed, "precondition_failed"},
      {Code::kTooLarge, "too_large"},
      {Code::kPreconditionRequired, "precondition_required"},
      {Code::kResourceExhausted, "resource_exhausted"},
      {Code::kUnavailable, "unavailable"},
      {Code::kDeadlineExceeded, "deadline_exceeded"},
      {Code::kStorageFull, "storage_full"},
      {Code::kCorruption, "corruption"},
      {Code::kIo, "io"},
      {Code::kUnimplemented, "unimplemented"},
      {Code::kInternal, "internal"},
  };
  for (size_t number = 0; number < expected.size(); ++number) {
    EXPECT_EQ(static_cast<size_t>(expected[number].first), number);
    EXPECT_EQ(CodeName(expected[number].first), expected[number].second);
  }
}

TEST(OutcomeTest, NumbersAndNamesArePinned) {
  EXPECT_EQ(OutcomeName(Outcome::kNotApplied), "not_applied");
  EXPECT_EQ(OutcomeName(Outcome::kApplied), "applied");
  EXPECT_EQ(OutcomeName(Outcome::kUnknown), "unknown");
  EXPECT_EQ(static_cast<int>(Outcome::kNotApplied), 0);
  EXPECT_EQ(static_cast<int>(Outcome::kApplied), 1);
  EXPECT_EQ(static_cast<int>(Outcome::kUnknown), 2);
}

TEST(ResultTest, HoldsAValueOrTheReasonThatThereIsNone) {
  const Result<int> value(7);
  EXPECT_TRUE(value.ok());
  EXPECT_EQ(*value, 7);
  EXPECT_EQ(value.value(), 7);
  EXPECT_TRUE(value.status().ok());
  const Result<int> error(Status(Code::kIo, "disk"));
  EXPECT_FALSE(error.ok());
  EXPECT_EQ(error.status().code(), Code::kIo);
}

TEST(ResultTest, ReachesIntoTheValue) {
  Result<std::string> text(std::string("abc"));
  EXPECT_EQ(text->size(), 3u);
  text->push_back('d');
  *text += "e";
  EXPECT_EQ(text.value(), "abcde");
  const std::string taken = std::move(text).value();
  EXPECT_EQ(taken, "abcde");
}

TEST(ResultTest, CarriesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> pointer(std::make_unique<int>(5));
  const std::unique_ptr<int> taken = *std::move(pointer);
  EXPECT_EQ(*taken, 5);
}

TEST(ResultDeathTest, TheValueOfAnErrorIsABug) {
  Result<int> error(Status(Code::kIo, "torn", "half a page"));
  EXPECT_DEATH(error.value(), "io/torn: half a page");
  EXPECT_DEATH(*error, "CHECK failed");
  EXPECT_DEATH(Result<int>{Status::Ok()}, "CHECK failed");
}

Status FailIfOdd(int number) {
  if (number % 2 == 1) return Status(Code::kInvalidArgument, "odd");
  return Status::Ok();
}

Status BothEven(int first, int second, int* reached) {
  BATON_RETURN_IF_ERROR(FailIfOdd(first));
  ++*reached;
  BATON_RETURN_IF_ERROR(FailIfOdd(second));
  ++*reached;
  return Status::Ok();
}

TEST(ReturnIfErrorTest, StopsAtTheFirstError) {
  int reached = 0;
  EXPECT_TRUE(BothEven(2, 4, &reached).ok());
  EXPECT_EQ(reached, 2);
  reached = 0;
  EXPECT_EQ(BothEven(2, 3, &reached).message(), "odd");
  EXPECT_EQ(reached, 1);
  reached = 0;
  EXPECT_FALSE(BothEven(1, 4, &reached).ok());
  EXPECT_EQ(reached, 0);
}

}  // namespace
}  // namespace baton
