#include "test/bench/comparison.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "pkg/base/check.h"
#include "test/bench/table.h"

namespace baton::bench {
namespace {

using Json = nlohmann::ordered_json;

double RatioOf(double ours, double peer, Better better) {
  const double more = better == Better::kMore ? ours : peer;
  const double less = better == Better::kMore ? peer : ours;
  if (more == less) return 1;  // both may be nothing
  constexpr double kMax = Comparison::kRatioMax;
  return less <= 0 ? kMax : std::clamp(more / less, 1 / kMax, kMax);
}

std::optional<double> MedianOf(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  return Median(values);
}

std::string RatioText(const Comparison& comparison) {
  if (!comparison.ratio().has_value()) return "-";
  const auto [least, most] =
      std::minmax_element(comparison.ratios().begin(), comparison.ratios().end());
  std::string text = ThreeDigits(comparison.ratio());
  if (*least != *most) text += " (" + ThreeDigits(*least) + " to " + ThreeDigits(*most) + ")";
  return text;
}

Json NumberOrNull(std::optional<double> value) { return value.has_value() ? Json(*value) : Json(); }

}  // namespace

double Median(std::vector<double> values) {
  CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

Comparison::Comparison(std::string measure, Parameters parameters, std::string unit, Better better,
                       std::string peer_name)
    : measure_(std::move(measure)),
      parameters_(std::move(parameters)),
      unit_(std::move(unit)),
      better_(better),
      peer_name_(std::move(peer_name)) {}

void Comparison::AddRound(std::optional<double> ours, std::optional<double> peer) {
  for (const std::optional<double>& value : {ours, peer}) {
    CHECK(!value.has_value() || (std::isfinite(*value) && *value >= 0)) << measure_;
  }
  if (ours.has_value()) ours_.push_back(*ours);
  if (peer.has_value()) peer_.push_back(*peer);
  if (ours.has_value() && peer.has_value()) ratios_.push_back(RatioOf(*ours, *peer, better_));
}

std::optional<double> Comparison::ours() const { return MedianOf(ours_); }
std::optional<double> Comparison::peer() const { return MedianOf(peer_); }
std::optional<double> Comparison::ratio() const { return MedianOf(ratios_); }

std::string TextOf(const Parameters& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters) {
    if (!text.empty()) text += ", ";
    const int64_t* number = std::get_if<int64_t>(&value);
    text +=
        name + " " + (number != nullptr ? std::to_string(*number) : std::get<std::string>(value));
  }
  return text;
}

std::string TableOf(const std::vector<Comparison>& comparisons) {
  std::string peer = "peer";
  if (!comparisons.empty()) peer = comparisons.front().peer_name();
  for (const Comparison& one : comparisons) {
    if (one.peer_name() != peer) peer = "peer";
  }
  std::vector<std::vector<std::string>> rows;
  for (const Comparison& one : comparisons) {
    const bool names_peer = peer == "peer" && one.peer().has_value();
    const std::string of = names_peer ? " (" + one.peer_name() + ")" : "";
    rows.push_back({one.measure(), TextOf(one.parameters()), one.unit(), ThreeDigits(one.ours()),
                    ThreeDigits(one.peer()) + of, RatioText(one)});
  }
  return MarkdownTable({{"measure", false},
                        {"parameters", false},
                        {"unit", false},
                        {"ours", true},
                        {peer, true},
                        {"ratio", true}},
                       rows);
}

std::string JsonOf(const std::vector<Comparison>& comparisons) {
  Json list = Json::array();
  for (const Comparison& one : comparisons) {
    Json parameters = Json::object();
    for (const auto& [name, value] : one.parameters()) {
      std::visit([&](const auto& typed) { parameters[name] = typed; }, value);
    }
    list.push_back({{"measure", one.measure()},
                    {"parameters", parameters},
                    {"unit", one.unit()},
                    {"peer_name", one.peer_name()},
                    {"ours", NumberOrNull(one.ours())},
                    {"peer", NumberOrNull(one.peer())},
                    {"ratio", NumberOrNull(one.ratio())},
                    {"ratios", one.ratios()}});
  }
  std::string text = "[";
  for (size_t i = 0; i < list.size(); ++i) text += (i == 0 ? "\n" : ",\n") + list[i].dump();
  return text + "\n]\n";
}

Status WriteWhole(const std::string& path, const std::string& text) {
  const std::filesystem::path whole(path);
  std::error_code error;
  if (whole.has_parent_path()) std::filesystem::create_directories(whole.parent_path(), error);
  const std::string part = path + ".part";
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file.good()) return Status(Code::kUnavailable, "cannot write " + part);
  std::filesystem::rename(part, path, error);
  if (error) return Status(Code::kUnavailable, "cannot write " + path + ": " + error.message());
  return Status();
}

}  // namespace baton::bench
