// File: output_piece.h
//
// Bytes on their way to a client: its own, or a text that many clients are sent and that is in
// memory once.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace baton::http {

using SharedText = std::shared_ptr<const std::string>;

struct OutputPiece {
  std::string own;
  SharedText shared;  // if any, instead of `own`

  std::string_view view() const { return shared != nullptr ? *shared : own; }
  size_t size() const { return view().size(); }
};

}  // namespace baton::http
