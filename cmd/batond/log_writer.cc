#include "cmd/batond/log_writer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include "cmd/cli/utf8.h"

namespace baton::batond {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string_view LevelName(LogLevel level) {
  constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warning", "error"};
  return kNames[static_cast<size_t>(level)];
}

bool IsSafe(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c < 0x80 &&
           (std::isalnum(c) != 0 ||
            std::string_view("._:/@+-,[]").find(static_cast<char>(c)) != std::string_view::npos);
  });
}

bool IsNumber(const LogField& field) { return field.is_number && IsSafe(field.value); }

std::string_view Cut(std::string_view text) { return text.substr(0, kLogValueBytesMax); }

// Printable ASCII but for the escape and the quote.
bool IsPlain(unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

void AppendTextEscaped(std::string_view text, std::string* out) {
  for (const char c : Cut(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (IsPlain(byte)) {
      *out += c;
    } else if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (c == '\n') {
      *out += "\\n";
    } else {
      *out += "\\x";
      *out += kHexDigits[byte >> 4];
      *out += kHexDigits[byte & 15];
    }
  }
  if (text.size() > kLogValueBytesMax) *out += "...";
}

void AppendUnit(uint32_t unit, std::string* out) {
  *out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) *out += kHexDigits[(unit >> shift) & 15];
}

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  const bool cut = text.size() > kLogValueBytesMax;
  text = Cut(text);
  while (!text.empty()) {
    const auto [point, length, valid] = cli::FirstCodePoint(text);
    if (point < 0x80 && IsPlain(static_cast<unsigned char>(point))) {
      *out += static_cast<char>(point);
    } else if (point >= 0x10000) {
      AppendUnit(0xd800 + ((point - 0x10000) >> 10), out);
      AppendUnit(0xdc00 + ((point - 0x10000) & 0x3ff), out);
    } else {
      AppendUnit(point, out);
    }
    text.remove_prefix(length);
  }
  if (cut) *out += "...";
  *out += '"';
}

void AppendTextField(const LogField& field, std::string* out) {
  *out += ' ';
  AppendTextEscaped(field.key, out);
  *out += '=';
  if (IsSafe(Cut(field.value)) && field.value.size() <= kLogValueBytesMax) {
    *out += field.value;
    return;
  }
  *out += '"';
  AppendTextEscaped(field.value, out);
  *out += '"';
}

void AppendJsonField(const LogField& field, std::string* out) {
  *out += ',';
  // A field cannot take the place of the line's own.
  const bool reserved = field.key == "time" || field.key == "level" || field.key == "message";
  AppendJsonString(reserved ? "field_" + field.key : field.key, out);
  *out += ':';
  if (IsNumber(field)) {
    *out += field.value;
  } else {
    AppendJsonString(field.value, out);
  }
}

std::string Finish(std::string body, std::string_view end) {
  body += end;
  return body;
}

// Appends whole fields as long as the line, with its end, stays within its bound.
template <typename Append, typename Fields>
void AppendFields(const Fields& fields, size_t room_for_end, Append append, std::string* line) {
  for (const LogField& field : fields) {
    const size_t before = line->size();
    append(field, line);
    if (line->size() + room_for_end <= kLogLineBytesMax) continue;
    line->resize(before);
    return;
  }
}

}  // namespace

std::string FormatUtc(int64_t wall_ms) {
  // Rounds towards the past, so that milliseconds are never negative.
  const int64_t seconds = wall_ms >= 0 ? wall_ms / 1000 : (wall_ms - 999) / 1000;
  const auto time = static_cast<time_t>(seconds);
  tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 64> text{};
  const size_t size = strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ",
                static_cast<int>(wall_ms - seconds * 1000));
  return std::string(text.data(), size) + fraction.data();
}

std::string FormatLogLine(LogFormat format, int64_t wall_ms, LogLevel level,
                          std::string_view message, const std::vector<LogField>& common,
                          std::initializer_list<LogField> fields) {
  std::string line;
  if (format == LogFormat::kText) {
    line = FormatUtc(wall_ms) + " ";
    line += LevelName(level);
    line.resize(33, ' ');  // messages begin in one column
    AppendTextEscaped(message, &line);
    AppendFields(common, 1, AppendTextField, &line);
    AppendFields(fields, 1, AppendTextField, &line);
    return Finish(std::move(line), "\n");
  }
  line = "{\"time\":\"" + FormatUtc(wall_ms) + "\",\"level\":\"";
  line += LevelName(level);
  line += "\",\"message\":";
  AppendJsonString(message, &line);
  AppendFields(common, 2, AppendJsonField, &line);
  AppendFields(fields, 2, AppendJsonField, &line);
  return Finish(std::move(line), "}\n");
}

LogWriter::LogWriter(int fd, LogFormat format, LogLevel lowest, const Clock* clock,
                     std::vector<LogField> common)
    : fd_(fd), format_(format), lowest_(lowest), clock_(clock), common_(std::move(common)) {}

void LogWriter::Log(LogLevel level, std::string_view message,
                    std::initializer_list<LogField> fields) {
  if (level < lowest_) return;
  const int64_t now_ms = clock_->WallMs();
  const std::string line = FormatLogLine(format_, now_ms, level, message, common_, fields);
  const std::lock_guard lock(mutex_);
  if (dropped_since_last_line_ > 0) {
    const std::string notice =
        FormatLogLine(format_, now_ms, LogLevel::kWarning, "log lines dropped", common_,
                      {{"count", dropped_since_last_line_}});
    if (TryWrite(notice)) dropped_since_last_line_ = 0;
  }
  // A later line must not overtake the notice.
  if (dropped_since_last_line_ > 0 || !TryWrite(line)) {
    ++dropped_since_last_line_;
    ++lines_dropped_;
  }
}

uint64_t LogWriter::lines_dropped() const {
  const std::lock_guard lock(mutex_);
  return lines_dropped_;
}

bool LogWriter::TryWrite(const std::string& line) {
  // For a pipe POLLOUT means room for PIPE_BUF bytes, so that a write of one line does not block
  // (pipe(7)); files and terminals are always ready.
  pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
  if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return false;
  ssize_t written = 0;
  do {
    written = write(fd_, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  return written == static_cast<ssize_t>(line.size());
}

}  // namespace baton::batond
