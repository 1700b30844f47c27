#include "test/sim/plan_cut.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace baton::sim {
namespace {

// The text up to the separator; what follows it stays.
std::string_view Split(std::string_view* text, char separator) {
  const size_t at = std::min(text->find(separator), text->size());
  const std::string_view first = text->substr(0, at);
  text->remove_prefix(std::min(at + 1, text->size()));
  return first;
}

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

bool KeepFaults(std::string_view numbers, const Plan& drawn, Plan* plan) {
  plan->faults.clear();
  while (!numbers.empty()) {
    const std::optional<uint64_t> number = Number(Split(&numbers, '+'));
    if (!number || *number >= drawn.faults.size()) return false;
    plan->faults.push_back(drawn.faults[*number]);
  }
  return true;
}

bool KeepClients(std::string_view items, const Plan& drawn, Plan* plan) {
  plan->clients.clear();
  while (!items.empty()) {
    std::string_view operations = Split(&items, '+');
    const std::optional<uint64_t> number = Number(Split(&operations, 'x'));
    const std::optional<uint64_t> count = Number(operations);
    if (!number || !count || *number >= drawn.clients.size()) return false;
    plan->clients.push_back(drawn.clients[*number]);
    plan->clients.back().operations_max = *count;
  }
  return true;
}

bool Apply(std::string_view name, std::string_view value, const Plan& drawn, Plan* plan) {
  if (name == "faults") return KeepFaults(value, drawn, plan);
  if (name == "clients") return KeepClients(value, drawn, plan);
  const std::optional<uint64_t> number = Number(value);
  if (!number) return false;
  if (name == "safety_ms") {
    plan->safety_ms = static_cast<int64_t>(*number);
  } else if (name == "nodes") {
    plan->cluster.nodes = static_cast<int>(*number);
  } else if (name == "cruelty") {
    plan->cruelty_percent = *number;
  } else if (name == "loss") {
    plan->cluster.loss_percent = *number;
  } else if (name == "repeats") {
    plan->cluster.repeat_percent = *number;
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string CutOf(const Plan& plan) {
  const auto number = [](const char* name, uint64_t value) {
    return std::string(name) + "=" + std::to_string(value) + ",";
  };
  std::string cut = number("safety_ms", static_cast<uint64_t>(plan.safety_ms)) +
                    number("nodes", static_cast<uint64_t>(plan.cluster.nodes)) +
                    number("cruelty", plan.cruelty_percent) +
                    number("loss", plan.cluster.loss_percent) +
                    number("repeats", plan.cluster.repeat_percent) + "faults=";
  for (const Fault& fault : plan.faults) {
    if (cut.back() != '=') cut += '+';
    cut += std::to_string(fault.number);
  }
  cut += ",clients=";
  for (const ClientPlan& client : plan.clients) {
    if (cut.back() != '=') cut += '+';
    cut += std::to_string(client.number) + "x" + std::to_string(client.operations_max);
  }
  return cut;
}

std::optional<Plan> Cut(const Plan& drawn, std::string_view cut) {
  Plan plan = drawn;
  while (!cut.empty()) {
    std::string_view value = Split(&cut, ',');
    const std::string_view name = Split(&value, '=');
    if (!Apply(name, value, drawn, &plan)) return std::nullopt;
  }
  if (plan.cluster.nodes < 1 || plan.cluster.nodes > drawn.cluster.nodes) return std::nullopt;
  return plan;
}

}  // namespace baton::sim
