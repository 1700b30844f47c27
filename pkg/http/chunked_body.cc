#include "pkg/http/chunked_body.h"

#include <algorithm>
#include <utility>

namespace baton::http {
namespace {

constexpr size_t kSizeDigitsMax = 16;

// -1: not a hexadecimal digit.
int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsControl(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

FramingError MalformedChunk(std::string message) {
  return BadFraming("malformed_chunk", std::move(message));
}

}  // namespace

ChunkedBody::Outcome ChunkedBody::Consume(std::string_view* bytes, std::string* body) {
  while (!bytes->empty()) {
    Outcome outcome = Outcome::kMore;
    switch (state_) {
      case State::kSize:
        outcome = ConsumeSizeLine(bytes, *body);
        break;
      case State::kBytes:
        outcome = ConsumeBytes(bytes, body);
        break;
      case State::kBytesEnd:
        outcome = ConsumeBytesEnd(bytes);
        break;
      case State::kTrailer:
        outcome = ConsumeTrailer(bytes);
        break;
    }
    if (outcome != Outcome::kMore) return outcome;
  }
  return Outcome::kMore;
}

ChunkedBody::Outcome ChunkedBody::ConsumeSizeLine(std::string_view* bytes,
                                                  const std::string& body) {
  std::string_view line;
  switch (line_reader_.Next(bytes, kChunkLineBytesMax, &line)) {
    case LineReader::Outcome::kMore:
      return Outcome::kMore;
    case LineReader::Outcome::kLine:
      return ParseSizeLine(line, body);
    case LineReader::Outcome::kTooLong:
      return Fail(MalformedChunk("a chunk's first line is longer than " +
                                 std::to_string(kChunkLineBytesMax) + " bytes"));
    case LineReader::Outcome::kBareLf:
      break;
  }
  return Fail(MalformedChunk("a chunk's first line does not end in CRLF"));
}

ChunkedBody::Outcome ChunkedBody::ParseSizeLine(std::string_view line, const std::string& body) {
  size_t digits = 0;
  uint64_t size = 0;
  while (digits < line.size() && HexValue(line[digits]) >= 0) {
    if (digits == kSizeDigitsMax) return Fail(MalformedChunk("a chunk size has too many digits"));
    size = size * 16 + static_cast<uint64_t>(HexValue(line[digits]));
    ++digits;
  }
  const std::string_view extension = line.substr(digits);
  if (digits == 0 || (!extension.empty() && extension.front() != ';')) {
    return Fail(MalformedChunk("a chunk size is not a hexadecimal number"));
  }
  extension_bytes_ += extension.size();
  if (extension_bytes_ > kChunkExtensionBytesMax ||
      std::any_of(extension.begin(), extension.end(), IsControl)) {
    return Fail(MalformedChunk("chunk extensions are malformed or too long"));
  }
  if (size > body_bytes_max_ - body.size()) {
    return Fail(TooLarge(413, "body_too_large",
                         "the body is larger than " + std::to_string(body_bytes_max_) + " bytes"));
  }
  rest_of_chunk_ = static_cast<size_t>(size);
  state_ = size == 0 ? State::kTrailer : State::kBytes;
  return Outcome::kMore;
}

ChunkedBody::Outcome ChunkedBody::ConsumeBytes(std::string_view* bytes, std::string* body) {
  const size_t taken = std::min(rest_of_chunk_, bytes->size());
  body->append(bytes->substr(0, taken));
  bytes->remove_prefix(taken);
  rest_of_chunk_ -= taken;
  if (rest_of_chunk_ == 0) state_ = State::kBytesEnd;
  return Outcome::kMore;
}

ChunkedBody::Outcome ChunkedBody::ConsumeBytesEnd(std::string_view* bytes) {
  std::string_view line;
  switch (line_reader_.Next(bytes, 2, &line)) {
    case LineReader::Outcome::kMore:
      return Outcome::kMore;
    case LineReader::Outcome::kLine:
      state_ = State::kSize;
      return Outcome::kMore;
    case LineReader::Outcome::kTooLong:
    case LineReader::Outcome::kBareLf:
      break;
  }
  return Fail(MalformedChunk("a chunk is longer than its size says, or does not end in CRLF"));
}

ChunkedBody::Outcome ChunkedBody::ConsumeTrailer(std::string_view* bytes) {
  std::string_view line;
  switch (line_reader_.Next(bytes, 2, &line)) {
    case LineReader::Outcome::kMore:
      return Outcome::kMore;
    case LineReader::Outcome::kLine:
      return Outcome::kDone;
    case LineReader::Outcome::kTooLong:
    case LineReader::Outcome::kBareLf:
      break;
  }
  return Fail(BadFraming("trailers_not_supported",
                         "the last chunk is followed by something other than CRLF"));
}

ChunkedBody::Outcome ChunkedBody::Fail(FramingError error) {
  error_ = std::move(error);
  return Outcome::kError;
}

}  // namespace baton::http
