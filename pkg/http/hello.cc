#include "pkg/http/hello.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "pkg/http/json.h"

namespace baton::http {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits = {.depth_max = 4, .values_max = 4096};
constexpr size_t kNameBytesMax = 64;
constexpr size_t kListMax = 64;

// Reads fields of objects; the first error stays.
class Reader {
 public:
  const Status& status() const { return status_; }

  void Fail(const std::string& field) {
    if (!status_.ok()) return;
    status_ = Status(Code::kInvalidArgument, "malformed_hello",
                     "field \"" + field + "\" of a hello is missing or not what it must be");
  }
  const json* Find(const json& object, const char* field) {
    const auto found = object.find(field);
    if (found != object.end()) return &*found;
    Fail(field);
    return nullptr;
  }
  std::string Text(const json& object, const char* field, size_t bytes_max) {
    const json* value = Find(object, field);
    if (value == nullptr) return "";
    if (value->is_string() && value->get_ref<const std::string&>().size() <= bytes_max) {
      return value->get<std::string>();
    }
    Fail(field);
    return "";
  }
  NodeId Id(const json& value, const char* field) {
    if (value.is_number_unsigned() && value.get<uint64_t>() > 0) {
      return NodeId(value.get<uint64_t>());
    }
    Fail(field);
    return NodeId();
  }
  const json& List(const json& object, const char* field) {
    static const json kEmpty = json::array();
    const json* value = Find(object, field);
    if (value != nullptr && value->is_array() && value->size() <= kListMax) return *value;
    Fail(field);
    return kEmpty;
  }
  node::MemberInfo Info(const json& object) {
    node::MemberInfo info;
    info.name = Text(object, "name", node::kMemberNameBytesMax);
    info.peer_address = Text(object, "peer_address", node::kMemberAddressBytesMax);
    info.client_url = Text(object, "client_url", node::kMemberUrlBytesMax);
    if (const Status checked = node::CheckMemberInfo(info); !checked.ok()) Fail("name");
    return info;
  }

 private:
  Status status_;
};

json InfoJson(NodeId id, const node::MemberInfo& info) {
  return {{"id", id.value()},
          {"name", info.name},
          {"peer_address", info.peer_address},
          {"client_url", info.client_url}};
}

void ReadMembers(Reader* in, const json& object, node::Hello* hello) {
  for (const json& member : in->List(object, "members")) {
    if (!member.is_object()) return in->Fail("members");
    const json* id = in->Find(member, "id");
    node::HelloMember read;
    if (id != nullptr) read.id = in->Id(*id, "id");
    read.info = in->Info(member);
    const auto reached = member.find("reached");
    read.reached = reached != member.end() && reached->is_boolean() && reached->get<bool>();
    hello->members.push_back(std::move(read));
  }
}

}  // namespace

std::string EncodeHello(const node::Hello& hello) {
  json object = InfoJson(hello.id, hello.info);
  object["cluster_name"] = hello.cluster_name;
  object["cluster_id"] = hello.cluster_id;
  object["phase"] = node::PhaseName(hello.phase);
  json members = json::array();
  for (const node::HelloMember& member : hello.members) {
    members.push_back(InfoJson(member.id, member.info));
    members.back()["reached"] = member.reached;
  }
  object["members"] = std::move(members);
  json removed = json::array();
  for (const NodeId id : hello.removed) removed.push_back(id.value());
  object["removed"] = std::move(removed);
  return JsonText(object);
}

Result<node::Hello> DecodeHello(std::string_view bytes) {
  const Result<json> parsed = ParseJson(bytes, kLimits);
  if (!parsed.ok()) return parsed.status();
  Reader in;
  node::Hello hello;
  if (!parsed->is_object()) {
    return Status(Code::kInvalidArgument, "malformed_hello", "a hello must be an object");
  }
  const json* id = in.Find(*parsed, "id");
  if (id != nullptr) hello.id = in.Id(*id, "id");
  hello.info = in.Info(*parsed);
  hello.cluster_name = in.Text(*parsed, "cluster_name", kNameBytesMax);
  hello.cluster_id = in.Text(*parsed, "cluster_id", kNameBytesMax);
  const std::string phase = in.Text(*parsed, "phase", kNameBytesMax);
  bool known = false;
  for (const node::Phase one : node::kPhases) {
    if (node::PhaseName(one) != phase) continue;
    hello.phase = one;
    known = true;
  }
  if (!known) in.Fail("phase");
  ReadMembers(&in, *parsed, &hello);
  for (const json& gone : in.List(*parsed, "removed")) {
    hello.removed.push_back(in.Id(gone, "removed"));
  }
  if (!in.status().ok()) return in.status();
  return hello;
}

}  // namespace baton::http
