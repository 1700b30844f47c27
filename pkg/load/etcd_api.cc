#include "pkg/load/etcd_api.h"

#include <algorithm>

#include "pkg/http/base64.h"
#include "pkg/load/json_field.h"

namespace baton::load {
namespace {

constexpr std::string_view kKeyStart = "{\"key\":\"";
constexpr std::string_view kEnd = "\"}";

uint64_t Base64Size(uint64_t size) { return (size + 2) / 3 * 4; }

void PostHead(std::string_view path, uint64_t body_size, Outgoing to) {
  to.bytes->append("POST ").append(path).append(" HTTP/1.1\r\nHost: ").append(to.host);
  to.bytes->append("\r\nContent-Type: application/json\r\nContent-Length: ");
  std::string& bytes = *to.bytes;
  uint64_t width = 1;
  for (uint64_t rest = body_size; rest >= 10; rest /= 10) ++width;
  AppendDigits(body_size, width, &bytes);
  bytes.append("\r\n\r\n");
}

std::string WholeGroups(const std::string& text) { return text.substr(0, text.size() / 3 * 3); }

std::vector<std::string> InBase64(std::vector<std::string> texts) {
  for (std::string& text : texts) text = http::Base64Encode(text);
  return texts;
}

// One name for each lock that a client may ask for.
std::vector<std::string> LockNames(const Settings& settings) {
  std::vector<std::string> names;
  for (uint64_t i = 0; i < settings.clients; ++i) names.push_back(LockName(settings.prefix, i));
  return names;
}

}  // namespace

EtcdApi::EtcdApi(const Settings& settings)
    : keys_(settings.prefix, settings.keys, settings.key_size),
      front_base64_(http::Base64Encode(WholeGroups(keys_.front()))),
      front_rest_(keys_.front().substr(WholeGroups(keys_.front()).size())),
      values_base64_(InBase64(MakeValues(settings.value_size, settings.seed))),
      read_end_(settings.stale ? "\",\"serializable\":true}" : "\"}"),
      create_body_("{\"TTL\":\"" + std::to_string(std::max<uint64_t>(settings.ttl_ms / 1000, 1)) +
                   "\"}"),
      locks_base64_(InBase64(LockNames(settings))) {}

uint64_t EtcdApi::key_size() const { return Base64Size(keys_.size()); }

void EtcdApi::AppendKey(uint64_t number, std::string* to) const {
  to->append(front_base64_);
  std::string rest = front_rest_;  // short: in place, no allocation
  AppendDigits(number, keys_.width(), &rest);
  http::AppendBase64(rest, to);
}

void EtcdApi::PutHead(uint64_t number, Outgoing to) const {
  constexpr std::string_view kValue = "\",\"value\":\"";
  PostHead("/v3/kv/put",
           kKeyStart.size() + key_size() + kValue.size() + values_base64_[0].size() + kEnd.size(),
           to);
  to.bytes->append(kKeyStart);
  AppendKey(number, to.bytes);
  to.bytes->append(kValue);
}

void EtcdApi::Put(uint64_t number, uint64_t variant, Outgoing to) const {
  PutHead(number, to);
  to.bytes->append(values_base64_[variant % values_base64_.size()]).append(kEnd);
}

// Twelve digits are whole groups of base64: they change nothing of what follows.
void EtcdApi::PutNumbered(uint64_t number, uint64_t write, Outgoing to) const {
  PutHead(number, to);
  std::string digits;
  AppendDigits(write, kWriteDigits, &digits);
  http::AppendBase64(digits, to.bytes);
  to.bytes->append(std::string_view(values_base64_[0]).substr(Base64Size(kWriteDigits)));
  to.bytes->append(kEnd);
}

void EtcdApi::Range(uint64_t number, std::string_view end, Outgoing to) const {
  PostHead("/v3/kv/range", kKeyStart.size() + key_size() + end.size(), to);
  to.bytes->append(kKeyStart);
  AppendKey(number, to.bytes);
  to.bytes->append(end);
}

void EtcdApi::Get(uint64_t number, Outgoing to) const { Range(number, read_end_, to); }

void EtcdApi::GetNewest(uint64_t number, Outgoing to) const { Range(number, kEnd, to); }

void EtcdApi::Delete(uint64_t number, Outgoing to) const {
  PostHead("/v3/kv/deleterange", kKeyStart.size() + key_size() + kEnd.size(), to);
  to.bytes->append(kKeyStart);
  AppendKey(number, to.bytes);
  to.bytes->append(kEnd);
}

void EtcdApi::Watch(uint64_t number, Outgoing to) const {
  constexpr std::string_view kStart = "{\"create_request\":{\"key\":\"";
  constexpr std::string_view kWatchEnd = "\"}}";
  PostHead("/v3/watch", kStart.size() + key_size() + kWatchEnd.size(), to);
  to.bytes->append(kStart);
  AppendKey(number, to.bytes);
  to.bytes->append(kWatchEnd);
}

void EtcdApi::CreateSession(Outgoing to) const {
  PostHead("/v3/lease/grant", create_body_.size(), to);
  to.bytes->append(create_body_);
}

void EtcdApi::KeepSession(std::string_view session, Outgoing to) const {
  constexpr std::string_view kStart = "{\"ID\":\"";
  PostHead("/v3/lease/keepalive", kStart.size() + session.size() + kEnd.size(), to);
  to.bytes->append(kStart).append(session).append(kEnd);
}

void EtcdApi::CloseSession(std::string_view session, Outgoing to) const {
  constexpr std::string_view kStart = "{\"ID\":\"";
  PostHead("/v3/lease/revoke", kStart.size() + session.size() + kEnd.size(), to);
  to.bytes->append(kStart).append(session).append(kEnd);
}

void EtcdApi::Acquire(uint64_t lock, std::string_view session, Outgoing to) const {
  constexpr std::string_view kStart = "{\"name\":\"";
  constexpr std::string_view kLease = "\",\"lease\":\"";
  const std::string& name = locks_base64_[lock];
  PostHead("/v3/lock/lock",
           kStart.size() + name.size() + kLease.size() + session.size() + kEnd.size(), to);
  to.bytes->append(kStart).append(name).append(kLease).append(session).append(kEnd);
}

void EtcdApi::Release(uint64_t, std::string_view, std::string_view grant, Outgoing to) const {
  PostHead("/v3/lock/unlock", kKeyStart.size() + grant.size() + kEnd.size(), to);
  to.bytes->append(kKeyStart).append(grant).append(kEnd);
}

std::string EtcdApi::ErrorOf(Ask ask, const AnswerView& answer) const {
  if (answer.status != 200) {
    const std::string_view code = NumberField(answer.body, "code");
    return code.empty() ? "http_" + std::to_string(answer.status) : "grpc_" + std::string(code);
  }
  // Neither is an error of gRPC: a key that is not there, a lease that has ended.
  if (ask == Ask::kGet && answer.body.find("\"kvs\"") == std::string_view::npos) {
    return "key_not_found";
  }
  if (ask == Ask::kKeepalive && TextField(answer.body, "TTL").empty()) return "lease_not_found";
  return "";
}

bool EtcdApi::IsGone(const AnswerView& answer) const {
  if (answer.status == 404) return true;
  return answer.status == 200 && answer.body.starts_with("{\"result\"") &&
         TextField(answer.body, "TTL").empty();
}

std::string_view EtcdApi::SessionOf(const AnswerView& answer) const {
  return TextField(answer.body, "ID");
}

std::string_view EtcdApi::GrantOf(const AnswerView& answer) const {
  return TextField(answer.body, "key");
}

Api::WatchLine EtcdApi::ReadWatchLine(std::string_view line, uint64_t* write,
                                      std::string* reason) const {
  if (line.find("\"events\"") != std::string_view::npos) {
    const std::string_view value = TextField(line, "value");
    const auto digits = http::Base64Decode(value.substr(0, Base64Size(kWriteDigits)));
    const bool read = digits.ok() && ReadWriteNumber(*digits, write);
    return read ? WatchLine::kEvent : WatchLine::kOther;
  }
  if (line.find("\"created\":true") != std::string_view::npos) return WatchLine::kBegun;
  if (line.find("\"error\"") == std::string_view::npos &&
      line.find("\"canceled\":true") == std::string_view::npos) {
    return WatchLine::kOther;
  }
  *reason = "watch_cancelled";
  return WatchLine::kEnded;
}

}  // namespace baton::load
