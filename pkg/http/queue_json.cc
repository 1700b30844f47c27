#include "pkg/http/queue_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/http/json.h"
#include "pkg/http/json_fields.h"

namespace baton::http {

const QueueWords& LockWords() {
  static const QueueWords words = {coord::QueueKind::kLock, "holder", "waiters", "waiters_total"};
  return words;
}

const QueueWords& ElectionWords() {
  static const QueueWords words = {coord::QueueKind::kElection, "leader", "candidates",
                                   "candidates_total"};
  return words;
}

QueueView CopyQueue(const coord::StateMachine& state, coord::QueueKind kind,
                    const std::string& name, QueuePart part) {
  coord::QueueInfo info = state.Queue(kind, name);
  QueueView view;
  view.name = name;
  view.now_ms = state.now_ms();
  view.revision = state.revision();
  if (info.holder) {
    const std::optional<coord::SessionInfo> session = state.Session(info.holder->session);
    view.holder = HolderView{*std::move(info.holder), session ? session->deadline_ms : 0};
  }
  if (part == QueuePart::kHolder) return view;
  view.waiters = std::move(info.waiters);
  view.waiters_total = info.waiters_total;
  return view;
}

nlohmann::json HolderJson(const coord::Holder& holder, int64_t now_ms) {
  nlohmann::json json = {{"session", FormatSessionId(holder.session)},
                         {"token", holder.token.value()},
                         {"held_ms", std::max<int64_t>(0, now_ms - holder.acquired_ms)}};
  SetBytes(&json, "value", holder.value);
  return json;
}

void WriteHolder(const coord::Holder& holder, int64_t now_ms, JsonWriter* json) {
  json->SignedNumber("held_ms", std::max<int64_t>(0, now_ms - holder.acquired_ms));
  json->Text("session", FormatSessionId(holder.session));
  json->Number("token", holder.token.value());
  json->Bytes("value", holder.value);
}

nlohmann::json HolderJson(const std::optional<HolderView>& holder, int64_t now_ms) {
  if (!holder) return nullptr;
  nlohmann::json json = HolderJson(holder->holder, now_ms);
  json["remaining_ms"] = std::max<int64_t>(0, holder->session_deadline_ms - now_ms);
  return json;
}

nlohmann::json QueueJson(const QueueWords& words, const QueueView& view, int64_t now_ms) {
  nlohmann::json waiters = nlohmann::json::array();
  for (size_t i = 0; i < view.waiters.size(); ++i) {
    const coord::Waiter& waiter = view.waiters[i];
    nlohmann::json json = {{"ticket", waiter.ticket.value()},
                           {"position", i + 1},
                           {"session", FormatSessionId(waiter.session)},
                           {"remaining_ms", nullptr}};
    SetBytes(&json, "value", waiter.value);
    if (waiter.deadline_ms != 0) {
      json["remaining_ms"] = std::max<int64_t>(0, waiter.deadline_ms - now_ms);
    }
    waiters.push_back(std::move(json));
  }
  nlohmann::json json = {{words.holder, HolderJson(view.holder, now_ms)},
                         {words.waiters, std::move(waiters)},
                         {words.waiters_total, view.waiters_total},
                         {"token", nullptr},
                         {"revision", view.revision.value()}};
  SetBytes(&json, "name", view.name);
  if (view.holder) json["token"] = view.holder->holder.token.value();
  return json;
}

}  // namespace baton::http
