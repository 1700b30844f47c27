// File: check.h
//
// CHECK(condition) << "what was expected";  aborts the process when a broken invariant is met, with
// file, line, the condition and the message on standard error. On in every build: a coordination
// service that goes on after a broken invariant may tell two clients "only you".
//
// Use it for what can only be a bug of ours. What the environment can cause (a full disk, bad
// input, a peer that misbehaves) is a Status. The streamed values need an operator<< for
// std::ostream.
#pragma once

#include <sstream>

namespace baton::internal {

// Collects the message and aborts in its destructor. Only made when a CHECK has failed.
class CheckFailure {
 public:
  CheckFailure(const char* file, int line, const char* condition);
  [[noreturn]] ~CheckFailure();
  CheckFailure(const CheckFailure&) = delete;
  CheckFailure& operator=(const CheckFailure&) = delete;

  std::ostream& stream() { return message_; }

 private:
  std::ostringstream message_;
};

// Gives the failing branch of CHECK the type void; & binds weaker than <<.
struct Voidify {
  void operator&(std::ostream&) const {}
};

}  // namespace baton::internal

#define CHECK(condition)                       \
  (condition) ? (void)0                        \
              : ::baton::internal::Voidify() & \
                    ::baton::internal::CheckFailure(__FILE__, __LINE__, #condition).stream()

#define BATON_CHECK_OP(op, a, b) CHECK((a)op(b)) << " (" << (a) << " vs " << (b) << ") "
#define CHECK_EQ(a, b) BATON_CHECK_OP(==, a, b)
#define CHECK_NE(a, b) BATON_CHECK_OP(!=, a, b)
#define CHECK_LE(a, b) BATON_CHECK_OP(<=, a, b)
#define CHECK_LT(a, b) BATON_CHECK_OP(<, a, b)
#define CHECK_GE(a, b) BATON_CHECK_OP(>=, a, b)
#define CHECK_GT(a, b) BATON_CHECK_OP(>, a, b)
