// File: json_fields.h
//
// The fields of each record, once for writing and reading: Fields(archive, record) names them in
// order. Internal to json_lines.
#pragma once

#include "test/history/operation.h"

namespace baton::history {

inline constexpr Kind kLastKind = Kind::kCompact;
inline constexpr Space kLastSpace = Space::kElection;
inline constexpr Outcome kLastOutcome = Outcome::kUnknown;

// Archive: Required and Optional for numbers, texts, flags and optional numbers; Word for an
// enumeration of which `name` knows the words up to `last`; List for a list of objects.
template <typename Archive, typename Op>
void OperationFields(Archive& archive, Op& operation) {
  archive.Word("kind", operation.kind, kLastKind, KindName);
  archive.Required("client", operation.client);
  archive.Optional("node", operation.node);
  archive.Optional("attempts", operation.attempts);
  archive.OptionalWord("space", operation.space, kLastSpace, SpaceName);
  archive.Optional("key", operation.key);
  archive.Optional("value", operation.value);
  archive.Optional("expected_revision", operation.expected_revision);
  archive.Optional("session", operation.session);
  archive.Optional("guard_lock", operation.guard_lock);
  archive.Optional("token", operation.token);
  archive.Optional("ttl_ms", operation.ttl_ms);
  archive.Optional("compact_to", operation.compact_to);
  archive.Optional("min_revision", operation.min_revision);
  archive.Required("call_us", operation.call_us);
  archive.Optional("return_us", operation.return_us);
  archive.Word("outcome", operation.outcome, kLastOutcome, OutcomeName);
  archive.Optional("error", operation.error);
  archive.Optional("revision", operation.revision);
  archive.Optional("replayed", operation.replayed);
  archive.Optional("found", operation.found);
  archive.Optional("found_value_omitted", operation.found_value_omitted);
  archive.Optional("found_value", operation.found_value);
  archive.Optional("found_mod_revision", operation.found_mod_revision);
  archive.Optional("found_session", operation.found_session);
  archive.Optional("granted_token", operation.granted_token);
  archive.Optional("holder_session", operation.holder_session);
  archive.Optional("ticket", operation.ticket);
}

template <typename Archive, typename Event>
void EventFields(Archive& archive, Event& event) {
  archive.Required("revision", event.revision);
  archive.Required("type", event.kind);
  archive.Optional("key", event.key);
  archive.Optional("value", event.value);
  archive.Optional("session", event.session);
  archive.Optional("token", event.token);
}

template <typename Archive, typename OneDelivery>
void DeliveryFields(Archive& archive, OneDelivery& delivery) {
  archive.Required("at_us", delivery.at_us);
  archive.Required("through", delivery.through);
  archive.List("events", delivery.events,
               [](auto& inner, auto& event) { EventFields(inner, event); });
}

template <typename Archive, typename OneWatch>
void WatchFields(Archive& archive, OneWatch& watch) {
  archive.Required("client", watch.client);
  archive.Optional("node", watch.node);
  archive.OptionalWord("space", watch.space, kLastSpace, SpaceName);
  archive.Optional("prefix", watch.prefix);
  archive.Optional("exact", watch.exact);
  archive.Optional("from", watch.from);
  archive.Required("call_us", watch.call_us);
  archive.Optional("end_us", watch.end_us);
  archive.Optional("end_error", watch.end_error);
  archive.List("deliveries", watch.deliveries,
               [](auto& inner, auto& delivery) { DeliveryFields(inner, delivery); });
}

template <typename Archive, typename End>
void SessionEndFields(Archive& archive, End& end) {
  archive.Required("session", end.session);
  archive.Required("at_us", end.at_us);
  archive.Optional("expired", end.expired);
  archive.Optional("revision", end.revision);
}

}  // namespace baton::history
