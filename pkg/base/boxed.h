// File: boxed.h
//
// A value on the heap that is otherwise an ordinary member: what holds it stays small, and copies
// of it are copies of the value. For the large and rare alternative of a variant. What it was moved
// from has no value: it may only be assigned to or destroyed.
#pragma once

#include <memory>
#include <utility>

#include "pkg/base/check.h"

namespace baton {

template <typename T>
class Boxed {
 public:
  Boxed() : value_(std::make_unique<T>()) {}
  Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT: implicit by design
  Boxed(const Boxed& other) : value_(std::make_unique<T>(*other)) {}
  Boxed(Boxed&&) = default;
  Boxed& operator=(const Boxed& other) { return *this = Boxed(other); }
  Boxed& operator=(Boxed&&) = default;

  T& operator*() { return Checked(); }
  const T& operator*() const { return Checked(); }
  T* operator->() { return &Checked(); }
  const T* operator->() const { return &Checked(); }

  friend bool operator==(const Boxed& a, const Boxed& b) { return *a == *b; }

 private:
  T& Checked() const {
    CHECK(value_ != nullptr) << "it was moved from";
    return *value_;
  }

  std::unique_ptr<T> value_;
};

}  // namespace baton
