#include "test/bench/metrics_text.h"

#include <algorithm>
#include <cstdlib>

#include "pkg/base/check.h"
#include "test/integration/cluster.h"

namespace baton::bench {
namespace {

// 'name{labels} value' or 'name value': the labels, if the line is of `name`.
bool ReadsAs(std::string_view line, std::string_view name, std::string_view* labels) {
  if (!line.starts_with(name)) return false;
  line.remove_prefix(name.size());
  *labels = {};
  if (line.starts_with(' ')) return true;
  if (!line.starts_with('{')) return false;  // of a longer name
  *labels = line.substr(0, line.rfind('}') + 1);
  return true;
}

// Not the end of another label's name: what stands before a label is "{" or ",".
bool HasLabel(std::string_view labels, const std::string& label) {
  return labels.find("{" + label) != std::string_view::npos ||
         labels.find("," + label) != std::string_view::npos;
}

}  // namespace

double SumOfSamples(std::string_view text, std::string_view name,
                    const std::vector<std::string>& labels) {
  double sum = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    std::string_view found;
    if (!ReadsAs(line, name, &found)) continue;
    const bool wanted = std::all_of(labels.begin(), labels.end(), [&](const std::string& label) {
      return HasLabel(found, label);
    });
    if (wanted) sum += std::atof(std::string(line.substr(line.rfind(' ') + 1)).c_str());
  }
  return sum;
}

HistogramTotals TotalsOfHistogram(std::string_view text, const std::string& name,
                                  const std::vector<std::string>& labels) {
  return {SumOfSamples(text, name + "_sum", labels), SumOfSamples(text, name + "_count", labels)};
}

std::string ReadMetrics(const std::string& ops_url) {
  const auto answer = integration::Request(ops_url, "GET", "/metrics");
  CHECK(answer.ok()) << answer.status().ToString();
  CHECK_EQ(answer->status, 200);
  return answer->body;
}

}  // namespace baton::bench
