#include "test/tidy/code_text.h"

#include <cctype>

namespace baton::tidy {
namespace {

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Walks over the text once; each Skip function goes past one construct from its first character.
class Blanker {
 public:
  Blanker(std::string_view text, bool blank_literals)
      : text_(text), out_(text), blank_literals_(blank_literals) {}

  std::string Run() {
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("//")) {
        Blank(EndOf("\n", false));
      } else if (rest.starts_with("/*")) {
        Blank(EndOf("*/", true));
      } else if (rest[0] == '"') {
        SkipLiteral(IsRaw() ? EndOfRaw() : EndOfQuoted('"'));
      } else if (rest[0] == '\'' && !IsDigitSeparator()) {
        SkipLiteral(EndOfQuoted('\''));
      } else {
        ++at_;
      }
    }
    return std::move(out_);
  }

 private:
  // The position of (or after) the next `mark` beyond the first two characters.
  size_t EndOf(std::string_view mark, bool after) const {
    const size_t found = text_.find(mark, at_ + 2);
    if (found == std::string_view::npos) return text_.size();
    return after ? found + mark.size() : found;
  }

  size_t EndOfQuoted(char quote) const {
    for (size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == quote || text_[i] == '\n') {
        return i + 1;
      }
    }
    return text_.size();
  }

  // R"delimiter( ... )delimiter"
  size_t EndOfRaw() const {
    const size_t open = text_.find('(', at_);
    if (open == std::string_view::npos) return text_.size();
    const std::string close = ")" + std::string(text_.substr(at_ + 1, open - at_ - 1)) + "\"";
    const size_t found = text_.find(close, open);
    return found == std::string_view::npos ? text_.size() : found + close.size();
  }

  bool IsRaw() const {
    if (at_ == 0 || text_[at_ - 1] != 'R') return false;
    return at_ == 1 || !IsWord(text_[at_ - 2]) || text_[at_ - 2] == '8' || text_[at_ - 2] == 'L';
  }

  // The ' of 30'000: inside a word that begins with a digit.
  bool IsDigitSeparator() const {
    size_t start = at_;
    while (start > 0 && (IsWord(text_[start - 1]) || text_[start - 1] == '\'')) --start;
    return start < at_ && std::isdigit(static_cast<unsigned char>(text_[start])) != 0;
  }

  void SkipLiteral(size_t end) {
    const size_t last = end - 1;
    ++at_;
    if (blank_literals_ && last > at_) Blank(last);
    at_ = end;
  }

  void Blank(size_t end) {
    for (; at_ < end; ++at_) {
      if (out_[at_] != '\n') out_[at_] = ' ';
    }
  }

  std::string_view text_;
  std::string out_;
  bool blank_literals_;
  size_t at_ = 0;
};

}  // namespace

std::string WithoutComments(std::string_view text) { return Blanker(text, false).Run(); }

std::string CodeOnly(std::string_view text) { return Blanker(text, true).Run(); }

std::string CodeWithoutDirectives(std::string_view text) {
  std::string code = CodeOnly(text);
  bool directive = false;
  bool at_line_start = true;
  for (size_t i = 0; i < code.size(); ++i) {
    if (code[i] == '\n') {
      directive = directive && i > 0 && text[i - 1] == '\\';
      at_line_start = true;
      continue;
    }
    if (at_line_start && code[i] == '#') directive = true;
    if (code[i] != ' ') at_line_start = false;
    if (directive) code[i] = ' ';
  }
  return code;
}

}  // namespace baton::tidy
