// File: log_writer.h
//
// The Logger of a real process: one line per message on a file descriptor, as text or JSON.
//
//   2026-11-23T13:54:38.123Z info    role changed node=1 role=leader term=3
//   {"time":"2026-11-23T13:54:38.123Z","level":"info","message":"role changed","node":1,...}
//
// Nothing that is logged can break a line or forge a field: values outside a safe set are quoted,
// and every byte that is not printable ASCII is escaped (text: \xNN; JSON: \u00NN, with proper
// UTF-8 as its code point). Values are cut at kLogValueBytesMax.
//
// Thread-safe. A line is one write(2) of at most PIPE_BUF bytes, so lines of several processes on
// one pipe do not mix. A reader that stalls costs lines, never time: a full pipe drops the line and
// the next one that fits is preceded by how many were lost.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/batond/config.h"
#include "pkg/base/clock.h"
#include "pkg/base/logger.h"

namespace baton::batond {

inline constexpr size_t kLogValueBytesMax = 512;
inline constexpr size_t kLogLineBytesMax = 4096;

// One line with its end, from the parts. `common` fields come first. Pure.
std::string FormatLogLine(LogFormat format, int64_t wall_ms, LogLevel level,
                          std::string_view message, const std::vector<LogField>& common,
                          std::initializer_list<LogField> fields);
// "2026-11-23T13:54:38.123Z".
std::string FormatUtc(int64_t wall_ms);

class LogWriter final : public Logger {
 public:
  // Clock and file descriptor must outlive the writer. `common` is in every line.
  LogWriter(int fd, LogFormat format, LogLevel lowest, const Clock* clock,
            std::vector<LogField> common);

  void Log(LogLevel level, std::string_view message,
           std::initializer_list<LogField> fields = {}) override;

  uint64_t lines_dropped() const;

 private:
  bool TryWrite(const std::string& line);  // needs mutex_

  // Constant after construction.
  const int fd_;
  const LogFormat format_;
  const LogLevel lowest_;
  const Clock* const clock_;
  const std::vector<LogField> common_;

  mutable std::mutex mutex_;
  uint64_t dropped_since_last_line_ = 0;  // guarded by mutex_
  uint64_t lines_dropped_ = 0;            // guarded by mutex_
};

}  // namespace baton::batond
