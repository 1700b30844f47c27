#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"
#include "test/history/json_fields.h"
#include "test/history/json_lines.h"

namespace baton::history {
namespace {

using Json = nlohmann::json;

Status Wrong(const std::string& field, const std::string& what) {
  return Status(Code::kInvalidArgument, "field \"" + field + "\": " + what);
}

std::optional<std::string> FromHex(const std::string& hex) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit(hex[i]);
    const int low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

// Takes the fields of one object; the first thing that is wrong stays in `status`.
class Reader {
 public:
  Reader(const Json& object, std::string path, const ReadLimits& limits)
      : object_(object), path_(std::move(path)), limits_(limits) {}

  template <typename Value>
  void Required(const char* name, Value& value) {
    if (!Take(name, value)) Fail(name, "is missing");
  }
  template <typename Value>
  void Optional(const char* name, Value& value) {
    Take(name, value);
  }
  template <typename Value>
  void Optional(const char* name, std::optional<Value>& value) {
    Value taken{};
    if (Take(name, taken)) value = taken;
  }
  template <typename Enum, typename Names>
  void Word(const char* name, Enum& value, Enum last, Names names) {
    if (!TakeWord(name, value, last, names)) Fail(name, "is missing");
  }
  template <typename Enum, typename Names>
  void OptionalWord(const char* name, Enum& value, Enum last, Names names) {
    TakeWord(name, value, last, names);
  }
  template <typename Item, typename ItemFields>
  void List(const char* name, std::vector<Item>& items, ItemFields fields) {
    const Json* list = Find(name);
    if (list == nullptr) return;
    if (!list->is_array()) return Fail(name, "must be a list");
    if (list->size() > limits_.events_max) {
      return Fail(Status(Code::kTooLarge,
                         "field \"" + path_ + name + "\": has " + std::to_string(list->size()) +
                             " items; the limit is " + std::to_string(limits_.events_max)));
    }
    items.reserve(list->size());
    for (size_t i = 0; i < list->size() && status_.ok(); ++i) {
      Item& item = items.emplace_back();
      const std::string path = path_ + name + "[" + std::to_string(i) + "]";
      if (!(*list)[i].is_object()) return Fail(Wrong(path, "must be an object"));
      Reader inner((*list)[i], path + ".", limits_);
      fields(inner, item);
      Fail(inner.Done());
    }
  }

  // What nobody took is a mistake.
  Status Done() {
    if (!status_.ok()) return status_;
    if (taken_ == object_.size()) return Status::Ok();
    for (const auto& [name, value] : object_.items()) {
      if (!known_.contains(name)) return Wrong(path_ + name, "is not known");
    }
    return Status::Ok();
  }

 private:
  const Json* Find(const std::string& name) {
    const auto found = object_.find(name);
    if (found == object_.end()) return nullptr;
    ++taken_;
    known_.insert(name);
    return &*found;
  }

  bool Take(const std::string& name, bool& value) {
    const Json* found = Find(name);
    if (found == nullptr) return false;
    if (!found->is_boolean()) Fail(name, "must be true or false");
    if (status_.ok()) value = found->get<bool>();
    return true;
  }
  bool Take(const std::string& name, uint64_t& value) {
    const Json* found = Find(name);
    if (found == nullptr) return false;
    if (!found->is_number_unsigned()) Fail(name, "must be a whole number of 0 or more");
    if (status_.ok()) value = found->get<uint64_t>();
    return true;
  }
  bool Take(const std::string& name, int64_t& value) {
    const Json* found = Find(name);
    if (found == nullptr) return false;
    const bool fits = found->is_number_integer() &&
                      (!found->is_number_unsigned() || found->get<uint64_t>() <= INT64_MAX);
    if (!fits) Fail(name, "must be a whole number below 2^63");
    if (status_.ok()) value = found->get<int64_t>();
    return true;
  }
  bool Take(const std::string& name, std::string& value) {
    if (const Json* found = Find(name)) {
      if (!found->is_string()) Fail(name, "must be a text");
      if (status_.ok()) value = found->get<std::string>();
      return true;
    }
    const Json* found = Find(name + "_hex");
    if (found == nullptr) return false;
    std::optional<std::string> bytes;
    if (found->is_string()) bytes = FromHex(found->get<std::string>());
    if (!bytes) Fail(name + "_hex", "must be pairs of hexadecimal digits");
    if (bytes) value = *std::move(bytes);
    return true;
  }
  template <typename Enum, typename Names>
  bool TakeWord(const char* name, Enum& value, Enum last, Names names) {
    std::string word;
    if (!Take(name, word)) return false;
    for (int i = 0; i <= static_cast<int>(last); ++i) {
      if (word != names(static_cast<Enum>(i))) continue;
      value = static_cast<Enum>(i);
      return true;
    }
    Fail(name, "\"" + word + "\" is none of its words");
    return true;
  }

