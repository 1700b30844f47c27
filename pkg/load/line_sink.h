// File: line_sink.h
//
// The lines of a body that comes in pieces.
#pragma once

#include <string>
#include <string_view>

#include "pkg/load/answer_reader.h"

namespace baton::load {

class LineSink : public BodySink {
 public:
  // Of each line so much is kept: what a long one says first is enough here.
  static constexpr size_t kLineKeptMax = 4096;

  void OnBody(std::string_view piece) final;
  void Clear() { line_.clear(); }                  // a new body begins
  std::string_view rest() const { return line_; }  // what came after the last line

 protected:
  // Without its end.
  virtual void OnLine(std::string_view line) = 0;

 private:
  std::string line_;
};

}  // namespace baton::load
