#include "pkg/load/testing/fake_baton.h"

#include <utility>

#include "pkg/base/check.h"
#include "pkg/load/json_field.h"

namespace baton::load {
namespace {

http::Response Problem(int status, const std::string& code) {
  return http::Response::Json(status, "{\"code\":\"" + code + "\",\"outcome\":\"not_applied\"}");
}

http::Response Ok(const std::string& body) { return http::Response::Json(200, body); }

std::string Session(const http::Request& request) {
  return std::string(TextField(request.body, "session"));
}

}  // namespace

FakeBaton::FakeBaton() {
  http::Router router;
  On(&router, "PUT", "/v1/kv/{key...}", &FakeBaton::Put);
  On(&router, "GET", "/v1/kv/{key...}", &FakeBaton::Get);
  On(&router, "DELETE", "/v1/kv/{key...}", &FakeBaton::Delete);
  On(&router, "GET", "/v1/watch", &FakeBaton::Watch);
  On(&router, "POST", "/v1/sessions", &FakeBaton::CreateSession);
  On(&router, "POST", "/v1/sessions/{id}/keepalive", &FakeBaton::KeepSession);
  On(&router, "DELETE", "/v1/sessions/{id}", &FakeBaton::CloseSession);
  On(&router, "POST", "/v1/locks/{name}/acquire", &FakeBaton::Acquire);
  On(&router, "POST", "/v1/locks/{name}/release", &FakeBaton::Release);
  On(&router, "POST", "/v3/kv/put", &FakeBaton::GatewayPut);
  On(&router, "POST", "/v3/kv/range", &FakeBaton::GatewayRange);
  On(&router, "POST", "/v3/kv/deleterange", &FakeBaton::GatewayDelete);
  On(&router, "POST", "/v3/watch", &FakeBaton::GatewayWatch);
  http::ListenOptions options;
  options.name = "fake";
  auto server = http::Server::Listen(std::move(options), std::move(router), &logger_);
  CHECK(server.ok()) << server.status().ToString();
  server_ = *std::move(server);
  url_ = "http://127.0.0.1:" + std::to_string(server_->port());
  server_->Start();
}

void FakeBaton::Stop() {
  if (!stopped_) server_->Stop(0);
  stopped_ = true;
}

FakeBaton::~FakeBaton() {
  Stop();
  const std::lock_guard lock(mutex_);
  ignored_.clear();
  locks_.clear();
  watches_.clear();
}

void FakeBaton::On(http::Router* router, const std::string& method, const std::string& route,
                   Handler handler) {
  router->Handle(method, route,
                 [this, handler,
                  name = method + " " + route](const std::shared_ptr<http::Exchange>& exchange) {
                   const std::lock_guard lock(mutex_);
                   ++calls_[name];
                   if (!Refused(exchange)) (this->*handler)(exchange);
                 });
}

bool FakeBaton::Refused(const std::shared_ptr<http::Exchange>& exchange) {
  if (ignore_ > 0) {
    --ignore_;
    ignored_.push_back(exchange);
    return true;
  }
  if (refuse_every_ == 0 || !exchange->request().path.starts_with(refuse_path_)) return false;
  if (++refusable_ <= allowed_ || refusable_ % refuse_every_ != 0) return false;
  exchange->Respond(Problem(refuse_status_, refuse_code_));
  return true;
}

void FakeBaton::Put(const std::shared_ptr<http::Exchange>& exchange) {
  const http::Request& request = exchange->request();
  const std::string& key = request.captures.at("key");
  if (first_key_.empty()) first_key_ = key;
  keys_[key] = request.body;
  behind_ = lags_;
  Tell(key, "{\"key\":\"" + key + "\",\"type\":\"put\",\"value\":\"" + request.body + "\"}\n");
  exchange->Respond(Ok("{\"revision\":1}"));
}

void FakeBaton::Tell(const std::string& key, const std::string& line) {
  for (const auto& [watched, stream] : watches_) {
    if (watched == key) stream->Write(line);
  }
}

void FakeBaton::Get(const std::shared_ptr<http::Exchange>& exchange) {
  const http::Request& request = exchange->request();
  const std::string* how = request.Query("consistency");
  const bool stale = how != nullptr && *how == "stale";
  saw_stale_read_ = saw_stale_read_ || stale;
  behind_ = behind_ && stale;
  const auto found = keys_.find(request.captures.at("key"));
  exchange->Respond(behind_ || found == keys_.end() ? Problem(404, "key_not_found")
                                                    : http::Response::Text(200, found->second));
}

void FakeBaton::Delete(const std::shared_ptr<http::Exchange>& exchange) {
  const bool was_there = keys_.erase(exchange->request().captures.at("key")) > 0;
  exchange->Respond(was_there ? http::Response::Text(204, "") : Problem(404, "key_not_found"));
}

void FakeBaton::Watch(const std::shared_ptr<http::Exchange>& exchange) {
  watches_.emplace_back(*exchange->request().Query("key"),
                        exchange->StartStream(http::Response::Text(200, "")));
}

void FakeBaton::CreateSession(const std::shared_ptr<http::Exchange>& exchange) {
  const std::string id = "session-" + std::to_string(next_session_++);
  sessions_.insert(id);
  exchange->Respond(http::Response::Json(201, "{\"id\":\"" + id + "\"}"));
}

void FakeBaton::KeepSession(const std::shared_ptr<http::Exchange>& exchange) {
  const std::string& id = exchange->request().captures.at("id");
  exchange->Respond(sessions_.contains(id) ? Ok("{\"id\":\"" + id + "\"}")
                                           : Problem(404, "session_not_found"));
}

void FakeBaton::CloseSession(const std::shared_ptr<http::Exchange>& exchange) {
  const std::string& id = exchange->request().captures.at("id");
  const bool was_there = sessions_.erase(id) > 0;
  for (auto& [name, lock] : locks_) {
    if (lock.holder == id) FreeLock(&lock);
  }
  exchange->Respond(was_there ? http::Response::Text(204, "") : Problem(404, "session_not_found"));
}

void FakeBaton::Acquire(const std::shared_ptr<http::Exchange>& exchange) {
  const std::string session = Session(exchange->request());
  if (!sessions_.contains(session)) return exchange->Respond(Problem(404, "session_not_found"));
  Lock& lock = locks_[exchange->request().captures.at("name")];
  if (lock.holder.empty() || lock.holder == session) return Grant(&lock, session, exchange.get());
  lock.line.emplace_back(session, exchange);
}

void FakeBaton::Grant(Lock* lock, const std::string& session, http::Exchange* exchange) {
  if (!lock->holder.empty() && lock->holder != session) broken_ = true;
  if (lock->holder != session) lock->token = next_token_++;
  lock->holder = session;
  const std::string token = std::to_string(lock->token);
  exchange->Respond(Ok("{\"holder\":{\"token\":" + token + "},\"token\":" + token + "}"));
}

void FakeBaton::FreeLock(Lock* lock) {
  lock->holder.clear();
  if (lock->line.empty()) return;
  const auto [session, exchange] = lock->line.front();
  lock->line.pop_front();
  Grant(lock, session, exchange.get());
}

void FakeBaton::Release(const std::shared_ptr<http::Exchange>& exchange) {
  const http::Request& request = exchange->request();
  Lock& lock = locks_[request.captures.at("name")];
  const bool holds = lock.holder == Session(request) &&
                     NumberField(request.body, "token") == std::to_string(lock.token);
  if (!holds) {
    broken_ = true;
    return exchange->Respond(Problem(409, "stale_token"));
  }
  exchange->Respond(Ok("{\"revision\":1}"));
  FreeLock(&lock);
}

void FakeBaton::GatewayPut(const std::shared_ptr<http::Exchange>& exchange) {
  const std::string key(TextField(exchange->request().body, "key"));
  const std::string value(TextField(exchange->request().body, "value"));
  keys_[key] = value;
  behind_ = lags_;
  Tell(key, "{\"result\":{\"events\":[{\"kv\":{\"key\":\"" + key + "\",\"value\":\"" + value +
                "\"}}]}}\n");
  exchange->Respond(Ok("{\"header\":{\"revision\":\"2\"}}"));
}

void FakeBaton::GatewayWatch(const std::shared_ptr<http::Exchange>& exchange) {
  watches_.emplace_back(
      TextField(exchange->request().body, "key"),
      exchange->StartStream(http::Response::Text(200, "{\"result\":{\"created\":true}}\n")));
}

void FakeBaton::GatewayRange(const std::shared_ptr<http::Exchange>& exchange) {
  const std::string& body = exchange->request().body;
  const bool stale = body.find("\"serializable\":true") != std::string::npos;
  saw_stale_read_ = saw_stale_read_ || stale;
  behind_ = behind_ && stale;
  const bool found = !behind_ && keys_.contains(std::string(TextField(body, "key")));
  exchange->Respond(
      Ok(found ? "{\"header\":{},\"kvs\":[{\"key\":\"a\"}],\"count\":\"1\"}" : "{\"header\":{}}"));
}

void FakeBaton::GatewayDelete(const std::shared_ptr<http::Exchange>& exchange) {
  keys_.erase(std::string(TextField(exchange->request().body, "key")));
  exchange->Respond(Ok("{\"header\":{}}"));
}

void FakeBaton::RefuseEvery(uint64_t n, const std::string& path, int status,
                            const std::string& code) {
  const std::lock_guard lock(mutex_);
  refuse_every_ = n;
  refuse_path_ = path;
  refuse_status_ = status;
  refuse_code_ = code;
}

void FakeBaton::Ignore(uint64_t count) {
  const std::lock_guard lock(mutex_);
  ignore_ = count;
}

size_t FakeBaton::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_.size();
}

size_t FakeBaton::sessions() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

size_t FakeBaton::holders() const {
  const std::lock_guard guard(mutex_);
  size_t held = 0;
  for (const auto& [name, lock] : locks_) held += lock.holder.empty() ? 0 : 1;
  return held;
}

uint64_t FakeBaton::calls(const std::string& route) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(route);
  return found == calls_.end() ? 0 : found->second;
}

void FakeBaton::RefuseAfter(uint64_t n, const std::string& path, int status,
                            const std::string& code) {
  RefuseEvery(1, path, status, code);
  const std::lock_guard lock(mutex_);
  allowed_ = n;
}

void FakeBaton::Lag() {
  const std::lock_guard lock(mutex_);
  lags_ = true;
}

bool FakeBaton::saw_stale_read() const {
  const std::lock_guard lock(mutex_);
  return saw_stale_read_;
}

std::string FakeBaton::first_key() const {
  const std::lock_guard lock(mutex_);
  return first_key_;
}

bool FakeBaton::broken() const {
  const std::lock_guard lock(mutex_);
  return broken_;
}

}  // namespace baton::load
