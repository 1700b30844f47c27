#include "cmd/cli/did_you_mean.h"

#include "pkg/base/nearest_name.h"

namespace baton::cli {

std::string DidYouMean(std::string_view name, std::span<const std::string_view> known) {
  const std::string_view nearest = NearestName(name, known);
  return nearest.empty() ? "" : "; did you mean \"" + std::string(nearest) + "\"?";
}

}  // namespace baton::cli
