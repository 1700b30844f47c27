#include <algorithm>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "nlohmann/json.hpp"
#include "test/history/json_fields.h"
#include "test/history/json_lines.h"

namespace baton::history {
namespace {

using Json = nlohmann::ordered_json;

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

bool IsUtf8(const std::string& text) {
  const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), ascii)) return true;
  try {
    static_cast<void>(Json(text).dump());
  } catch (const Json::exception&) {
    return false;
  }
  return true;
}

class Writer {
 public:
  explicit Writer(Json* object) : object_(*object) {}

  template <typename Value>
  void Required(const char* name, const Value& value) {
    if constexpr (std::is_same_v<Value, std::string>) {
      Text(name, value);
    } else {
      object_[name] = value;
    }
  }
  template <typename Value>
  void Optional(const char* name, const Value& value) {
    if (value != Value()) Required(name, value);
  }
  template <typename Value>
  void Optional(const char* name, const std::optional<Value>& value) {
    if (value) object_[name] = *value;
  }
  template <typename Enum, typename Names>
  void Word(const char* name, Enum value, Enum, Names names) {
    object_[name] = names(value);
  }
  template <typename Enum, typename Names>
  void OptionalWord(const char* name, Enum value, Enum last, Names names) {
    if (value != Enum()) Word(name, value, last, names);
  }
  template <typename Item, typename ItemFields>
  void List(const char* name, const std::vector<Item>& items, ItemFields fields) {
    if (items.empty()) return;
    Json list = Json::array();
    for (const Item& item : items) {
      Json object = Json::object();
      Writer inner(&object);
      fields(inner, item);
      list.push_back(std::move(object));
    }
    object_[name] = std::move(list);
  }

 private:
  void Text(const char* name, const std::string& text) {
    if (IsUtf8(text)) {
      object_[name] = text;
    } else {
      object_[std::string(name) + "_hex"] = Hex(text);
    }
  }

  Json& object_;
};

template <typename One>
std::string RecordLine(const One& one) {
  Json object = Json::object();
  Writer writer(&object);
  if constexpr (std::is_same_v<One, Operation>) {
    object["record"] = "operation";
    OperationFields(writer, one);
  } else if constexpr (std::is_same_v<One, Watch>) {
    object["record"] = "watch";
    WatchFields(writer, one);
  } else {
    object["record"] = "session_end";
    SessionEndFields(writer, one);
  }
  return object.dump();
}

}  // namespace

std::string ToLine(const Record& record) {
  return std::visit([](const auto& one) { return RecordLine(one); }, record);
}

void WriteHistory(const History& history, std::ostream* output) {
  for (const Operation& operation : history.operations) *output << RecordLine(operation) << '\n';
  for (const Watch& watch : history.watches) *output << RecordLine(watch) << '\n';
  for (const SessionEnd& end : history.session_ends) *output << RecordLine(end) << '\n';
}

}  // namespace baton::history
