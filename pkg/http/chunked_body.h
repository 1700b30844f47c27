// File: chunked_body.h
//
// Undoes the chunked coding of a request's body (RFC 9112 section 7.1), strictly:
//
//   chunk      = 1*16HEXDIG [ ";" extension ] CRLF  bytes  CRLF
//   last chunk = 1*16"0"    [ ";" extension ] CRLF  CRLF
//
// Extensions are skipped, within bounds. Trailers are refused: nothing here wants one, and a field
// that arrives after the checks of the head has a way around them. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "pkg/http/framing_error.h"
#include "pkg/http/line_reader.h"

namespace baton::http {

inline constexpr size_t kChunkLineBytesMax = 256;
inline constexpr size_t kChunkExtensionBytesMax = 4096;  // of one body together

class ChunkedBody {
 public:
  enum class Outcome { kMore, kDone, kError };

  explicit ChunkedBody(size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

  // Takes bytes from the front of *bytes, at most to the end of the body, and appends to *body.
  // After kDone or kError it must not be called again.
  Outcome Consume(std::string_view* bytes, std::string* body);
  const FramingError& error() const { return error_; }

 private:
  enum class State { kSize, kBytes, kBytesEnd, kTrailer };

  Outcome ConsumeSizeLine(std::string_view* bytes, const std::string& body);
  Outcome ParseSizeLine(std::string_view line, const std::string& body);
  Outcome ConsumeBytes(std::string_view* bytes, std::string* body);
  Outcome ConsumeBytesEnd(std::string_view* bytes);
  Outcome ConsumeTrailer(std::string_view* bytes);
  Outcome Fail(FramingError error);

  const size_t body_bytes_max_;
  State state_ = State::kSize;
  LineReader line_reader_;
  size_t rest_of_chunk_ = 0;
  size_t extension_bytes_ = 0;
  FramingError error_;
};

}  // namespace baton::http
