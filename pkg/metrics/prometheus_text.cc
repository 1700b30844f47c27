#include "pkg/metrics/prometheus_text.h"

#include <cctype>
#include <cstdlib>
#include <optional>
#include <set>

namespace baton::metrics {
namespace {

bool IsName(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) return false;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != ':') return false;
  }
  return true;
}

// Takes `{a="b",c="d"}` off the front of *rest; false when it is malformed.
bool TakeLabels(std::string_view* rest, std::map<std::string, std::string>* labels) {
  rest->remove_prefix(1);  // {
  while (!rest->starts_with('}')) {
    const size_t equals = rest->find("=\"");
    if (equals == std::string_view::npos) return false;
    const std::string name(rest->substr(0, equals));
    if (!IsName(name)) return false;
    rest->remove_prefix(equals + 2);
    std::string value;
    while (!rest->empty() && rest->front() != '"') {
      if (rest->front() == '\\') {
        rest->remove_prefix(1);
        if (rest->empty()) return false;
        value += rest->front() == 'n' ? '\n' : rest->front();
      } else {
        value += rest->front();
      }
      rest->remove_prefix(1);
    }
    if (rest->empty() || !labels->emplace(name, value).second) return false;
    rest->remove_prefix(1);  // "
    if (rest->starts_with(',')) rest->remove_prefix(1);
    if (rest->empty()) return false;
  }
  rest->remove_prefix(1);  // }
  return true;
}

std::optional<ParsedSample> ParseSample(std::string_view line) {
  ParsedSample sample;
  const size_t name_end = line.find_first_of("{ ");
  if (name_end == std::string_view::npos) return std::nullopt;
  sample.name = line.substr(0, name_end);
  if (!IsName(sample.name)) return std::nullopt;
  line.remove_prefix(name_end);
  if (line.starts_with('{') && !TakeLabels(&line, &sample.labels)) return std::nullopt;
  if (!line.starts_with(' ')) return std::nullopt;
  const std::string number(line.substr(1));
  char* end = nullptr;
  sample.value = std::strtod(number.c_str(), &end);
  if (number.empty() || *end != '\0') return std::nullopt;
  return sample;
}

class Parser {
 public:
  Status Line(std::string_view line) {
    if (line.starts_with("# HELP ")) return Help(line.substr(7));
    if (line.starts_with("# TYPE ")) return Type(line.substr(7));
    const std::optional<ParsedSample> sample = ParseSample(line);
    if (!sample) return Bad("malformed sample", line);
    const std::string family = FamilyOf(sample->name);
    const auto found = families_.find(family);
    if (found == families_.end() || found->second.type.empty()) return Bad("no TYPE before", line);
    if (!series_.insert({sample->name, sample->labels}).second) return Bad("repeated series", line);
    found->second.samples.push_back(*sample);
    return Status::Ok();
  }

  std::map<std::string, ParsedFamily> Take() { return std::move(families_); }

 private:
  static Status Bad(std::string_view what, std::string_view line) {
    return Status(Code::kInvalidArgument, std::string(what) + ": " + std::string(line));
  }

  Status Help(std::string_view rest) {
    const size_t space = rest.find(' ');
    if (space == std::string_view::npos) return Bad("HELP without text", rest);
    const std::string name(rest.substr(0, space));
    if (!IsName(name) || families_.contains(name)) return Bad("repeated or bad HELP", rest);
    families_[name].help = rest.substr(space + 1);
    return Status::Ok();
  }

  Status Type(std::string_view rest) {
    const size_t space = rest.find(' ');
    if (space == std::string_view::npos) return Bad("TYPE without type", rest);
    ParsedFamily& family = families_[std::string(rest.substr(0, space))];
    if (!family.type.empty() || !family.samples.empty()) return Bad("repeated TYPE", rest);
    family.type = rest.substr(space + 1);
    return Status::Ok();
  }

  std::string FamilyOf(const std::string& sample_name) const {
    for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
      if (!sample_name.ends_with(suffix)) continue;
      const std::string base = sample_name.substr(0, sample_name.size() - suffix.size());
      const auto found = families_.find(base);
      if (found != families_.end() && found->second.type == "histogram") return base;
    }
    return sample_name;
  }

  std::map<std::string, ParsedFamily> families_;
  std::set<std::pair<std::string, std::map<std::string, std::string>>> series_;
};

}  // namespace

Result<std::map<std::string, ParsedFamily>> ParsePrometheusText(std::string_view text) {
  if (!text.empty() && text.back() != '\n') {
    return Status(Code::kInvalidArgument, "the last line has no end");
  }
  Parser parser;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    BATON_RETURN_IF_ERROR(parser.Line(text.substr(0, end)));
    text.remove_prefix(end + 1);
  }
  return parser.Take();
}

}  // namespace baton::metrics
