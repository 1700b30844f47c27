// File: json_writer.h
//
// The text of an object, member by member and without a tree: for the answers of the calls that are
// made most. The same text as JsonText gives of the same members:
//
//   JsonWriter json;
//   json.Bytes("key", key);
//   json.Number("revision", revision.value());
//   response.body = json.Take();
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace baton::http {

// Names come in ascending order, each once (CHECK): the order in which JsonText writes them. They
// are plain: letters, digits and '_'.
class JsonWriter {
 public:
  JsonWriter() { text_.reserve(256); }

  void Number(std::string_view name, uint64_t value);
  void SignedNumber(std::string_view name, int64_t value);
  void Text(std::string_view name, std::string_view value);  // what is not UTF-8 becomes U+FFFD
  // As SetBytes: `name` with the text or, when it is not UTF-8, `name`_b64 with its base64.
  void Bytes(std::string_view name, std::string_view value);
  void Null(std::string_view name);
  // Takes the member over; nothing can be written to it any more.
  void Object(std::string_view name, JsonWriter* value);

  // The whole text, once.
  std::string Take();

 private:
  void Name(std::string_view name, std::string_view suffix = "");
  void Quoted(std::string_view value);

  std::string text_ = "{";
  std::string last_name_;
};

}  // namespace baton::http
