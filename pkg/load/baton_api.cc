#include "pkg/load/baton_api.h"

#include <array>

#include "pkg/load/json_field.h"

namespace baton::load {
namespace {

constexpr std::string_view kVersionAndHost = " HTTP/1.1\r\nHost: ";
constexpr std::string_view kJson = "\r\nContent-Type: application/json\r\nContent-Length: ";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

std::string LockPrefix(const std::string& prefix) {
  std::string name = LockName(prefix, 0);
  name.pop_back();
  return "/v1/locks/" + name;
}

void AppendNumber(uint64_t number, std::string* to) {
  std::array<char, 20> digits;
  size_t at = digits.size();
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  to->append(&digits[at], digits.size() - at);
}

// What follows the target of a POST, up to the body.
void JsonHead(uint64_t body_size, Outgoing to) {
  to.bytes->append(kVersionAndHost).append(to.host).append(kJson);
  AppendNumber(body_size, to.bytes);
  to.bytes->append(kHeadEnd);
}

}  // namespace

BatonApi::BatonApi(const Settings& settings)
    : keys_(settings.prefix, settings.keys, settings.key_size),
      values_(MakeValues(settings.value_size, settings.seed)),
      value_length_("\r\nContent-Length: " + std::to_string(settings.value_size) + "\r\n\r\n"),
      read_query_(settings.stale ? "?consistency=stale" : ""),
      lock_prefix_(LockPrefix(settings.prefix)),
      wait_("\",\"wait\":" + std::to_string(settings.timeout_ms) + "}"),
      create_body_("{\"ttl\":" + std::to_string(settings.ttl_ms) +
                   ",\"name\":\"batonctl bench\"}") {}

void BatonApi::KeyHead(std::string_view method, uint64_t number, std::string_view query,
                       Outgoing to) const {
  to.bytes->append(method).append(" /v1/kv/");
  keys_.Append(number, to.bytes);
  to.bytes->append(query).append(kVersionAndHost).append(to.host);
}

void BatonApi::Put(uint64_t number, uint64_t variant, Outgoing to) const {
  KeyHead("PUT", number, "", to);
  to.bytes->append(value_length_).append(values_[variant % values_.size()]);
}

void BatonApi::PutNumbered(uint64_t number, uint64_t write, Outgoing to) const {
  KeyHead("PUT", number, "", to);
  to.bytes->append(value_length_);
  AppendDigits(write, kWriteDigits, to.bytes);
  to.bytes->append(std::string_view(values_[0]).substr(kWriteDigits));
}

void BatonApi::Get(uint64_t number, Outgoing to) const {
  KeyHead("GET", number, read_query_, to);
  to.bytes->append(kHeadEnd);
}

void BatonApi::GetNewest(uint64_t number, Outgoing to) const {
  KeyHead("GET", number, "", to);
  to.bytes->append(kHeadEnd);
}

void BatonApi::Delete(uint64_t number, Outgoing to) const {
  KeyHead("DELETE", number, "", to);
  to.bytes->append(kHeadEnd);
}

void BatonApi::Watch(uint64_t number, Outgoing to) const {
  to.bytes->append("GET /v1/watch?key=");
  keys_.Append(number, to.bytes);
  to.bytes->append(kVersionAndHost).append(to.host);
  to.bytes->append("\r\nAccept: application/x-ndjson").append(kHeadEnd);
}

void BatonApi::CreateSession(Outgoing to) const {
  to.bytes->append("POST /v1/sessions");
  JsonHead(create_body_.size(), to);
  to.bytes->append(create_body_);
}

void BatonApi::KeepSession(std::string_view session, Outgoing to) const {
  to.bytes->append("POST /v1/sessions/").append(session).append("/keepalive");
  JsonHead(0, to);
}

void BatonApi::CloseSession(std::string_view session, Outgoing to) const {
  to.bytes->append("DELETE /v1/sessions/").append(session);
  to.bytes->append(kVersionAndHost).append(to.host).append(kHeadEnd);
}

void BatonApi::Acquire(uint64_t lock, std::string_view session, Outgoing to) const {
  constexpr std::string_view kStart = "{\"session\":\"";
  to.bytes->append("POST ").append(lock_prefix_);
  AppendNumber(lock, to.bytes);
  to.bytes->append("/acquire");
  JsonHead(kStart.size() + session.size() + wait_.size(), to);
  to.bytes->append(kStart).append(session).append(wait_);
}

void BatonApi::Release(uint64_t lock, std::string_view session, std::string_view grant,
                       Outgoing to) const {
  constexpr std::string_view kStart = "{\"session\":\"";
  constexpr std::string_view kToken = "\",\"token\":";
  to.bytes->append("POST ").append(lock_prefix_);
  AppendNumber(lock, to.bytes);
  to.bytes->append("/release");
  JsonHead(kStart.size() + session.size() + kToken.size() + grant.size() + 1, to);
  to.bytes->append(kStart).append(session).append(kToken).append(grant).append("}");
}

std::string BatonApi::ErrorOf(Ask ask, const AnswerView& answer) const {
  if (answer.status == 202 && ask == Ask::kAcquire) return "still_in_line";
  if (answer.status >= 200 && answer.status < 300) return "";
  const std::string_view code = TextField(answer.body, "code");
  return code.empty() ? "http_" + std::to_string(answer.status) : std::string(code);
}

std::string_view BatonApi::SessionOf(const AnswerView& answer) const {
  return TextField(answer.body, "id");
}

std::string_view BatonApi::GrantOf(const AnswerView& answer) const {
  return NumberField(answer.body, "token");
}

Api::WatchLine BatonApi::ReadWatchLine(std::string_view line, uint64_t* write,
                                       std::string* reason) const {
  const std::string_view type = TextField(line, "type");
  if (type == "put" && ReadWriteNumber(TextField(line, "value"), write)) return WatchLine::kEvent;
  if (type != "compacted" && type != "evicted") return WatchLine::kOther;
  *reason = type;
  return WatchLine::kEnded;
}

}  // namespace baton::load
