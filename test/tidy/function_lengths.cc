#include "test/tidy/function_lengths.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "test/tidy/code_text.h"

namespace baton::tidy {
namespace {

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view FirstWord(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), IsWord);
  return text.substr(0, static_cast<size_t>(end - text.begin()));
}

std::string_view TrimStart(std::string_view text) {
  while (!text.empty() && IsSpace(text[0])) text.remove_prefix(1);
  return text;
}

// Without a leading `template <...>`.
std::string_view WithoutTemplate(std::string_view head) {
  if (FirstWord(head) != "template") return head;
  int depth = 0;
  for (size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '<') ++depth;
    if (head[i] == '>' && --depth == 0) return TrimStart(head.substr(i + 1));
  }
  return head;
}

bool IsComparison(char c) { return c == '=' || c == '<' || c == '>' || c == '!'; }

// Whether a single '=' stands outside all parentheses: an initializer, not a signature. The one of
// `operator=` is none.
bool HasAssignment(std::string_view head) {
  int depth = 0;
  for (size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '(' || head[i] == '[') ++depth;
    if (head[i] == ')' || head[i] == ']') --depth;
    if (head[i] != '=' || depth != 0) continue;
    const bool compares =
        (i > 0 && IsComparison(head[i - 1])) || (i + 1 < head.size() && head[i + 1] == '=');
    const bool names_operator = head.substr(0, i).find("operator") != std::string_view::npos;
    if (!compares && !names_operator) return true;
  }
  return false;
}

// Whether the head ends within the initializers of a constructor, `A() : b_`, so that its brace
// initializes a member.
bool IsInMemberInitializer(std::string_view head) {
  const size_t last = head.find_last_not_of(" \n");
  if (last == std::string_view::npos || (!IsWord(head[last]) && head[last] != '>')) return false;
  int depth = 0;
  bool parameters_seen = false;
  for (size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '(') ++depth;
    if (head[i] == ')' && --depth == 0) parameters_seen = true;
    if (head[i] != ':' || depth != 0 || !parameters_seen) continue;
    const bool scope = head[i - 1] == ':' || (i + 1 < head.size() && head[i + 1] == ':');
    if (!scope) return true;
  }
  return false;
}

enum class Block { kContainer, kFunction, kOther };

// What the brace after `head` opens, outside of functions.
Block Classify(std::string_view head) {
  static constexpr std::array<std::string_view, 7> kContainers = {
      "namespace", "inline", "class", "struct", "union", "enum", "extern"};
  head = WithoutTemplate(TrimStart(head));
  const bool has_parameters = head.find('(') != std::string_view::npos;
  const bool container =
      std::find(kContainers.begin(), kContainers.end(), FirstWord(head)) != kContainers.end();
  if (container && !has_parameters) return Block::kContainer;
  return has_parameters && !HasAssignment(head) ? Block::kFunction : Block::kOther;
}

class Walker {
 public:
  explicit Walker(std::string_view text) : code_(CodeWithoutDirectives(text)) {}

  std::vector<FunctionLength> Run() {
    for (at_ = 0; at_ < code_.size(); ++at_) Step(code_[at_]);
    return std::move(lengths_);
  }

 private:
  struct Open {
    Block block;
    int line;           // where its head begins
    int parentheses;    // open outside of it
    bool in_head;       // a part of the head around it, which goes on after it
    size_t head_start;  // of the head around it
  };

  void Step(char c) {
    if (c == '\n') ++line_;
    if (c == '(') ++parentheses_;
    if (c == ')') --parentheses_;
    if (c == '{') OpenBrace();
    if (c == '}') CloseBrace();
    if (c == ';' && parentheses_ == 0) StartHead();
    if (c == ':' && IsAccessSpecifier()) StartHead();
  }

  void StartHead() { head_start_ = at_ + 1; }

  std::string_view Head() const {
    return std::string_view(code_).substr(head_start_, at_ - head_start_);
  }

  bool IsAccessSpecifier() const {
    const std::string_view head = TrimStart(Head());
    return head == "public" || head == "protected" || head == "private";
  }

  void OpenBrace() {
    const bool outside = std::all_of(open_.begin(), open_.end(), [](const Open& open) {
      return open.block == Block::kContainer;
    });
    const bool in_head = parentheses_ > 0 || (outside && IsInMemberInitializer(Head()));
    const Block block = outside && !in_head ? Classify(Head()) : Block::kOther;
    const std::string_view head = TrimStart(Head());
    const auto head_lines = static_cast<int>(std::count(head.begin(), head.end(), '\n'));
    open_.push_back({.block = block,
                     .line = line_ - head_lines,
                     .parentheses = parentheses_,
                     .in_head = in_head,
                     .head_start = head_start_});
    parentheses_ = 0;
    StartHead();
  }

  void CloseBrace() {
    StartHead();
    if (open_.empty()) return;
    const Open open = open_.back();
    open_.pop_back();
    parentheses_ = open.parentheses;
    if (open.block == Block::kFunction) {
      lengths_.push_back({.line = open.line, .lines = line_ - open.line + 1});
    }
    if (open.in_head) head_start_ = open.head_start;
  }

  std::string code_;
  std::vector<FunctionLength> lengths_;
  std::vector<Open> open_;
  size_t at_ = 0;
  size_t head_start_ = 0;
  int line_ = 1;
  int parentheses_ = 0;
};

}  // namespace

std::vector<FunctionLength> FunctionLengths(std::string_view text) { return Walker(text).Run(); }

}  // namespace baton::tidy
