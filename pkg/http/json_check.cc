// CheckJson: one pass over the bytes with a stack of its own, so that depth costs no thread stack.

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <vector>

#include "pkg/http/json.h"

namespace baton::http {
namespace {

// RFC 8259.
class JsonChecker {
 public:
  JsonChecker(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  Status Run() {
    SkipBlanks();
    Value();
    while (ok_ && !open_.empty()) Member();
    if (ok_ && at_ < text_.size()) Fail("nothing may follow the value");
    return error_;
  }

 private:
  // An array or object that is not closed yet.
  struct Open {
    bool is_object = false;
    bool has_members = false;
    std::set<std::string> names;
  };

  bool Fail(const std::string& rule) { return FailAt(at_, rule); }
  bool FailAt(size_t offset, const std::string& rule) {
    if (ok_) {
      error_ = Status(Code::kInvalidArgument, "malformed_json",
                      "malformed JSON at byte " + std::to_string(offset) + ": " + rule);
    }
    ok_ = false;
    return false;
  }

  // The character at hand; NUL at the end (a NUL in the text fits nowhere either).
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  void SkipBlanks() {
    while (Peek() == ' ' || Peek() == '\t' || Peek() == '\n' || Peek() == '\r') ++at_;
  }

  // One value, or the opening of one.
  void Value() {
    if (++values_ > limits_.values_max) {
      Fail("more than " + std::to_string(limits_.values_max) + " values");
      return;
    }
    const char first = Peek();
    if (first == '{' || first == '[') {
      OpenContainer(first == '{');
    } else if (first == '"') {
      String(nullptr);
    } else if (first == '-' || IsDigit(first)) {
      Number();
    } else {
      Word();
    }
    SkipBlanks();
  }

  void OpenContainer(bool is_object) {
    if (open_.size() == limits_.depth_max) {
      Fail("nested deeper than " + std::to_string(limits_.depth_max));
      return;
    }
    ++at_;
    open_.push_back({is_object, false, {}});
  }

  // The next member of what is open, or its end.
  void Member() {
    Open& open = open_.back();
    if (Take(open.is_object ? '}' : ']')) {
      open_.pop_back();
      SkipBlanks();
      return;
    }
    if (open.has_members) {
      if (!Take(',')) {
        Fail(open.is_object ? "expected ',' or '}'" : "expected ',' or ']'");
        return;
      }
      SkipBlanks();
    }
    open.has_members = true;
    if (open.is_object && !Name(&open)) return;
    Value();
  }

  bool Name(Open* object) {
    const size_t start = at_;
    if (Peek() != '"') return Fail("expected a field name in quotes");
    std::string name;
    if (!String(&name)) return false;
    if (!object->names.insert(std::move(name)).second) return FailAt(start, "a field given twice");
    SkipBlanks();
    if (!Take(':')) return Fail("expected ':' after the field name");
    SkipBlanks();
    return true;
  }

  void Word() {
    for (const std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return;
    }
    Fail(at_ == text_.size() ? "the text ends where a value is expected" : "not a value");
  }

  // From quote to quote. Appends what it stands for to *decoded, if wanted.
  bool String(std::string* decoded) {
    ++at_;
    while (at_ < text_.size()) {
      const auto c = static_cast<uint8_t>(text_[at_]);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        if (!Escape(decoded)) return false;
        continue;
      }
      if (c < 0x20) return Fail("a control character in a string must be escaped");
      const size_t size = Utf8SequenceBytes(text_.substr(at_));
      if (size == 0) return Fail("a string that is not UTF-8");
      if (decoded != nullptr) decoded->append(text_.substr(at_, size));
      at_ += size;
    }
    return Fail("the text ends inside a string");
  }

  bool Escape(std::string* decoded) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const size_t start = at_++;
    const char letter = Peek();
    ++at_;
    if (letter == 'u') return UnicodeEscape(start, decoded);
    const size_t which = kLetters.find(letter);
    if (letter == '\0' || which == std::string_view::npos) {
      return FailAt(start, "an escape that does not exist");
    }
    if (decoded != nullptr) decoded->push_back(kMeanings[which]);
    return true;
  }

  // After "\u".
  bool UnicodeEscape(size_t start, std::string* decoded) {
    uint32_t point = 0;
    if (!FourHexDigits(&point)) return FailAt(start, "\\u needs four hexadecimal digits");
    if (point >= 0xdc00 && point <= 0xdfff) return FailAt(start, "half of a surrogate pair");
    if (point >= 0xd800 && point <= 0xdbff) {
      uint32_t low = 0;
      const bool paired =
          Take('\\') && Take('u') && FourHexDigits(&low) && low >= 0xdc00 && low <= 0xdfff;
      if (!paired) return FailAt(start, "half of a surrogate pair");
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    if (decoded != nullptr) AppendUtf8(point, decoded);
    return true;
  }

  bool FourHexDigits(uint32_t* value) {
    const std::string_view digits = text_.substr(at_, 4);
    if (digits.size() < 4) return false;
    const auto parsed = std::from_chars(digits.data(), digits.data() + 4, *value, 16);
    if (parsed.ec != std::errc() || parsed.ptr != digits.data() + 4) return false;
    at_ += 4;
    return true;
  }

  static void AppendUtf8(uint32_t point, std::string* out) {
    const auto push = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
    if (point < 0x80) {
      push(point);
      return;
    }
    if (point < 0x800) {
      push(0xc0 | point >> 6);
    } else if (point < 0x10000) {
      push(0xe0 | point >> 12);
      push(0x80 | (point >> 6 & 0x3f));
    } else {
      push(0xf0 | point >> 18);
      push(0x80 | (point >> 12 & 0x3f));
      push(0x80 | (point >> 6 & 0x3f));
    }
    push(0x80 | (point & 0x3f));
  }

  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  bool Digits() {
    if (!IsDigit(Peek())) return Fail("expected a digit");
    while (IsDigit(Peek())) ++at_;
    return true;
  }

  void Number() {
    const size_t start = at_;
    Take('-');
    if (Take('0')) {
      if (IsDigit(Peek())) {
        FailAt(start, "a number must not begin with 0");
        return;
      }
    } else if (!Digits()) {
      return;
    }
    bool is_integer = true;
    if (Take('.')) {
      is_integer = false;
      if (!Digits()) return;
    }
    if (Take('e') || Take('E')) {
      is_integer = false;
      if (!Take('+')) Take('-');
      if (!Digits()) return;
    }
    const std::string_view number = text_.substr(start, at_ - start);
    if (is_integer ? !FitsInteger(number) : !IsFinite(number)) {
      FailAt(start, is_integer ? "an integer beyond 64 bits" : "a number that is too large");
    }
  }

  static bool FitsInteger(std::string_view number) {
    const char* const end = number.data() + number.size();
    int64_t negative = 0;
    uint64_t positive = 0;
    const auto parsed = number[0] == '-' ? std::from_chars(number.data(), end, negative)
                                         : std::from_chars(number.data(), end, positive);
    return parsed.ec == std::errc();
  }
  static bool IsFinite(std::string_view number) {
    return std::isfinite(std::strtod(std::string(number).c_str(), nullptr));
  }

  const std::string_view text_;
  const JsonLimits limits_;
  size_t at_ = 0;
  size_t values_ = 0;
  std::vector<Open> open_;
  bool ok_ = true;
  Status error_;
};

}  // namespace

Status CheckJson(std::string_view text, const JsonLimits& limits) {
  return JsonChecker(text, limits).Run();
}

}  // namespace baton::http
