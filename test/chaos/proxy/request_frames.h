// File: request_frames.h
//
// Finds where the requests begin and end in what a client sends on one connection. It knows the
// requests of pkg/http's client: a head, and a body whose length the head says. From the first
// thing it does not know on (a chunked body, a request too large) it hands on bytes as they come.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace baton::chaos {

class RequestFrames {
 public:
  // A larger request is handed on in pieces, and so is all that follows it.
  static constexpr size_t kRequestBytesMax = 8 << 20;

  struct Unit {
    std::string bytes;
    bool is_request = false;  // one whole request; else just bytes
  };

  // What is complete now.
  std::vector<Unit> Take(std::string_view bytes);

 private:
  // 0: not known yet, more bytes are needed.
  size_t RequestBytes();

  std::string gathered_;
  bool raw_ = false;
};

}  // namespace baton::chaos
