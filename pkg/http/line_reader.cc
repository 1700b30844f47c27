#include "pkg/http/line_reader.h"

namespace baton::http {

LineReader::Outcome LineReader::Next(std::string_view* bytes, size_t bytes_max,
                                     std::string_view* line) {
  if (handed_out_) held_.clear();
  handed_out_ = false;
  const size_t end = bytes->find('\n');
  const bool complete = end != std::string_view::npos;
  const size_t taken = complete ? end + 1 : bytes->size();
  // An incomplete line that fills the bound cannot end within it.
  if (held_.size() + taken > bytes_max || (!complete && held_.size() + taken == bytes_max)) {
    return Outcome::kTooLong;
  }
  std::string_view whole = bytes->substr(0, taken);
  if (!complete || !held_.empty()) {
    held_.append(whole);
    whole = held_;
  }
  bytes->remove_prefix(taken);
  if (!complete) return Outcome::kMore;
  handed_out_ = true;
  if (whole.size() < 2 || whole[whole.size() - 2] != '\r') return Outcome::kBareLf;
  *line = whole.substr(0, whole.size() - 2);
  return Outcome::kLine;
}

}  // namespace baton::http
