#include "pkg/storage/live_directory.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <vector>

#include "pkg/storage/disk_failure.h"
#include "pkg/storage/files.h"
#include "pkg/storage/sealed_text.h"

namespace baton::storage {
namespace {

constexpr uint32_t kFormat = 1;
constexpr std::string_view kLiveLine = "live";
constexpr std::string_view kSetAsideLine = "set_aside";

std::string KindOf(std::string_view word) { return "baton-" + std::string(word); }

}  // namespace

std::string DirectorySeries::NameOf(uint64_t number) const {
  char digits[24];
  std::snprintf(digits, sizeof(digits), "-%06llu", static_cast<unsigned long long>(number));
  return std::string(word_) + digits;
}

std::string DirectorySeries::PathOf(const std::string& parent, uint64_t number) const {
  return JoinPath(parent, NameOf(number));
}

std::optional<uint64_t> DirectorySeries::NumberOf(std::string_view name) const {
  if (!name.starts_with(word_) || name.size() <= word_.size()) return std::nullopt;
  const std::string_view digits = name.substr(word_.size() + 1);
  uint64_t number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (parsed.ec != std::errc() || NameOf(number) != name) return std::nullopt;
  return number;
}

Status DirectorySeries::Write(DurableEnv* env, const std::string& parent,
                              const LiveDirectory& live) const {
  TextLines lines = {{std::string(kLiveLine), NameOf(live.number)}};
  if (live.set_aside) lines.emplace_back(std::string(kSetAsideLine), NameOf(*live.set_aside));
  return WriteFileDurably(env, parent, std::string(file_name_),
                          SealText(KindOf(word_), kFormat, lines));
}

Result<LiveDirectory> DirectorySeries::Read(DurableEnv* env, const std::string& parent) const {
  const std::string path = JoinPath(parent, file_name_);
  const Result<std::string> text = ReadWholeFile(env, path, kSealedTextBytesMax);
  if (!text.ok() && text.status().code() == Code::kIo) return text.status();
  if (!text.ok()) return Unusable(word_, parent, text.status().message());
  const Result<TextLines> lines = UnsealText(KindOf(word_), kFormat, *text, path);
  if (lines.status().code() == Code::kInvalidArgument) return lines.status();
  if (!lines.ok()) return Unusable(word_, parent, lines.status().message());
  LiveDirectory live;
  bool named = false;
  for (const auto& [name, value] : *lines) {
    const std::optional<uint64_t> number = NumberOf(value);
    if (!number || (name != kLiveLine && name != kSetAsideLine)) {
      return Unusable(word_, parent, path + " is malformed.");
    }
    named |= name == kLiveLine;
    if (name == kLiveLine) live.number = *number;
    if (name == kSetAsideLine) live.set_aside = *number;
  }
  if (!named) return Unusable(word_, parent, path + " is malformed.");
  return live;
}

Result<std::vector<uint64_t>> DirectorySeries::Numbers(DurableEnv* env,
                                                       const std::string& parent) const {
  const Result<std::vector<std::string>> names = ListDirectory(env, parent);
  if (!names.ok()) return names.status();
  std::vector<uint64_t> numbers;
  for (const std::string& name : *names) {
    if (const std::optional<uint64_t> number = NumberOf(name)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Result<uint64_t> DirectorySeries::Highest(DurableEnv* env, const std::string& parent) const {
  const Result<std::vector<uint64_t>> numbers = Numbers(env, parent);
  if (!numbers.ok()) return numbers.status();
  return numbers->empty() ? 0 : numbers->back();
}

Result<LiveDirectory> DirectorySeries::Find(
    DurableEnv* env, const std::string& parent,
    const std::function<bool(uint64_t)>& is_complete) const {
  const Result<std::vector<uint64_t>> numbers = Numbers(env, parent);
  if (!numbers.ok()) return numbers.status();
  const auto found = std::find_if(numbers->rbegin(), numbers->rend(), is_complete);
  if (found != numbers->rend()) return LiveDirectory{*found, std::nullopt};
  return Unusable(word_, parent, "None is complete.");
}

Status DirectorySeries::RemoveOthers(DurableEnv* env, const std::string& parent,
                                     const LiveDirectory& live) const {
  const Result<std::vector<uint64_t>> numbers = Numbers(env, parent);
  if (!numbers.ok()) return numbers.status();
  for (const uint64_t number : *numbers) {
    if (number == live.number || number == live.set_aside) continue;
    BATON_RETURN_IF_ERROR(RemoveTree(env, PathOf(parent, number)));
  }
  return Status::Ok();
}

}  // namespace baton::storage
