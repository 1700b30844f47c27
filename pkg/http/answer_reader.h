// File: answer_reader.h
//
// Cuts the answers of a peer out of the bytes of a connection, in whatever pieces these come. For
// answers to POST of a server of our own: with a length, or without a body. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "pkg/http/line_reader.h"

namespace baton::http {

// Beyond, it is no answer of a peer.
inline constexpr size_t kAnswerLineBytesMax = 8 * 1024;
inline constexpr size_t kAnswerLinesMax = 64;
inline constexpr size_t kAnswerBodyBytesMax = 1 << 20;
// Of a body, enough to show the code of a refusal.
inline constexpr size_t kAnswerBodyBytesKept = 200;

struct PeerAnswer {
  int status = 0;
  std::string body;         // its first kAnswerBodyBytesKept
  bool takes_cbor = false;  // the peer says that it reads requests in CBOR (Accept)
};

class AnswerReader {
 public:
  enum class Outcome {
    kMore,       // all of *bytes was taken; the answer is not complete
    kAnswer,     // *answer is complete; what is left of *bytes is of the next
    kMalformed,  // this is no answer, nor will anything be that comes after it
  };

  // Takes bytes from the front of *bytes.
  Outcome Next(std::string_view* bytes, PeerAnswer* answer);

 private:
  // False: malformed.
  bool TakeStatusLine(std::string_view line);
  bool TakeField(std::string_view line);
  bool EndHead();
  void TakeBody(std::string_view* bytes);

  LineReader lines_;
  PeerAnswer answer_;
  size_t lines_taken_ = 0;
  bool in_body_ = false;
  std::optional<size_t> length_;
  size_t body_bytes_left_ = 0;
};

}  // namespace baton::http
