// batonctl compact.

#include <charconv>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cmd/batonctl/answer.h"
#include "cmd/batonctl/commands.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/problem.h"

namespace baton::batonctl {

int RunCompact(const Arguments& arguments, Context* context) {
  const std::string& text = arguments.positionals[0];
  uint64_t revision = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
  if (error != std::errc() || end != text.data() + text.size() || revision == 0) {
    return FailUsage("REVISION is a number greater than 0, not \"" + text + "\"", context);
  }
  int exit_code = kExitOk;
  const auto response =
      Ask(arguments, JsonRequest("POST", "/v1/admin/compact", {{"revision", revision}}), context,
          &exit_code);
  if (!response) return exit_code;
  if (arguments.output == OutputFormat::kJson) {
    PrintJson(*response, context);
  } else {
    *context->out << "compacted up to revision " << Cell(BodyOf(*response), "compact_revision")
                  << "\n";
  }
  return kExitOk;
}

}  // namespace baton::batonctl
