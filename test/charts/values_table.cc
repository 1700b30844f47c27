#include "test/charts/values_table.h"

#include <algorithm>
#include <sstream>
#include <utility>

namespace baton::charts {
namespace {

constexpr char kHead[] = "| value | default | what it is |\n|---|---|---|\n";

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin);
}

// The value of the comment above a key, without the name; empty when it does not begin with it.
std::string CommentOf(const std::string& comment, const std::string& key) {
  const std::string beginning = key + " - ";
  return comment.starts_with(beginning) ? comment.substr(beginning.size()) : "";
}

std::string Cell(const std::string& text) {
  std::string cell;
  for (const char c : text) cell += c == '|' ? "\\|" : std::string(1, c);
  return cell;
}

}  // namespace

std::vector<ValueLine> ReadValues(const std::string& text, std::vector<std::string>* problems) {
  std::vector<ValueLine> values;
  std::vector<std::pair<size_t, std::string>> above;  // indentation and path
  std::string comment;
  size_t piece = std::string::npos;  // the indentation of a key whose lower ones need no comment
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const size_t indentation = std::min(line.find_first_not_of(' '), line.size());
    const std::string rest = Trimmed(line);
    if (rest.starts_with("# ")) {
      comment += (comment.empty() ? "" : " ") + rest.substr(2);
      continue;
    }
    const size_t colon = rest.find(':');
    if (rest.empty() || rest.starts_with('-') || colon == std::string::npos) {
      comment.clear();
      continue;
    }
    while (!above.empty() && above.back().first >= indentation) above.pop_back();
    const std::string key = rest.substr(0, colon);
    const std::string path = above.empty() ? key : above.back().second + "." + key;
    above.emplace_back(indentation, path);
    const std::string words = CommentOf(std::exchange(comment, ""), key);
    if (!words.empty()) {
      values.push_back({path, words, Trimmed(rest.substr(colon + 1)), number});
      piece = indentation;
    } else if (piece == std::string::npos || indentation <= piece) {
      problems->push_back("line " + std::to_string(number) + ": no comment begins with \"" + key +
                          " - \"");
    }
  }
  return values;
}

std::string RenderTable(const std::vector<ValueLine>& values) {
  std::string table = kHead;
  for (size_t i = 0; i < values.size(); ++i) {
    const ValueLine& value = values[i];
    const bool has_parts =
        i + 1 < values.size() && values[i + 1].path.starts_with(value.path + ".");
    std::string shown = value.value.empty() ? "see values.yaml" : "`" + Cell(value.value) + "`";
    if (has_parts) shown = "";
    table += "| `" + value.path + "` | " + shown + (shown.empty() ? "" : " ") + "| " +
             Cell(value.text) + " |\n";
  }
  return table;
}

std::string WithTable(const std::string& page, const std::string& table) {
  const size_t begin = page.find(kHead);
  if (begin == std::string::npos) return page;
  const size_t end = page.find("\n\n", begin);
  return page.substr(0, begin) + table + (end == std::string::npos ? "" : page.substr(end + 1));
}

}  // namespace baton::charts
