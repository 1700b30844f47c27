// GET /v1/kv: the keys that begin with a prefix, a page at a time.
//
// A cursor is the last key of the page before, in base64url: it holds no state here, never expires
// and works at any node. Each page is of its own revision; watch from the first page's revision on
// to learn what changed meanwhile.

#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/coord/limits.h"
#include "pkg/http/base64.h"
#include "pkg/http/json.h"
#include "pkg/http/kv_handlers.h"
#include "pkg/http/kv_json.h"

namespace baton::http {
namespace {

constexpr uint64_t kLimitDefault = 100;

std::string ReadCursor(QueryFields* query) {
  const std::string* text = query->Find("cursor");
  if (text == nullptr) return "";
  Result<std::string> after = Base64UrlDecode(*text);
  if (after.ok() && !after->empty()) return *std::move(after);
  query->Fail(Status(Code::kInvalidArgument, "malformed_parameter",
                     "query parameter \"cursor\" is not one that a list answer gave"));
  return "";
}

size_t BytesOf(const coord::KvPage& page) {
  size_t bytes = 0;
  for (const coord::KeyValue& item : page.items) {
    bytes += sizeof(item) + item.key.size() + item.value.size();
  }
  return bytes;
}

Response RenderPage(const coord::KvPage& page, KvPart part, Revision revision) {
  nlohmann::json items = nlohmann::json::array();
  for (const coord::KeyValue& item : page.items) items.push_back(KeyValueJson(item, part));
  nlohmann::json body = {{"items", std::move(items)},
                         {"more", page.more},
                         {"cursor", nullptr},
                         {"revision", revision.value()}};
  if (page.more && !page.items.empty()) body["cursor"] = Base64UrlEncode(page.items.back().key);
  return Response::Json(200, JsonText(body));
}

}  // namespace

void ListKeys(const Call& call) {
  QueryFields query(call.request(), {"prefix", "prefix_b64", "limit", "cursor", "keys_only",
                                     "consistency", "min_revision"});
  const std::string prefix = query.BytesOr("prefix", "");
  const std::string after = ReadCursor(&query);
  const uint64_t limit = query.NumberOr("limit", kLimitDefault, 1, coord::kListItemsMax);
  const KvPart part = query.Flag("keys_only") ? KvPart::kWithoutValue : KvPart::kWithValue;
  const ReadOptions options = ReadOptionsOf(&query);
  if (!query.ok()) return call.Fail(query.status());
  ReadState(call, options, [=](const coord::StateMachine& state) -> Extracted {
    coord::KvPage page = state.List(prefix, after, limit);
    const size_t bytes = BytesOf(page);
    return {[page = std::move(page), part, revision = state.revision()] {
              return RenderPage(page, part, revision);
            },
            bytes};
  });
}

}  // namespace baton::http
