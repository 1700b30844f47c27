#include "test/scenario/transcript.h"

#include <charconv>
#include <fstream>
#include <sstream>
#include <utility>

#include "pkg/base/check.h"

namespace baton::scenario {
namespace {

constexpr std::string_view kSeparator = "----";

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Splits at spaces that are not inside parentheses.
std::vector<std::string> SplitArguments(const std::string& line) {
  std::vector<std::string> parts;
  std::string part;
  int depth = 0;
  for (char c : line) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ' ' && depth == 0) {
      if (!part.empty()) parts.push_back(std::move(part));
      part.clear();
    } else {
      part.push_back(c);
    }
  }
  if (!part.empty()) parts.push_back(part);
  return parts;
}

// "(1, 2,3)" -> 1 2 3;  "x" -> x
std::vector<std::string> SplitValue(const std::string& value) {
  if (!value.starts_with("(") || !value.ends_with(")")) return {value};
  std::vector<std::string> items;
  std::string item;
  for (char c : value.substr(1, value.size() - 2) + ",") {
    if (c == ',') {
      if (!item.empty()) items.push_back(std::move(item));
      item.clear();
    } else if (c != ' ') {
      item.push_back(c);
    }
  }
  return items;
}

Status ParseCommand(const std::string& line, Stanza* stanza) {
  const std::vector<std::string> parts = SplitArguments(line);
  stanza->command = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    if (equals == std::string::npos) {
      stanza->words.push_back(parts[i]);
    } else if (!stanza->values
                    .emplace(parts[i].substr(0, equals), SplitValue(parts[i].substr(equals + 1)))
                    .second) {
      return Status(Code::kInvalidArgument, "line " + std::to_string(stanza->line) + ": " +
                                                parts[i].substr(0, equals) + " is given twice");
    }
  }
  return Status::Ok();
}

// Walks the lines of a file once; each Read takes one part of a stanza.
class Parser {
 public:
  explicit Parser(std::string_view text) : lines_(Lines(text)) {}

  Result<Transcript> Parse() {
    Transcript transcript;
    while (true) {
      std::string head = ReadGap();
      if (next_ == lines_.size()) {
        transcript.tail = std::move(head);
        return transcript;
      }
      Stanza stanza;
      stanza.line = static_cast<int>(next_) + 1;
      BATON_RETURN_IF_ERROR(ReadCommand(&stanza, &head));
      BATON_RETURN_IF_ERROR(ReadInput(&stanza, &head));
      BATON_RETURN_IF_ERROR(ReadExpected(&stanza));
      transcript.stanzas.push_back(std::move(stanza));
      transcript.heads.push_back(std::move(head));
    }
  }

 private:
  std::string ReadGap() {
    std::string gap;
    while (next_ < lines_.size() && (lines_[next_].empty() || lines_[next_][0] == '#')) {
      gap += lines_[next_++] + "\n";
    }
    return gap;
  }

  Status ReadCommand(Stanza* stanza, std::string* head) {
    std::string command;
    bool more = true;
    while (more && next_ < lines_.size()) {
      std::string line = lines_[next_++];
      *head += line + "\n";
      more = line.ends_with("\\");
      if (more) line.pop_back();
      command += line;
    }
    return ParseCommand(command, stanza);
  }

  Status ReadInput(Stanza* stanza, std::string* head) {
    while (next_ < lines_.size() && lines_[next_] != kSeparator) {
      stanza->input += lines_[next_] + "\n";
      *head += lines_[next_++] + "\n";
    }
    if (next_ == lines_.size()) {
      return Status(Code::kInvalidArgument,
                    "line " + std::to_string(stanza->line) + ": no ---- after the command");
    }
    ++next_;
    return Status::Ok();
  }

  Status ReadExpected(Stanza* stanza) {
    const bool doubled = next_ < lines_.size() && lines_[next_] == kSeparator;
    if (doubled) ++next_;
    while (next_ < lines_.size()) {
      if (!doubled && lines_[next_].empty()) return Status::Ok();
      if (doubled && lines_[next_] == kSeparator) break;
      stanza->expected += lines_[next_++] + "\n";
    }
    if (!doubled) return Status::Ok();
    if (next_ + 1 >= lines_.size() || lines_[next_ + 1] != kSeparator) {
      return Status(Code::kInvalidArgument,
                    "line " + std::to_string(stanza->line) + ": output without closing ---- pair");
    }
    next_ += 2;
    return Status::Ok();
  }

  std::vector<std::string> lines_;
  size_t next_ = 0;
};

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  CHECK(file.good()) << "cannot read " << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string EndWithNewline(std::string text) {
  if (!text.empty() && text.back() != '\n') text.push_back('\n');
  return text;
}

}  // namespace

std::string Stanza::Value(const std::string& key, const std::string& fallback) const {
  const auto found = values.find(key);
  if (found == values.end()) return fallback;
  CHECK_EQ(found->second.size(), 1u) << "line " << line << ": " << key << " takes one value";
  return found->second[0];
}

uint64_t Stanza::Number(const std::string& key, uint64_t fallback) const {
  const std::string text = Value(key, std::to_string(fallback));
  uint64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  CHECK(end.ptr == text.data() + text.size()) << "line " << line << ": " << key << "=" << text;
  return number;
}

std::vector<uint64_t> Stanza::Numbers(const std::string& key) const {
  std::vector<uint64_t> numbers;
  const auto found = values.find(key);
  if (found == values.end()) return numbers;
  for (const std::string& item : found->second) {
    Stanza one;
    one.line = line;
    one.values[key] = {item};
    numbers.push_back(one.Number(key, 0));
  }
  return numbers;
}

Result<Transcript> Parse(std::string_view text) { return Parser(text).Parse(); }

std::string Render(const Transcript& transcript, const std::vector<std::string>& outputs) {
  CHECK_EQ(outputs.size(), transcript.stanzas.size());
  std::string text;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string output = EndWithNewline(outputs[i]);
    const bool doubled = output.starts_with("\n") || output.find("\n\n") != std::string::npos;
    text += transcript.heads[i] + "----\n" + (doubled ? "----\n" : "") + output +
            (doubled ? "----\n----\n" : "");
  }
  return text + transcript.tail;
}

std::string RunFile(const std::string& path, bool rewrite,
                    const std::function<std::string(const Stanza&)>& run) {
  const Result<Transcript> transcript = Parse(ReadAll(path));
  if (!transcript.ok()) return path + ": " + transcript.status().message();
  std::vector<std::string> outputs;
  for (const Stanza& stanza : transcript->stanzas) {
    outputs.push_back(EndWithNewline(run(stanza)));
    if (!rewrite && outputs.back() != stanza.expected) {
      return path + ":" + std::to_string(stanza.line) + ": " + stanza.command + "\nexpected:\n" +
             stanza.expected + "printed:\n" + outputs.back();
    }
  }
  if (rewrite) std::ofstream(path, std::ios::binary) << Render(*transcript, outputs);
  return "";
}

}  // namespace baton::scenario
