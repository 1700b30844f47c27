// File: quote.h
//
// Text of clients inside our own sentences. Pure.
#pragma once

#include <string>
#include <string_view>

namespace baton::http {

// In quotes, at most 64 bytes of it, in printable ASCII: other bytes as \xNN. An error that repeats
// what it was given cannot be used to send a megabyte, a terminal's control sequence or bytes that
// are not UTF-8.
std::string Quoted(std::string_view text);

}  // namespace baton::http
