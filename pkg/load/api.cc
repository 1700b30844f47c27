#include "pkg/load/api.h"

#include <algorithm>
#include <charconv>

#include "pkg/base/check.h"
#include "pkg/base/random.h"
#include "pkg/load/baton_api.h"
#include "pkg/load/etcd_api.h"

namespace baton::load {
namespace {

constexpr uint64_t kValuesMax = 16;
constexpr uint64_t kValueBytesMax = 4 * 1024 * 1024;

}  // namespace

std::unique_ptr<Api> Api::Create(const Settings& settings) {
  if (settings.api == ApiKind::kEtcdGateway) return std::make_unique<EtcdApi>(settings);
  return std::make_unique<BatonApi>(settings);
}

KeyNames::KeyNames(const std::string& prefix, uint64_t keys, uint64_t key_size)
    : front_(prefix), width_(NumberWidth(keys)) {
  CHECK_GE(key_size, front_.size() + width_);
  front_.append(key_size - front_.size() - width_, '0');
}

void KeyNames::Append(uint64_t number, std::string* to) const {
  to->append(front_);
  AppendDigits(number, width_, to);
}

void AppendDigits(uint64_t number, uint64_t digits, std::string* to) {
  const size_t start = to->size();
  to->append(digits, '0');
  for (size_t at = start + digits; at > start && number > 0; number /= 10) {
    (*to)[--at] = static_cast<char>('0' + number % 10);
  }
  CHECK_EQ(number, 0u);
}

bool ReadWriteNumber(std::string_view value, uint64_t* write) {
  if (value.size() < kWriteDigits) return false;
  const char* const end = value.data() + kWriteDigits;
  const auto [stopped, error] = std::from_chars(value.data(), end, *write);
  return error == std::errc() && stopped == end;
}

std::vector<std::string> MakeValues(uint64_t size, uint64_t seed) {
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  static_assert(kLetters.size() == 64);
  Random random(seed);
  const uint64_t fit = kValueBytesMax / std::max<uint64_t>(size, 1);
  std::vector<std::string> values(std::clamp<uint64_t>(fit, 1, kValuesMax));
  for (std::string& value : values) {
    value.reserve(size);
    while (value.size() < size) value.push_back(kLetters[random.NextU32() % kLetters.size()]);
  }
  return values;
}

std::string LockName(const std::string& prefix, uint64_t number) {
  std::string name = prefix;
  std::replace(name.begin(), name.end(), '/', '-');
  if (!name.ends_with('-')) name.push_back('-');
  return name + std::to_string(number);
}

}  // namespace baton::load
