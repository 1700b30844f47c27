// File: printable.h
//
// Text of others on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace baton::cli {

// `text` in one line that cannot steer a terminal: control characters (C1 too) and, when it is not
// UTF-8, all bytes beyond ASCII are shown as \xNN, a new line as \n.
std::string Printable(std::string_view text);

}  // namespace baton::cli
