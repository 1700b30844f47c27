// What clients coordinate: the commands that were applied, what they brought about, waits, holds
// and watches. What was applied is the same on every node that ran all the time.
#include <array>

#include "pkg/coord/command.h"
#include "pkg/metrics/families.h"

namespace baton::metrics {
namespace {

double Number(uint64_t value) { return static_cast<double>(value); }

constexpr std::array<std::string_view, 8> kEventNames = {
    "",           "kv_put",     "kv_delete", "lock_acquired", "lock_released", "leader_elected",
    "proclaimed", "leader_gone"};

void AddCommands(const node::AppliedMetrics& applied, FamilyList* list) {
  for (size_t kind = 0; kind < applied.commands.size(); ++kind) {
    const node::AppliedMetrics::Command& command = applied.commands[kind];
    const std::string name(coord::CommandName(kind));
    const auto add = [&](std::string_view outcome, const Counter& counter) {
      if (counter.value() == 0 && outcome != "done") return;
      list->Counter("baton_commands_total",
                    "Commands applied, by kind and by what became of them; the same on all nodes.",
                    Number(counter.value()),
                    {{"command", name}, {"outcome", std::string(outcome)}});
    };
    add("done", command.done);
    add("refused", command.refused);
    add("replayed", command.replayed);
  }
}

}  // namespace

void AddAppliedFamilies(const node::AppliedMetrics& applied, FamilyList* list) {
  AddCommands(applied, list);
  uint64_t replayed = 0;
  for (const node::AppliedMetrics::Command& command : applied.commands) {
    replayed += command.replayed.value();
  }
  list->Counter("baton_idempotent_replays_total",
                "Retries that were answered with the first answer; the same on all nodes.",
                Number(replayed));
  for (size_t i = 0; i < applied.refusals.size(); ++i) {
    const bool known = i < node::kRefusalReasons.size();
    const std::string reason(known ? node::kRefusalReasons[i] : "other");
    list->Counter("baton_command_refusals_total",
                  "Commands refused when they were applied, by reason; the same on all nodes.",
                  Number(applied.refusals[i].value()), {{"reason", reason}});
    if (reason != "stale_token") continue;
    list->Counter("baton_fencing_rejections_total",
                  "Changes refused because their fencing token was not the live one; the same on "
                  "all nodes.",
                  Number(applied.refusals[i].value()));
  }
  for (size_t kind = 1; kind < kEventNames.size(); ++kind) {
    list->Counter("baton_events_total", "Events by kind; the same on all nodes.",
                  Number(applied.events[kind].value()), {{"kind", std::string(kEventNames[kind])}});
  }
  list->Counter("baton_session_renewals_total", "Sessions kept alive; the same on all nodes.",
                Number(applied.sessions_renewed.value()));
  constexpr std::string_view kHold = "baton_lock_hold_duration_seconds";
  constexpr std::string_view kHoldHelp =
      "Time from a grant to its end, in cluster time; the same on all nodes.";
  list->Histogram(kHold, kHoldHelp, AllBuckets(applied.lock_hold.Read()), {{"kind", "lock"}});
  list->Histogram(kHold, kHoldHelp, AllBuckets(applied.election_hold.Read()),
                  {{"kind", "election"}});
}

void AddWaitFamilies(const node::NodeMetrics& node, FamilyList* list) {
  constexpr std::string_view kWait = "baton_lock_wait_duration_seconds";
  constexpr std::string_view kWaitHelp = "Time from an acquire at this node until it was granted.";
  list->Histogram(kWait, kWaitHelp, AllBuckets(node.lock_wait.Read()), {{"kind", "lock"}});
  list->Histogram(kWait, kWaitHelp, AllBuckets(node.election_wait.Read()), {{"kind", "election"}});
  list->Counter("baton_watch_events_sent_total",
                "Events given to watches, each as often as it was given.",
                Number(node.watch_events_sent.value()));
}

void AddWatchFamilies(const node::StatusView& status, FamilyList* list) {
  list->Gauge("baton_watches_catching_up", "Watches of this node that read the history.",
              Number(status.watches_catching_up));
  list->Gauge("baton_watch_lag_revisions",
              "How far the watch that is furthest behind is behind the newest revision.",
              Number(status.watch_lag_revisions));
  list->Gauge("baton_watch_held_bytes", "Bytes of events that watches hold and have not sent.",
              Number(status.watch_held_bytes));
}

}  // namespace baton::metrics
