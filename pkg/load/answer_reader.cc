#include "pkg/load/answer_reader.h"

#include <algorithm>
#include <charconv>

namespace baton::load {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr size_t kChunkLineMax = 1024;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool IsNamed(std::string_view line, std::string_view lower_case_name) {
  return line.size() > lower_case_name.size() && line[lower_case_name.size()] == ':' &&
         std::equal(lower_case_name.begin(), lower_case_name.end(), line.begin(),
                    [](char wanted, char c) { return wanted == Lower(c); });
}

bool EqualIgnoringCase(std::string_view lower_case, std::string_view text) {
  return std::equal(lower_case.begin(), lower_case.end(), text.begin(), text.end(),
                    [](char wanted, char c) { return wanted == Lower(c); });
}

std::string_view Value(std::string_view line) {
  line.remove_prefix(line.find(':') + 1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  return line;
}

template <typename Number>
bool Parse(std::string_view text, int base, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number, base);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

}  // namespace

void AnswerReader::Begin(BodySink* sink) {
  sink_ = sink;
  part_ = Part::kHead;
  status_ = 0;
  keep_alive_ = true;
  chunked_ = false;
  has_length_ = false;
  left_ = 0;
  line_.clear();
  body_.clear();
}

AnswerReader::State AnswerReader::Feed(std::string_view bytes, size_t* used) {
  const size_t size = bytes.size();
  while (part_ != Part::kDone && !bytes.empty()) {
    if (!Step(&bytes)) return State::kMalformed;
  }
  *used = size - bytes.size();
  return part_ == Part::kDone ? State::kDone : State::kMore;
}

bool AnswerReader::Step(std::string_view* bytes) {
  bool complete = false;
  switch (part_) {
    case Part::kHead:
      return ReadHead(bytes);
    case Part::kLength:
      TakeBody(bytes);
      if (left_ == 0) part_ = Part::kDone;
      return true;
    case Part::kChunk:
      TakeBody(bytes);
      if (left_ == 0) part_ = Part::kChunkEnd;
      return true;
    case Part::kChunkSize:
      if (!ReadLine(bytes, &complete)) return false;
      return !complete || ReadChunkSize();
    case Part::kChunkEnd:
      if (!ReadLine(bytes, &complete)) return false;
      if (complete && !line_.empty()) return false;
      if (complete) part_ = Part::kChunkSize;
      return true;
    case Part::kTrailer:
      if (!ReadLine(bytes, &complete)) return false;
      if (complete && line_.empty()) part_ = Part::kDone;
      if (complete) line_.clear();
      return true;
    case Part::kDone:
      return true;
  }
  return false;
}

// Most heads come whole, in one read, and are parsed where they are.
bool AnswerReader::ReadHead(std::string_view* bytes) {
  if (line_.empty()) {
    const size_t end = bytes->find(kHeadEnd);
    if (end != std::string_view::npos) {
      const std::string_view head = bytes->substr(0, end);
      bytes->remove_prefix(end + kHeadEnd.size());
      return head.size() <= kHeadMax && ParseHead(head);
    }
  }
  const size_t before = line_.size();
  line_.append(*bytes);
  const size_t from = before < kHeadEnd.size() ? 0 : before - kHeadEnd.size() + 1;
  const size_t end = line_.find(kHeadEnd, from);
  if (end == std::string::npos) {
    bytes->remove_prefix(bytes->size());
    return line_.size() < kHeadMax + kHeadEnd.size();
  }
  bytes->remove_prefix(end + kHeadEnd.size() - before);
  const bool good = end <= kHeadMax && ParseHead(std::string_view(line_).substr(0, end));
  line_.clear();
  return good;
}

bool AnswerReader::ParseHead(std::string_view head) {
  constexpr std::string_view kVersion = "HTTP/1.";
  if (head.size() < 12 || !head.starts_with(kVersion) || head[8] != ' ') return false;
  if (!Parse(head.substr(9, 3), 10, &status_) || status_ < 200) return false;
  keep_alive_ = head[7] == '1';
  std::string_view rest = head;
  while (true) {
    const size_t end = rest.find("\r\n");
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 2);
    if (!ParseField(rest.substr(0, rest.find("\r\n")))) return false;
  }
  if (status_ == 204 || status_ == 304) {
    part_ = Part::kDone;
  } else if (chunked_) {
    part_ = Part::kChunkSize;
  } else if (has_length_) {
    part_ = left_ == 0 ? Part::kDone : Part::kLength;
  } else {
    return false;  // framed by the end of the connection: nobody here answers so
  }
  return true;
}

bool AnswerReader::ParseField(std::string_view line) {
  if (line.empty()) return false;
  const char first = Lower(line.front());
  if (first == 'c' && IsNamed(line, "content-length")) {
    has_length_ = true;
    return Parse(Value(line), 10, &left_);
  }
  if (first == 'c' && IsNamed(line, "connection")) {
    if (EqualIgnoringCase("close", Value(line))) keep_alive_ = false;
    if (EqualIgnoringCase("keep-alive", Value(line))) keep_alive_ = true;
  }
  if (first == 't' && IsNamed(line, "transfer-encoding")) {
    chunked_ = EqualIgnoringCase("chunked", Value(line));
    return chunked_;
  }
  return true;
}

bool AnswerReader::ReadLine(std::string_view* bytes, bool* complete) {
  const size_t end = bytes->find('\n');
  *complete = end != std::string_view::npos;
  const std::string_view piece = bytes->substr(0, end);
  if (line_.size() + piece.size() > kChunkLineMax) return false;
  line_.append(piece);
  bytes->remove_prefix(std::min(piece.size() + 1, bytes->size()));
  if (*complete && !line_.empty() && line_.back() == '\r') line_.pop_back();
  return true;
}

bool AnswerReader::ReadChunkSize() {
  std::string_view size = line_;
  size = size.substr(0, size.find(';'));
  while (!size.empty() && size.back() == ' ') size.remove_suffix(1);
  if (!Parse(size, 16, &left_)) return false;
  line_.clear();
  part_ = left_ == 0 ? Part::kTrailer : Part::kChunk;
  return true;
}

void AnswerReader::TakeBody(std::string_view* bytes) {
  const auto size = static_cast<size_t>(std::min<uint64_t>(left_, bytes->size()));
  const std::string_view piece = bytes->substr(0, size);
  if (sink_ != nullptr) {
    sink_->OnBody(piece);
  } else {
    body_.append(piece.substr(0, kBodyKeptMax - std::min(body_.size(), kBodyKeptMax)));
  }
  left_ -= size;
  bytes->remove_prefix(size);
}

}  // namespace baton::load
