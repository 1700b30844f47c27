// File: logger.h
//
// The port for structured logs: a constant message and key=value fields, so that logs can be
// counted and searched. Two levels of detail are enough (kInfo, kDebug), two of trouble (kWarning,
// kError).
//
//   logger.Log(LogLevel::kInfo, "role changed", {{"role", "leader"}, {"term", term}});
//
// Thread-safe. Never log keys, values or tokens of users.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "pkg/base/ids.h"

namespace baton {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

struct LogField {
  LogField(std::string_view field_key, std::string_view text) : key(field_key), value(text) {}
  LogField(std::string_view field_key, const char* text) : key(field_key), value(text) {}
  LogField(std::string_view field_key, const std::string& text) : key(field_key), value(text) {}
  LogField(std::string_view field_key, bool flag)
      : key(field_key), value(flag ? "true" : "false") {}
  template <typename Number>
  requires(std::is_integral_v<Number> && !std::is_same_v<Number, bool>)
      LogField(std::string_view field_key, Number number)
      : key(field_key), value(std::to_string(number)), is_number(true) {}
  template <typename Tag>
  LogField(std::string_view field_key, StrongNumber<Tag> number)
      : LogField(field_key, number.value()) {}

  std::string key;
  std::string value;
  bool is_number = false;
};

class Logger {
 public:
  virtual ~Logger() = default;
  virtual void Log(LogLevel level, std::string_view message,
                   std::initializer_list<LogField> fields = {}) = 0;
};

// Drops everything. For tests that do not look at logs.
class NullLogger final : public Logger {
 public:
  void Log(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
};

}  // namespace baton
