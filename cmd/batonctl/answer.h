// File: answer.h
//
// What the commands share: ask, then print.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "cmd/batonctl/api_client.h"
#include "cmd/batonctl/command_line.h"
#include "cmd/batonctl/context.h"

namespace baton::batonctl {

// Calls. nullopt: it failed, the reason was said, and *exit_code is set.
std::optional<ApiResponse> Ask(const Arguments& arguments, const ApiRequest& request,
                               Context* context, int* exit_code);

// A request with a JSON body.
ApiRequest JsonRequest(std::string method, std::string target, const nlohmann::json& body);

// The answer's body, and an end of line if it has none; "{}" when it is empty.
void PrintJson(const ApiResponse& response, Context* context);

// The body as JSON; null when it is none.
nlohmann::json BodyOf(const ApiResponse& response);
// The field as people read it: strings as they are, numbers in digits, absent and null as "-".
std::string Cell(const nlohmann::json& object, std::string_view field);
// A field of bytes, which comes as FIELD_b64 when it is not UTF-8; then as "base64:...".
std::string BytesCell(const nlohmann::json& object, const std::string& field);

// Lists end here when nobody asked for more, and say so.
inline constexpr uint64_t kListItemsDefault = 10'000;
// Follows the pages of a list: `target` has its query already, `field` holds the items, at most
// `limit` of them. nullopt: it failed, as Ask.
std::optional<nlohmann::json> AskForList(const Arguments& arguments, const std::string& target,
                                         const std::string& field, uint64_t limit, Context* context,
                                         int* exit_code);

}  // namespace baton::batonctl
