#include "pkg/base/nearest_name.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace baton {

size_t EditDistance(std::string_view a, std::string_view b) {
  // Three rows of the table: before_previous is needed for swaps.
  std::vector<size_t> before_previous(b.size() + 1), previous(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitution = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1, substitution});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_previous[j - 2] + 1);
    }
    std::swap(before_previous, previous);
    std::swap(previous, row);
  }
  return previous[b.size()];
}

std::string_view NearestName(std::string_view name, std::span<const std::string_view> known) {
  constexpr size_t kNameBytesMax = 64;
  name = name.substr(0, kNameBytesMax);
  std::string_view nearest;
  size_t nearest_distance = name.size() / 2 + 1;
  for (const std::string_view candidate : known) {
    const size_t distance = EditDistance(name, candidate);
    if (distance >= nearest_distance) continue;
    nearest = candidate;
    nearest_distance = distance;
  }
  return nearest;
}

}  // namespace baton
