#include "pkg/http/answer_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "pkg/http/envelope.h"

namespace baton::http {
namespace {

// `lower_case` in any case.
bool IsName(std::string_view name, std::string_view lower_case) {
  const auto equal = [](char a, char b) {
    return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b);
  };
  return std::equal(name.begin(), name.end(), lower_case.begin(), lower_case.end(), equal);
}

std::string_view TrimBlanks(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// Digits and nothing else.
template <typename Number>
std::optional<Number> NumberOf(std::string_view digits) {
  Number number = 0;
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, number);
  if (digits.empty() || digits.front() == '-') return std::nullopt;
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

AnswerReader::Outcome AnswerReader::Next(std::string_view* bytes, PeerAnswer* answer) {
  while (!in_body_) {
    std::string_view line;
    const LineReader::Outcome outcome = lines_.Next(bytes, kAnswerLineBytesMax, &line);
    if (outcome == LineReader::Outcome::kMore) return Outcome::kMore;
    if (outcome != LineReader::Outcome::kLine) return Outcome::kMalformed;
    if (++lines_taken_ > kAnswerLinesMax) return Outcome::kMalformed;
    const bool taken = lines_taken_ == 1 ? TakeStatusLine(line)
                       : line.empty()    ? EndHead()
                                         : TakeField(line);
    if (!taken) return Outcome::kMalformed;
  }
  TakeBody(bytes);
  if (body_bytes_left_ > 0) return Outcome::kMore;
  *answer = std::move(answer_);
  *this = AnswerReader();
  return Outcome::kAnswer;
}

bool AnswerReader::TakeStatusLine(std::string_view line) {
  // "HTTP/1.1 204 No Content"; the words may be missing.
  const bool shaped = line.size() >= 12 && line.starts_with("HTTP/1.") && line[8] == ' ' &&
                      (line.size() == 12 || line[12] == ' ');
  if (!shaped) return false;
  const std::optional<int> status = NumberOf<int>(line.substr(9, 3));
  // Nothing was asked for that would be answered beforehand (1xx).
  if (!status || *status < 200) return false;
  answer_.status = *status;
  return true;
}

bool AnswerReader::TakeField(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view name = line.substr(0, colon);
  if (IsName(name, "transfer-encoding")) return false;
  const std::string_view value = TrimBlanks(line.substr(colon + 1));
  if (IsName(name, "accept")) answer_.takes_cbor = value == kCborType;
  if (!IsName(name, "content-length")) return true;
  if (length_) return false;
  length_ = NumberOf<size_t>(value);
  return length_ && *length_ <= kAnswerBodyBytesMax;
}

bool AnswerReader::EndHead() {
  const bool bodiless = answer_.status == 204 || answer_.status == 304;
  // Without a length the body would last as long as the connection.
  if (!bodiless && !length_) return false;
  body_bytes_left_ = bodiless ? 0 : *length_;
  in_body_ = true;
  return true;
}

void AnswerReader::TakeBody(std::string_view* bytes) {
  const size_t taken = std::min(body_bytes_left_, bytes->size());
  const size_t room = kAnswerBodyBytesKept - answer_.body.size();
  answer_.body.append(bytes->substr(0, std::min(taken, room)));
  bytes->remove_prefix(taken);
  body_bytes_left_ -= taken;
}

}  // namespace baton::http
