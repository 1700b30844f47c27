// File: json_field.h
//
// One field out of a JSON text, without a tree: the generator reads one or two fields of an answer
// and nothing else. The field is looked for by its quoted name anywhere in the text, so it must be
// clear from the place which one is meant (the first). A quote inside a JSON string is always
// escaped, so no value can look like a name. Pure; nothing is copied.
#pragma once

#include <string_view>

namespace baton::load {

// What stands between the quotes of "name":"...", escapes left as they are. Empty: no such field,
// or no text.
std::string_view TextField(std::string_view json, std::string_view name);
// The digits of "name":123. Empty: no such field, or no whole number.
std::string_view NumberField(std::string_view json, std::string_view name);

}  // namespace baton::load
