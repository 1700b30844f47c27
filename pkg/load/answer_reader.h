// File: answer_reader.h
//
// HTTP/1.1 answers out of bytes, read no further than a load generator needs: the status, how the
// body is framed (RFC 9112 section 6) and whether the connection stays. However the bytes are cut,
// the result is the same. Nothing is allocated once the buffers have their size. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace baton::load {

// Takes the body of an answer that never ends, piece by piece.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual void OnBody(std::string_view piece) = 0;
};

class AnswerReader {
 public:
  // Of a body without a sink so much is kept, enough for every answer whose content matters.
  static constexpr size_t kBodyKeptMax = 4096;
  static constexpr size_t kHeadMax = 32 * 1024;

  enum class State { kMore, kDone, kMalformed };

  // A new answer begins. With a sink its body goes there.
  void Begin(BodySink* sink = nullptr);
  // Reads on. kDone: what is left of `bytes` (*used says where) belongs to nobody, since one
  // request is under way at a time. After kMalformed nothing more can be read of the connection.
  State Feed(std::string_view bytes, size_t* used);

  // From the head; valid as soon as head_done().
  bool head_done() const { return part_ != Part::kHead; }
  int status() const { return status_; }
  bool keep_alive() const { return keep_alive_; }
  // What was kept; until Begin.
  std::string_view body() const { return body_; }

 private:
  enum class Part { kHead, kLength, kChunkSize, kChunk, kChunkEnd, kTrailer, kDone };

  bool ReadHead(std::string_view* bytes);                  // false: malformed
  bool ParseHead(std::string_view head);                   // without the empty line at its end
  bool ParseField(std::string_view line);                  // one header line
  bool ReadLine(std::string_view* bytes, bool* complete);  // false: too long
  bool ReadChunkSize();
  void TakeBody(std::string_view* bytes);
  bool Step(std::string_view* bytes);  // false: malformed

  BodySink* sink_ = nullptr;
  Part part_ = Part::kHead;
  int status_ = 0;
  bool keep_alive_ = true;
  bool chunked_ = false;
  bool has_length_ = false;
  uint64_t left_ = 0;  // of the body, or of the chunk
  std::string line_;   // a head or a line that has not ended yet
  std::string body_;
};

}  // namespace baton::load
