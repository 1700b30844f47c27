// batonctl: Baton from a shell.

#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "cmd/batonctl/batonctl.h"
#include "cmd/batonctl/signals.h"
#include "pkg/base/system_clock.h"

int main(int argc, char** argv, char** variables) {
  using namespace baton::batonctl;
  IgnoreBrokenPipes();
  const baton::SystemClock clock;
  Context context;
  context.in = &std::cin;
  context.out = &std::cout;
  context.err = &std::cerr;
  context.clock = &clock;
  context.open_signals = OpenSignals;
  for (char** variable = variables; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) {
      context.environment[text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const int exit_code = Run(arguments, &context);
  std::cout.flush();
  return exit_code;
}
