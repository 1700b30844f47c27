// File: line_reader.h
//
// Cuts lines out of bytes that arrive in any pieces, holding no more than a bound. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace baton::http {

class LineReader {
 public:
  enum class Outcome {
    kMore,     // all of *bytes was taken; the line is not complete
    kLine,     // *line is valid until the next call, and as long as *bytes' memory
    kTooLong,  // no end of line within `bytes_max`
    kBareLf,   // the line ends in LF without CR
  };

  // Takes bytes from the front of *bytes up to and with the next LF. *line is handed out without
  // its CRLF; `bytes_max` counts with it.
  Outcome Next(std::string_view* bytes, size_t bytes_max, std::string_view* line);

  size_t held_bytes() const { return held_.size(); }
  bool empty() const { return held_.empty() || handed_out_; }

 private:
  std::string held_;         // the line so far, when it came in pieces
  bool handed_out_ = false;  // held_ is what the last call returned
};

}  // namespace baton::http
