#include "test/fault/arguments.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>

#include "pkg/base/planted.h"

namespace baton::fault {
namespace {

Arguments g_arguments;

// The number after `name`, if the argument has that name.
std::optional<uint64_t> NumberAfter(std::string_view name, std::string_view argument) {
  if (!argument.starts_with(name)) return std::nullopt;
  argument.remove_prefix(name.size());
  uint64_t number = 0;
  const char* const end = argument.data() + argument.size();
  const auto parsed = std::from_chars(argument.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || number == 0) return std::nullopt;
  return number;
}

bool Take(std::string_view argument) {
  if (const auto seed = NumberAfter("--seed=", argument)) {
    g_arguments.first_seed = *seed;
    g_arguments.seeds = 1;
    return true;
  }
  if (const auto seeds = NumberAfter("--seeds=", argument)) {
    g_arguments.seeds = *seeds;
    return true;
  }
  if (const auto operations = NumberAfter("--operations=", argument)) {
    g_arguments.operations = static_cast<int>(*operations);
    return true;
  }
  if (argument.starts_with("--planted=")) {
    return PlantBug(argument.substr(argument.find('=') + 1));
  }
  return false;
}

}  // namespace

const Arguments& GivenArguments() { return g_arguments; }

int RunTests(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with("--gtest") || Take(argument)) continue;
    std::fprintf(stderr, "Unknown argument %s; see test/fault/arguments.h.\n", argv[i]);
    return 2;
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

}  // namespace baton::fault
