#include "cmd/batonctl/batonctl.h"

#include <ostream>

#include "cmd/batonctl/commands.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/help.h"
#include "cmd/batonctl/problem.h"
#include "cmd/cli/version.h"

namespace baton::batonctl {

int Run(std::span<const std::string> arguments, Context* context) {
  const Result<ParsedLine> parsed =
      ParseCommandLine(arguments, context->environment, AllCommands());
  if (!parsed.ok()) return FailUsage(parsed.status().message(), context);
  switch (parsed->kind) {
    case ParsedLine::Kind::kHelp:
      *context->out << (parsed->help_for != nullptr
                            ? RenderCommandHelp(*parsed->help_for)
                            : RenderHelp(AllCommands(), parsed->help_group));
      return kExitOk;
    case ParsedLine::Kind::kVersion:
      *context->out << "batonctl " << cli::kVersion << "\n";
      return kExitOk;
    case ParsedLine::Kind::kRun:
      break;
  }
  return parsed->arguments.spec->run(parsed->arguments, context);
}

}  // namespace baton::batonctl
