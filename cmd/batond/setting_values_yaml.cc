// The only file that knows yaml-cpp. The library's exceptions end here.

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "cmd/batond/setting_values.h"
#include "cmd/batond/settings.h"
#include "cmd/cli/did_you_mean.h"

namespace baton::batond {
namespace {

constexpr size_t kFileBytesMax = 1 << 20;
constexpr size_t kMapEntriesMax = 1000;  // of a map value; config.h has the true bound

Status Refuse(const std::string& place, const std::string& what) {
  return Status(Code::kInvalidArgument, place + ": " + what);
}

// yaml-cpp counts from 0; a null mark is line -1.
std::string Place(const std::string& file_name, const YAML::Mark& mark) {
  return file_name + ":" + std::to_string(mark.line + 1);
}

bool TakesMap(const Setting& setting) {
  return setting.type == SettingType::kMembers || setting.type == SettingType::kUrls;
}

// Member by member: {1: a:7401, 2: b:7401} -> "1=a:7401,2=b:7401".
Result<SettingValue> FlattenMap(const std::string& file_name, const std::string& place,
                                const YAML::Node& map) {
  SettingValue flat{.text = "", .origin = place};
  if (map.size() > kMapEntriesMax) return Refuse(place, "too many members");
  for (const auto& item : map) {
    const std::string member_place = Place(file_name, item.first.Mark());
    const bool plain = item.first.IsScalar() && item.second.IsScalar() &&
                       (item.first.Scalar() + item.second.Scalar()).find(',') == std::string::npos;
    if (!plain) return Refuse(member_place, "members are written as \"1: host:port\", one a line");
    if (!flat.text.empty()) flat.text += ',';
    flat.text += item.first.Scalar() + "=" + item.second.Scalar();
    flat.member_origins.push_back(member_place);
  }
  return flat;
}

Result<SettingValue> ReadValue(const std::string& file_name, const std::string& place,
                               const Setting& setting, const YAML::Node& value) {
  const std::string name = "\"" + std::string(setting.name) + "\"";
  if (value.IsNull()) return Refuse(place, name + " has no value");
  if (value.IsScalar()) return SettingValue{value.Scalar(), place};
  if (value.IsMap() && TakesMap(setting)) return FlattenMap(file_name, place, value);
  return Refuse(
      place, name + " takes one value, not a " + (value.IsSequence() ? "list" : "map of values"));
}

Status ReadSetting(const std::string& file_name, const YAML::Node& key, const YAML::Node& value,
                   SettingValues* values) {
  const std::string place = Place(file_name, key.Mark());
  if (!key.IsScalar()) return Refuse(place, "a setting's name must be a word");
  const std::string& name = key.Scalar();
  const Setting* setting = FindSetting(name);
  if (setting == nullptr) {
    return Refuse(place,
                  "unknown setting \"" + name + "\"" + cli::DidYouMean(name, SettingNames()));
  }
  if (name == "config") return Refuse(place, "\"config\" cannot be set in the file itself");
  if (const auto before = values->find(name); before != values->end()) {
    return Refuse(place, "\"" + name + "\" is set twice, first at " + before->second.origin);
  }
  Result<SettingValue> read = ReadValue(file_name, place, *setting, value);
  if (!read.ok()) return read.status();
  (*values)[name] = *std::move(read);
  return Status::Ok();
}

}  // namespace

Result<SettingValues> ReadYaml(std::string_view text, const std::string& file_name) {
  if (text.size() > kFileBytesMax) return Refuse(file_name, "larger than 1 MiB");
  SettingValues values;
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1) return Refuse(file_name, "holds more than one YAML document");
    if (documents.empty() || documents[0].IsNull()) return values;
    if (!documents[0].IsMap()) {
      return Refuse(Place(file_name, documents[0].Mark()),
                    "must be a map of settings, as in \"tick-ms: 100\"");
    }
    for (const auto& item : documents[0]) {
      BATON_RETURN_IF_ERROR(ReadSetting(file_name, item.first, item.second, &values));
    }
  } catch (const YAML::Exception& error) {
    return Refuse(Place(file_name, error.mark), "not YAML: " + error.msg);
  }
  return values;
}

Result<SettingValues> ReadYamlFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Refuse(path, std::string("cannot be read: ") + std::strerror(errno));
  std::string text(kFileBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) return Refuse(path, "cannot be read");
  text.resize(static_cast<size_t>(in.gcount()));
  return ReadYaml(text, path);
}

}  // namespace baton::batond
