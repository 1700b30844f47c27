// File: comparison.h
//
// Ours beside a peer's: rounds of both, medians of their ratios, as a table and as a file. A ratio
// above 1 means that we are better, whatever is measured.
//
//   Comparison put("put", {{"clients", 64}}, "1/s", Better::kMore, "etcd 3.6");
//   put.AddRound(9800, 6600);
//   std::fputs(TableOf({put}).c_str(), stdout);
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "pkg/base/status.h"

namespace baton::bench {

enum class Better { kLess, kMore };

using Parameters = std::vector<std::pair<std::string, std::variant<int64_t, std::string>>>;

// The middle one, or the mean of the two in the middle. Not of nothing.
double Median(std::vector<double> values);

// A line of the table. What is not there was not measured: the peer is missing, or it failed.
class Comparison {
 public:
  // Ratios are kept within [1/kRatioMax, kRatioMax]: something beside nothing is not infinite.
  static constexpr double kRatioMax = 1000;

  Comparison(std::string measure, Parameters parameters, std::string unit, Better better,
             std::string peer_name);

  // What was measured one right after the other. Finite, at least 0.
  void AddRound(std::optional<double> ours, std::optional<double> peer);

  const std::string& measure() const { return measure_; }
  const Parameters& parameters() const { return parameters_; }
  const std::string& unit() const { return unit_; }
  const std::string& peer_name() const { return peer_name_; }
  std::optional<double> ours() const;  // medians of the rounds
  std::optional<double> peer() const;
  std::optional<double> ratio() const;  // of the ratios of the rounds that have both
  // Of each round that has both.
  const std::vector<double>& ratios() const { return ratios_; }

 private:
  std::string measure_;
  Parameters parameters_;
  std::string unit_;
  Better better_;
  std::string peer_name_;
  std::vector<double> ours_, peer_, ratios_;
};

// "voters 3, bytes 256"
std::string TextOf(const Parameters& parameters);
// As a table of text, with a line of heads.
std::string TableOf(const std::vector<Comparison>& comparisons);
// A JSON list of {measure, parameters, unit, peer_name, ours, peer, ratio, ratios}; null: not
// there.
std::string JsonOf(const std::vector<Comparison>& comparisons);
// Whole or not at all; makes the directory. kUnavailable: why it could not.
Status WriteWhole(const std::string& path, const std::string& text);

}  // namespace baton::bench
