// File: eventually.h
//
// Waits for what another thread will make true. Bounded (10 s); looks every millisecond.
#pragma once

#include <chrono>
#include <thread>

namespace baton::http {

template <typename Predicate>
bool Eventually(const Predicate& predicate) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!predicate()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace baton::http
