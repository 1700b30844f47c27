// File: member_json.h
//
// The members of the cluster as the API shows them, and how a request names one.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "pkg/base/ids.h"
#include "pkg/http/api.h"
#include "pkg/node/status_view.h"

namespace baton::http {

// Voters and learners, by id.
nlohmann::json MembersJson(const ApiContext& context, const node::StatusView& view);
// Who waits to be added.
nlohmann::json WaitingJson(const ApiContext& context);

// The member with this name or number; 0: there is none.
NodeId FindMember(const ApiContext& context, const node::StatusView& view, const std::string& text);

}  // namespace baton::http
