// Three batond beside three etcd members on this machine: the measures of measures.h in alternating
// rounds, as a table, as JSON and as a picture. Without etcd ours alone. Not 0 when a round failed.
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "test/bench/comparison.h"
#include "test/bench/etcd/measures.h"
#include "test/bench/etcd/rounds.h"
#include "test/bench/picture.h"

namespace baton::bench {
namespace {

constexpr char kUsage[] =
    "usage: compare [--etcd-server=PROGRAM --etcd-driver=PROGRAM] [--measures=A,B] [--rounds=N]\n"
    "               [--seconds=S] [--output=FILE] [--picture=FILE] [--quick]\n"
    "  --etcd-server, --etcd-driver  scripts/bench-peers builds both\n"
    "  --measures  names, or their beginnings up to a \"-\"\n"
    "  --rounds    of each measure, 1 to 100 (5)\n"
    "  --seconds   that a load takes on each side in each round, 0.1 to 600 (3)\n"
    "  --output    where the JSON goes\n"
    "  --picture   where the SVG goes\n"
    "  --quick     one short round of each: whether it works, not how fast\n";

struct Options {
  RoundsOptions rounds;
  std::vector<std::string> measures;
  std::string output;
  std::string picture;
};

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

bool ParseOption(const std::string& argument, Options* options) {
  const size_t equals = argument.find('=');
  const std::string name = argument.substr(0, equals);
  if (equals == std::string::npos) {
    options->rounds.quick = name == "--quick";
    return options->rounds.quick;
  }
  const std::string value = argument.substr(equals + 1);
  if (name == "--rounds") return ParseNumber(value, 1, 100, &options->rounds.rounds);
  if (name == "--seconds") return ParseNumber(value, 0.1, 600.0, &options->rounds.seconds);
  if (name == "--measures") {
    options->measures = SplitAtCommas(value);
    return true;
  }
  std::string* const text = name == "--etcd-server"   ? &options->rounds.etcd_server
                            : name == "--etcd-driver" ? &options->rounds.etcd_driver
                            : name == "--output"      ? &options->output
                            : name == "--picture"     ? &options->picture
                                                      : nullptr;
  if (text != nullptr) *text = value;
  return text != nullptr;
}

bool Write(const std::string& path, const std::string& text) {
  if (path.empty()) return true;
  const Status status = WriteWhole(path, text);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok();
}

int Main(const Options& options) {
  const auto measures = ChooseMeasures(options.measures);
  if (!measures.ok()) {
    std::fprintf(stderr, "%s\n", measures.status().message().c_str());
    return 2;
  }
  Rounds rounds(options.rounds);
  std::vector<Comparison> comparisons;
  bool good = true;
  for (size_t i = 0; i < measures->size(); ++i) {
    const Measure& measure = (*measures)[i];
    std::fprintf(stderr, "%zu of %zu: %s\n", i + 1, measures->size(), measure.name.c_str());
    const size_t rows_before = comparisons.size();
    const Status status = rounds.Run(measure, &comparisons);
    if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
    good = good && status.ok();
    const std::vector<Comparison> rows(comparisons.begin() + static_cast<long>(rows_before),
                                       comparisons.end());
    std::fputs(TableOf(rows).c_str(), stderr);
  }
  std::fputs(TableOf(comparisons).c_str(), stdout);
  std::puts("ratio: of the same round, ours better above 1; median (least to most) of the rounds");
  good = Write(options.output, JsonOf(comparisons)) && good;
  good = Write(options.picture, PictureOf(comparisons,
                                          "Baton beside etcd: ratios, above 1 is better"
                                          " for Baton")) &&
         good;
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  baton::bench::Options options;
  for (int i = 1; i < argc; ++i) {
    if (baton::bench::ParseOption(argv[i], &options)) continue;
    std::fputs(baton::bench::kUsage, stderr);
    return 2;
  }
  return baton::bench::Main(options);
}
