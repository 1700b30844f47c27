#include "pkg/http/response_head.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "pkg/base/check.h"
#include "pkg/http/request_head.h"

namespace baton::http {
namespace {

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

bool IsMadeHere(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kNames = {"content-length", "transfer-encoding",
                                                             "connection", "date"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view made) { return EqualIgnoringCase(name, made); });
}

bool MayStandInValue(char c) { return c != '\r' && c != '\n' && c != '\0'; }

void CheckHeader(const std::string& name, const std::string& value) {
  CHECK(!name.empty() && std::all_of(name.begin(), name.end(), IsTokenCharacter))
      << "a response header's name is not a token";
  CHECK(std::all_of(value.begin(), value.end(), MayStandInValue))
      << "the response header " << name << " has CR, LF or NUL in its value";
  CHECK(!IsMadeHere(name)) << "the response header " << name << " is not a handler's to set";
}

// Writes into bytes that are there already: a head is some sixty short texts, and appending each to
// a string costs more than the text.
class HeadWriter {
 public:
  explicit HeadWriter(char* to) : at_(to) {}

  void Text(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void Header(std::string_view name, std::string_view value) {
    Text(name);
    Text(": ");
    Text(value);
    Text("\r\n");
  }
  const char* at() const { return at_; }

 private:
  char* at_;
};

// What the lines made here take at most: the status line with the longest phrase, Date, and the two
// that frame.
constexpr size_t kMadeHereBytesMax = 256;

size_t HeadBytesMax(const Response& response, const HeadOptions& options) {
  size_t bytes = kMadeHereBytesMax + options.date.size();
  for (const auto& [name, value] : response.headers) bytes += name.size() + value.size() + 4;
  return bytes;
}

}  // namespace

std::string SerializeHead(const Response& response, const HeadOptions& options) {
  CHECK(response.status >= 200 && response.status <= 599) << response.status;
  std::string head;
  const size_t bytes_max = HeadBytesMax(response, options);
  head.reserve(bytes_max + options.room_bytes);
  head.resize(bytes_max);
  HeadWriter writer(head.data());
  writer.Text("HTTP/1.1 ");
  writer.Text(std::to_string(response.status));
  writer.Text(" ");
  writer.Text(ReasonPhrase(response.status));
  writer.Text("\r\n");
  writer.Header("Date", options.date);
  for (const auto& [name, value] : response.headers) {
    CheckHeader(name, value);
    writer.Header(name, value);
  }
  if (StatusHasBody(response.status)) {
    if (options.framing == BodyFraming::kLength) {
      writer.Header("Content-Length", std::to_string(response.body.size()));
    } else if (options.framing == BodyFraming::kChunked) {
      writer.Header("Transfer-Encoding", "chunked");
    }
  }
  if (!options.keep_alive) {
    writer.Header("Connection", "close");
  } else if (options.version_minor == 0) {
    writer.Header("Connection", "keep-alive");
  }
  writer.Text("\r\n");
  head.resize(static_cast<size_t>(writer.at() - head.data()));
  return head;
}

bool StatusHasBody(int status) { return status >= 200 && status != 204 && status != 304; }

std::string_view ReasonPhrase(int status) {
  struct Phrase {
    int status;
    std::string_view text;
  };
  static constexpr std::array<Phrase, 34> kPhrases = {{
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"},
  }};
  for (const Phrase& phrase : kPhrases) {
    if (phrase.status == status) return phrase.text;
  }
  return "Other";
}

std::string HttpDate(int64_t unix_seconds) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<std::time_t>(unix_seconds);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                kDays[static_cast<size_t>(utc.tm_wday)], utc.tm_mday,
                kMonths[static_cast<size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                utc.tm_min, utc.tm_sec);
  return text.data();
}

}  // namespace baton::http
