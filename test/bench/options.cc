#include "test/bench/options.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>

#include "test/bench/comparison.h"

namespace baton::bench {
namespace {

template <typename Number>
bool ParseNumber(std::string_view text, Number least, Number most, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size() && *number >= least &&
         *number <= most;
}

std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

bool ParseOne(const std::string& name, const std::string& value, Options* options) {
  if (name == "rounds") return ParseNumber(value, 1, 100, &options->rounds);
  if (name == "seconds") return ParseNumber(value, 0.1, 600.0, &options->seconds);
  if (name == "only") {
    options->only = SplitAtCommas(value);
  } else if (name == "output") {
    options->output = value;
  } else if (name == "picture") {
    options->picture = value;
  } else {
    return false;
  }
  return !value.empty();
}

bool Write(const std::string& path, const std::string& text) {
  if (path.empty()) return true;
  const Status status = WriteWhole(path, text);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok();
}

}  // namespace

bool Options::Wants(std::string_view name) const {
  return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
}

bool ParseOptions(const std::vector<std::string>& arguments,
                  const std::set<std::string_view>& known, Options* options) {
  for (const std::string& argument : arguments) {
    if (!argument.starts_with("--")) return false;
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (!known.contains(name)) return false;
    if (name == "quick") {
      if (equals != std::string::npos) return false;
      options->quick = true;
    } else if (equals == std::string::npos ||
               !ParseOne(name, argument.substr(equals + 1), options)) {
      return false;
    }
  }
  return true;
}

int RunProgram(int argc, char** argv, const std::set<std::string_view>& known,
               const std::string& usage, Options defaults, int (*run)(const Options&)) {
  if (ParseOptions({argv + 1, argv + argc}, known, &defaults)) return run(defaults);
  std::fputs(usage.c_str(), stderr);
  return 2;
}

bool WriteOutputs(const Options& options, const std::string& json, const std::string& picture) {
  const bool written = Write(options.output, json);
  return Write(options.picture, picture) && written;
}

}  // namespace baton::bench
