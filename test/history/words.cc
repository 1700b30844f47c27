#include "test/history/words.h"

#include <cstdio>

namespace baton::history {
namespace {

constexpr size_t kQuotedMax = 60;

bool IsLine(const Operation& operation) { return operation.space != Space::kKv; }

std::string WhatIsAsked(const Operation& operation) {
  std::string text = KindName(operation.kind);
  if (IsLine(operation)) text += std::string(" of the ") + SpaceName(operation.space);
  if (!operation.key.empty()) text += (IsLine(operation) ? " " : " of ") + Quoted(operation.key);
  if (!operation.value.empty()) text += " = " + Quoted(operation.value);
  if (operation.expected_revision) {
    text += *operation.expected_revision == 0
                ? " if absent"
                : " if last changed at revision " + std::to_string(*operation.expected_revision);
  }
  if (operation.session != 0) text += " of session " + std::to_string(operation.session);
  if (!operation.guard_lock.empty()) text += " under lock " + Quoted(operation.guard_lock);
  if (operation.token != 0) text += " with token " + std::to_string(operation.token);
  return text;
}

std::string WhatIsFound(const Operation& operation) {
  std::string text;
  if (operation.revision != 0) text += ", revision " + std::to_string(operation.revision);
  if (operation.granted_token != 0) text += ", token " + std::to_string(operation.granted_token);
  if (operation.found && operation.found_mod_revision != 0) {
    text += ", key of revision " + std::to_string(operation.found_mod_revision);
  }
  if (operation.replayed) text += ", replayed";
  return text;
}

}  // namespace

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text.substr(0, kQuotedMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
      quoted += c;
    } else {
      char escaped[5];
      std::snprintf(escaped, sizeof(escaped), "\\x%02x", byte);
      quoted += escaped;
    }
  }
  return quoted + (text.size() > kQuotedMax ? "...\"" : "\"");
}

std::string Seconds(int64_t time_us) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.6f s", static_cast<double>(time_us) / 1e6);
  return text;
}

std::string Describe(const Operation& operation) {
  std::string text = WhatIsAsked(operation) + " by client " + std::to_string(operation.client) +
                     " at node " + std::to_string(operation.node) + " (called at " +
                     Seconds(operation.call_us);
  if (operation.attempts > 1) text += ", " + std::to_string(operation.attempts) + " attempts";
  if (!operation.return_us) return text + ", never answered)";
  text += std::string(", answered ") + OutcomeName(operation.outcome);
  if (!operation.error.empty()) text += " " + operation.error;
  return text + " at " + Seconds(*operation.return_us) + WhatIsFound(operation) + ")";
}

std::string Describe(const WatchedEvent& event) {
  std::string text = "event " + event.kind + " of " + Quoted(event.key);
  if (!event.value.empty()) text += " = " + Quoted(event.value);
  if (event.session != 0) text += " of session " + std::to_string(event.session);
  if (event.token != 0) text += " with token " + std::to_string(event.token);
  return text + " at revision " + std::to_string(event.revision);
}

std::string Describe(const Watch& watch) {
  std::string text = watch.exact ? "watch of " : "watch of all with ";
  text = std::string(SpaceName(watch.space)) + " " + text + Quoted(watch.prefix) + " by client " +
         std::to_string(watch.client) + " at node " + std::to_string(watch.node);
  text += watch.from == 0 ? " from now on" : " from revision " + std::to_string(watch.from);
  return "the " + text + " (called at " + Seconds(watch.call_us) + ")";
}

}  // namespace baton::history
