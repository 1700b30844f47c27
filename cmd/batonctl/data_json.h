// File: data_json.h
//
// Log entries and rows of the state as JSON, for `batonctl data`. Bytes that are not UTF-8 come as
// FIELD_b64, as in the API. Unlike pkg/coord's own readers these stop at nothing: what cannot be
// understood is shown as base64.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "pkg/base/status.h"
#include "pkg/raft/types.h"

namespace baton::batonctl {

// {"index", "term", "type": "command" | "config" | "empty", ...}: "time_ms" and "command" of a
// command; "config" of a membership change; "data_b64" of what cannot be read.
nlohmann::json EntryJson(const raft::Entry& entry);
nlohmann::json ConfigJson(const raft::ConfigState& config);
// Not OK: no node proposes such data.
Status CheckEntryData(const raft::Entry& entry);

// {"table": "kv", "key": ..., ...}; {"table", "row_b64", "value_b64"} for tables that no reader is
// made for, and for what cannot be read.
nlohmann::json RowJson(std::string_view key, std::string_view value);
// Not OK: a row of a table that can be read, and cannot.
Status CheckRow(std::string_view key, std::string_view value);
// The applied index, if this is the row that holds it and it can be read.
std::optional<Index> AppliedIn(std::string_view key, std::string_view value);

}  // namespace baton::batonctl