  void Fail(const std::string& name, const std::string& what) { Fail(Wrong(path_ + name, what)); }
  void Fail(Status status) {
    if (status_.ok()) status_ = std::move(status);
  }

  const Json& object_;
  std::string path_;
  const ReadLimits& limits_;
  size_t taken_ = 0;
  std::set<std::string, std::less<>> known_;
  Status status_;
};

template <typename One, typename OneFields>
Result<Record> ReadOne(const Json& object, const ReadLimits& limits, OneFields fields) {
  Reader reader(object, "", limits);
  std::string record;
  reader.Required("record", record);
  One one;
  fields(reader, one);
  BATON_RETURN_IF_ERROR(reader.Done());
  return Record(std::move(one));
}

// A parser of JSON answers deep nesting with a deep stack.
bool NestsTooDeep(std::string_view line) {
  int depth = 0;
  bool in_text = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kNestingMax) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

Status AtLine(const Status& status, size_t number) {
  return Status(status.code(), "line " + std::to_string(number) + ": " + status.message());
}

}  // namespace

Result<Record> FromLine(std::string_view line, const ReadLimits& limits) {
  if (line.size() > limits.line_bytes_max) {
    return Status(Code::kTooLarge, "the line has " + std::to_string(line.size()) +
                                       " bytes; the limit is " +
                                       std::to_string(limits.line_bytes_max));
  }
  if (NestsTooDeep(line)) {
    return Status(Code::kTooLarge,
                  "JSON nests deeper than the limit of " + std::to_string(kNestingMax));
  }
  const Json object = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded()) return Status(Code::kInvalidArgument, "it is not JSON");
  if (!object.is_object()) return Status(Code::kInvalidArgument, "it is no JSON object");
  const auto kind = object.find("record");
  if (kind == object.end()) return Wrong("record", "is missing");
  if (*kind == "operation") {
    return ReadOne<Operation>(object, limits, [](auto& r, auto& one) { OperationFields(r, one); });
  }
  if (*kind == "watch") {
    return ReadOne<Watch>(object, limits, [](auto& r, auto& one) { WatchFields(r, one); });
  }
  if (*kind == "session_end") {
    return ReadOne<SessionEnd>(object, limits,
                               [](auto& r, auto& one) { SessionEndFields(r, one); });
  }
  return Wrong("record", "must be \"operation\", \"watch\" or \"session_end\"");
}

Result<History> ReadHistory(std::istream* input, const ReadLimits& limits) {
  History history;
  std::string line;
  for (size_t number = 1;; ++number) {
    line.clear();
    // One byte at a time from the stream's buffer, so that an endless line is not read to its end.
    int c = 0;
    while ((c = input->rdbuf()->sbumpc()) != EOF && c != '\n') {
      line += static_cast<char>(c);
      if (line.size() > limits.line_bytes_max) break;
    }
    if (!line.empty()) {
      Result<Record> record = FromLine(line, limits);
      if (!record.ok()) return AtLine(record.status(), number);
      if (history.size() == limits.records_max) {
        return Status(Code::kTooLarge, "line " + std::to_string(number) +
                                           ": there are more records than the limit of " +
                                           std::to_string(limits.records_max));
      }
      history.Add(*std::move(record));
    }
    if (c == EOF) break;
  }
  if (input->bad()) return Status(Code::kIo, "the history cannot be read");
  return history;
}

}  // namespace baton::history
