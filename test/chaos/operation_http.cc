#include "test/chaos/operation_http.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "pkg/base/check.h"

namespace baton::chaos {
namespace {

using history::Kind;
using history::Operation;
using history::Outcome;
using history::Space;
using nlohmann::json;

std::string QueuePath(const Operation& operation, const std::string& lock_verb,
                      const std::string& election_verb) {
  const bool is_lock = operation.space == Space::kLock;
  std::string path = is_lock ? "/v1/locks/" : "/v1/elections/";
  path += http::PercentEncode(operation.key);
  const std::string& verb = is_lock ? lock_verb : election_verb;
  return verb.empty() ? path : path + "/" + verb;
}

std::string KeyPath(const Operation& operation) {
  std::string query;
  const auto add = [&query](const std::string& name, const std::string& value) {
    query += (query.empty() ? "?" : "&") + name + "=" + value;
  };
  if (operation.kind == Kind::kGetStale) add("consistency", "stale");
  if (operation.kind == Kind::kPut && operation.session != 0) {
    add("session", SessionText(operation.session));
  }
  if (!operation.guard_lock.empty()) {
    add("lock", http::PercentEncode(operation.guard_lock));
    add("token", std::to_string(operation.token));
  }
  if (operation.expected_revision) add("return", "current");
  return "/v1/kv/" + http::PercentEncode(operation.key) + query;
}

void AskForPrecondition(const Operation& operation, http::ClientRequest* request) {
  if (!operation.expected_revision) return;
  if (*operation.expected_revision == 0) {
    request->headers["If-None-Match"] = "*";
  } else {
    request->headers["If-Match"] = "\"" + std::to_string(*operation.expected_revision) + "\"";
  }
}

void Post(std::string target, const json& body, http::ClientRequest* request) {
  request->method = "POST";
  request->target = std::move(target);
  request->headers["Content-Type"] = "application/json";
  request->body = body.dump();
}

void AskForKey(const Operation& operation, http::ClientRequest* request) {
  request->target = KeyPath(operation);
  if (operation.kind == Kind::kPut) {
    request->method = "PUT";
    request->headers["Content-Type"] = "application/octet-stream";
    request->body = operation.value;
  } else if (operation.kind == Kind::kDelete) {
    request->method = "DELETE";
  } else {
    request->headers["Accept"] = "application/json";
  }
  AskForPrecondition(operation, request);
}

// Locks and elections.
void AskLine(const Operation& operation, int64_t wait_ms, http::ClientRequest* request) {
  json body = {{"session", SessionText(operation.session)}};
  const json held = {{"session", SessionText(operation.session)}, {"token", operation.token}};
  switch (operation.kind) {
    case Kind::kAcquire:
      body["value"] = operation.value;
      if (wait_ms > 0) body["wait"] = wait_ms;
      return Post(QueuePath(operation, "acquire", "campaign"), body, request);
    case Kind::kRelease:
      return Post(QueuePath(operation, "release", "resign"), held, request);
    case Kind::kProclaim:
      body = held;
      body["value"] = operation.value;
      return Post(QueuePath(operation, "", "proclaim"), body, request);
    case Kind::kVerify:
      return Post(QueuePath(operation, "verify", "verify"), {{"token", operation.token}}, request);
    case Kind::kHolder:
      request->target = QueuePath(operation, "", "");
      return;
    default:
      CHECK(false) << "no request for " << history::KindName(operation.kind);
  }
}

// --- answers ---

struct Answer {
  int status = 0;
  uint64_t revision = 0;  // of the header
  bool replayed = false;
  json body;  // an object, perhaps empty
};

uint64_t Number(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

std::string Text(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

json Object(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : json::object();
}

Answer Parse(const http::ClientResponse& response) {
  Answer answer;
  answer.status = response.status;
  answer.body = json::parse(response.body, nullptr, false);
  if (!answer.body.is_object()) answer.body = json::object();
  const auto revision = response.headers.find("x-revision");
  if (revision != response.headers.end()) {
    const std::string& text = revision->second;
    std::from_chars(text.data(), text.data() + text.size(), answer.revision);
  }
  answer.replayed = response.headers.contains("idempotency-replayed");
  return answer;
}

void TakeItem(const json& item, Operation* operation) {
  operation->found = !item.empty();
  operation->found_value = Text(item, "value");
  operation->found_mod_revision = Number(item, "mod_revision");
  operation->found_session = SessionNumber(Text(item, "session"));
}

void TakeHolder(const json& holder, Operation* operation) {
  operation->found = !holder.empty();
  operation->found_value = Text(holder, "value");
  operation->holder_session = SessionNumber(Text(holder, "session"));
  operation->granted_token = Number(holder, "token");
}

void TakeSuccess(const Answer& answer, Operation* operation) {
  operation->outcome = Outcome::kOk;
  operation->revision = answer.revision;
  operation->replayed = answer.replayed;
  switch (operation->kind) {
    case Kind::kPut:
      TakeItem(answer.body, operation);
      operation->found_value = operation->value;
      break;
    case Kind::kGet:
    case Kind::kGetStale:
      TakeItem(answer.body, operation);
      break;
    case Kind::kDelete:
      operation->found = true;
      operation->found_value_omitted = true;
      break;
    case Kind::kSessionCreate:
      operation->session = SessionNumber(Text(answer.body, "id"));
      break;
    case Kind::kAcquire:
      operation->granted_token = Number(answer.body, "token");
      operation->ticket = Number(answer.body, "ticket");
      break;
    case Kind::kHolder:
      TakeHolder(Object(answer.body, operation->space == Space::kLock ? "holder" : "leader"),
                 operation);
      break;
    default:
      break;
  }
}

// Refusals that are a decision of the replicated state, and not of the node that was asked.
bool IsDecision(const std::string& code) {
  static constexpr std::array<std::string_view, 15> kDecisions = {
      "precondition_failed", "key_not_found",     "session_not_found", "session_exists",
      "stale_token",         "guard_required",    "lock_held",         "guarded_by_other_lock",
      "leadership_held",     "wait_timed_out",    "ticket_not_found",  "too_many_owned",
      "too_many_waiters",    "too_many_sessions", "future_revision"};
  return std::find(kDecisions.begin(), kDecisions.end(), code) != kDecisions.end();
}

bool IsRead(Kind kind) {
  return kind == Kind::kGet || kind == Kind::kGetStale || kind == Kind::kVerify ||
         kind == Kind::kHolder;
}

void TakeProblem(const Answer& answer, Operation* operation) {
  const std::string code = Text(answer.body, "code");
  const std::string outcome = Text(answer.body, "outcome");
  operation->error = code.empty() ? "http_" + std::to_string(answer.status) : code;
  if (code == "key_not_found" &&
      (operation->kind == Kind::kGet || operation->kind == Kind::kGetStale)) {
    operation->error.clear();
    operation->revision = answer.revision;
    operation->outcome = Outcome::kOk;
    return;
  }
  if (outcome == "not_applied" && IsDecision(code)) {
    operation->outcome = Outcome::kRefused;
    operation->replayed = answer.replayed;
    if (code == "precondition_failed") TakeItem(Object(answer.body, "current"), operation);
    return;
  }
  const bool is_harmless = outcome == "not_applied" || IsRead(operation->kind);
  operation->outcome = is_harmless ? Outcome::kNotApplied : Outcome::kUnknown;
}

}  // namespace

http::ClientRequest RequestOf(const Operation& operation, const RequestOptions& options) {
  http::ClientRequest request;
  switch (operation.kind) {
    case Kind::kPut:
    case Kind::kDelete:
    case Kind::kGet:
    case Kind::kGetStale:
      AskForKey(operation, &request);
      break;
    case Kind::kSessionCreate:
      Post("/v1/sessions", {{"ttl", operation.ttl_ms}}, &request);
      break;
    case Kind::kSessionKeep:
      Post("/v1/sessions/" + SessionText(operation.session) + "/keepalive", json::object(),
           &request);
      break;
    case Kind::kSessionDestroy:
      request.method = "DELETE";
      request.target = "/v1/sessions/" + SessionText(operation.session);
      break;
    case Kind::kCompact:
      Post("/v1/admin/compact", {{"revision", operation.compact_to}}, &request);
      break;
    default:
      AskLine(operation, options.wait_ms, &request);
  }
  if (!options.idempotency_key.empty() && !IsRead(operation.kind)) {
    request.headers["Idempotency-Key"] = options.idempotency_key;
  }
  request.headers["Request-Timeout"] = std::to_string(options.timeout_ms) + "ms";
  return request;
}

void TakeAnswer(const Result<http::ClientResponse>& answer, Operation* operation) {
  operation->error.clear();
  if (answer.ok()) {
    const Answer parsed = Parse(*answer);
    const bool success = parsed.status >= 200 && parsed.status < 300;
    return success ? TakeSuccess(parsed, operation) : TakeProblem(parsed, operation);
  }
  operation->error = answer.status().reason();
  const bool is_harmless =
      answer.status().outcome() == baton::Outcome::kNotApplied || IsRead(operation->kind);
  operation->outcome = is_harmless ? Outcome::kNotApplied : Outcome::kUnknown;
}

std::string SessionText(uint64_t session) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (size_t i = text.size(); i > 0; --i, session >>= 4) text[i - 1] = kDigits[session & 15];
  return text;
}

uint64_t SessionNumber(const std::string& text) {
  uint64_t session = 0;
  std::from_chars(text.data(), text.data() + text.size(), session, 16);
  return session;
}

}  // namespace baton::chaos
