// File: usage.h
//
// What batond says about itself: texts made from the table of settings.
#pragma once

#include <string>

#include "cmd/batond/config.h"
#include "cmd/batond/setting_values.h"

namespace baton::batond {

// --help: what it is, examples, every setting by group with default and variable, exit codes.
std::string RenderHelp();
// --help-markdown: SETTINGS.md.
std::string RenderMarkdown();
// --print-config: every setting with its value and where it came from, as a file that batond reads.
std::string RenderValues(const SettingValues& values);
// --check-config: one line.
std::string RenderSummary(const Config& config);

}  // namespace baton::batond
