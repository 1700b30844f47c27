#include "pkg/http/json_writer.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/http/base64.h"
#include "pkg/http/json.h"

namespace baton::http {
namespace {

template <typename Value>
void AppendNumber(Value value, std::string* text) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text->append(digits.data(), static_cast<size_t>(end - digits.data()));
}

// Stands in a string as it is. The rest of what is UTF-8 does, too, but is rare here.
bool IsPlain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

}  // namespace

void JsonWriter::Name(std::string_view name, std::string_view suffix) {
  CHECK(text_.size() == 1 || last_name_ < name) << name << " after " << last_name_;
  last_name_ = name;
  text_.append(text_.size() == 1 ? "\"" : ",\"").append(name).append(suffix).append("\":");
}

void JsonWriter::Quoted(std::string_view value) {
  size_t plain = 0;
  while (plain < value.size() && IsPlain(value[plain])) ++plain;
  if (plain == value.size()) {
    text_.append("\"").append(value).append("\"");
  } else {
    text_.append(JsonText(nlohmann::json(value)));
  }
}

void JsonWriter::Number(std::string_view name, uint64_t value) {
  Name(name);
  AppendNumber(value, &text_);
}

void JsonWriter::SignedNumber(std::string_view name, int64_t value) {
  Name(name);
  AppendNumber(value, &text_);
}

void JsonWriter::Text(std::string_view name, std::string_view value) {
  Name(name);
  Quoted(value);
}

void JsonWriter::Bytes(std::string_view name, std::string_view value) {
  if (IsUtf8(value)) return Text(name, value);
  Name(name, "_b64");
  Quoted(Base64Encode(value));
}

void JsonWriter::Null(std::string_view name) {
  Name(name);
  text_.append("null");
}

void JsonWriter::Object(std::string_view name, JsonWriter* value) {
  Name(name);
  text_.append(value->Take());
}

std::string JsonWriter::Take() {
  text_.append("}");
  return std::move(text_);
}

}  // namespace baton::http
