// File: transfer_progress.h
//
// How far a long transfer is, for people: one line that is written over on a terminal, a line now
// and then elsewhere.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "pkg/base/clock.h"

namespace baton::batonctl {

// "12.3 MiB"; below 1 KiB "512 B".
std::string BytesText(double bytes);

class TransferProgress {
 public:
  // A line every second on a terminal, every 5 s elsewhere.
  TransferProgress(std::ostream* out, bool terminal, const Clock* clock);

  void Add(uint64_t bytes);
  // The last line.
  void End();
  uint64_t bytes() const { return bytes_; }

 private:
  void Show(int64_t now_ms);

  std::ostream* const out_;
  const bool terminal_;
  const Clock* const clock_;
  const int64_t started_ms_;
  int64_t shown_ms_;
  uint64_t bytes_ = 0;
};

}  // namespace baton::batonctl
