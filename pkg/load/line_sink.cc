#include "pkg/load/line_sink.h"

#include <algorithm>

namespace baton::load {

void LineSink::OnBody(std::string_view piece) {
  while (!piece.empty()) {
    const size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    line_.append(part.substr(0, kLineKeptMax - line_.size()));
    if (end == std::string_view::npos) return;
    OnLine(line_);
    line_.clear();
    piece.remove_prefix(end + 1);
  }
}

}  // namespace baton::load
