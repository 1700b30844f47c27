// File: converter.h
//
// The values of settings, converted and checked one by one. For config.cc and what it is made of.
#pragma once

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cmd/batond/address.h"
#include "cmd/batond/config.h"
#include "cmd/batond/setting_values.h"
#include "cmd/batond/settings.h"
#include "cmd/cli/did_you_mean.h"
#include "pkg/base/check.h"
#include "pkg/base/ids.h"

namespace baton::batond {

inline constexpr size_t kTextBytesMax = 63;
inline constexpr size_t kClusterIdDigits = 16;
inline constexpr size_t kPathBytesMax = 4096;

inline std::vector<std::string_view> SplitAt(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Converts settings one by one and remembers the first thing that was wrong, so that the code that
// uses it reads as a list.
class Converter {
 public:
  explicit Converter(const SettingValues* values) : values_(values) {}

  bool Has(std::string_view name) const { return values_->contains(name); }

  // Has, and not just what it would be without: as --print-config writes it.
  bool Differs(std::string_view name) const {
    return Has(name) && RawText(name) != Row(name).default_text;
  }

  // "baton.yaml:3", or "default".
  std::string Origin(std::string_view name) const {
    const auto found = values_->find(name);
    return found == values_->end() ? "default" : found->second.origin;
  }

  std::string RawText(std::string_view name) const {
    const auto found = values_->find(name);
    return found == values_->end() ? std::string(Row(name).default_text) : found->second.text;
  }

  void Refuse(std::string_view name, const std::string& what) {
    RefuseAt(Origin(name), name, what);
  }

  // Two settings contradict each other: the place is the one that somebody has set.
  void RefusePair(std::string_view name, std::string_view other, const std::string& what) {
    RefuseAt(Origin(Has(name) ? name : other), name, what);
  }

  std::string Name(std::string_view name) {
    const std::string text = RawText(name);
    if (!IsName(text)) Refuse(name, "takes 1 to 63 letters, digits, '.', '_' or '-'");
    return text;
  }

  std::string ClusterId(std::string_view name) {
    const std::string text = RawText(name);
    const bool good = text.size() == kClusterIdDigits &&
                      text.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!good)
      Refuse(name, "takes 16 digits of 0-9 and a-f, as `batonctl snapshot restore` prints");
    return text;
  }

  std::string Path(std::string_view name) {
    const std::string text = RawText(name);
    if (text.empty()) Refuse(name, "must not be empty");
    if (text.size() > kPathBytesMax) Refuse(name, "is longer than 4096 bytes");
    if (text.find('\0') != std::string::npos) Refuse(name, "holds a NUL byte");
    return text;
  }

  template <typename Number>
  Number Value(std::string_view name) {
    const Setting& row = Row(name);
    const std::optional<int64_t> number = ParseNumber<int64_t>(RawText(name));
    if (!number || *number < row.low || *number > row.high) {
      Refuse(name, "takes a number from " + std::to_string(row.low) + " to " +
                       std::to_string(row.high) + ", not \"" + RawText(name).substr(0, 100) + "\"");
      return 0;
    }
    return static_cast<Number>(*number);
  }

  Address Listen(std::string_view name) {
    const Result<Address> address = ParseListenAddress(RawText(name));
    if (address.ok()) return *address;
    Refuse(name, "takes IP:PORT, but " + address.status().message());
    return Address();
  }

  // `text` is of the setting, or made of it.
  Address HostAndPort(std::string_view name, const std::string& text) {
    const Result<Address> address = ParseAddress(text);
    if (address.ok()) return *address;
    Refuse(name, "takes HOST:PORT, but " + address.status().message());
    return Address();
  }

  // The position of the value among the choices of the row.
  size_t Choice(std::string_view name) {
    const std::vector<std::string_view> choices = SplitAt(Row(name).choices, '|');
    const std::string text = RawText(name);
    const auto found = std::find(choices.begin(), choices.end(), text);
    if (found != choices.end()) return static_cast<size_t>(found - choices.begin());
    Refuse(name, "takes " + std::string(Row(name).choices) + ", not \"" + text.substr(0, 100) +
                     "\"" + cli::DidYouMean(text, choices));
    return 0;
  }

  // A member of "1=a,2=b".
  struct Pair {
    NodeId id;         // of Pairs
    std::string name;  // as it is written
    std::string text;
    std::string place;  // its own line in the file, where it has one
  };

  // "1=a,2=b" as pairs; ids are checked, what follows the '=' is not yet.
  std::vector<Pair> Pairs(std::string_view name) {
    return ReadPairs(name, [](Pair* pair) {
      const auto id = ParseNumber<uint64_t>(pair->name);
      pair->id = NodeId(id.value_or(0));
      return id && *id >= 1 && *id <= 1'000'000'000 ? "" : " with ids from 1 to 1000000000";
    });
  }
  // "baton-0=a,baton-1=b", the same with names.
  std::vector<Pair> NamedPairs(std::string_view name) {
    return ReadPairs(name, [](Pair* pair) {
      return IsName(pair->name) ? "" : " with names of letters, digits, '.', '_' and '-'";
    });
  }

  void RefuseAt(const std::string& place, std::string_view name, const std::string& what) {
    if (!status_.ok()) return;
    status_ = Status(Code::kInvalidArgument, place + ": \"" + std::string(name) + "\" " + what);
  }

  const Status& status() const { return status_; }

 private:
  static bool IsName(std::string_view text) {
    return !text.empty() && text.size() <= kTextBytesMax &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) {
             return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
           });
  }

  // `check` says what is wrong with what a pair begins with.
  template <typename Check>
  std::vector<Pair> ReadPairs(std::string_view name, Check check) {
    std::vector<Pair> pairs;
    const std::string text = RawText(name);
    if (text.empty()) {
      if (Has(name)) Refuse(name, "must not be empty; leave it out instead");
      return pairs;
    }
    std::set<std::string> seen;
    for (const std::string_view part : SplitAt(text, ',')) {
      const size_t equals = std::min(part.find('='), part.size());
      Pair pair{NodeId(), std::string(part.substr(0, equals)), "",
                MemberOrigin(name, pairs.size())};
      const std::string wrong = check(&pair);
      if (equals == part.size() || !wrong.empty()) {
        RefuseAt(pair.place, name,
                 "takes " + std::string(Row(name).value_name) + wrong + ", but holds \"" +
                     std::string(part.substr(0, 100)) + "\"");
        return {};
      }
      pair.text = part.substr(equals + 1);
      const std::string key = pair.id ? std::to_string(pair.id.value()) : pair.name;
      if (!seen.insert(key).second) RefuseAt(pair.place, name, "names member " + key + " twice");
      pairs.push_back(std::move(pair));
    }
    if (pairs.size() > kMembersMax) {
      Refuse(name, "names " + std::to_string(pairs.size()) + " members; at most " +
                       std::to_string(kMembersMax) + " are allowed");
    }
    return pairs;
  }

  std::string MemberOrigin(std::string_view name, size_t position) const {
    const auto found = values_->find(name);
    if (found == values_->end() || position >= found->second.member_origins.size()) {
      return Origin(name);
    }
    return found->second.member_origins[position];
  }

  static const Setting& Row(std::string_view name) {
    const Setting* row = FindSetting(name);
    CHECK(row != nullptr) << name;
    return *row;
  }

  const SettingValues* values_;
  Status status_;
};

}  // namespace baton::batond
