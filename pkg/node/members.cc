#include "pkg/node/members.h"

#include <algorithm>

#include "pkg/base/bytes.h"

namespace baton::node {
namespace {

constexpr uint8_t kVersion = 1;
// Bounds of what is decoded: as many as Raft's lists may have.
constexpr uint64_t kCountMax = 1000;
constexpr std::string_view kScheme = "http://";

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

// A host name or address, with brackets around IPv6, and a port.
bool IsAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || text.size() > kMemberAddressBytesMax) {
    return false;
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool host_fits = std::all_of(host.begin(), host.end(), [bracketed](char c) {
    return IsWordByte(c) || (bracketed && c == ':');
  });
  const bool digits = !port.empty() && port.size() <= 5 && port.front() != '0' &&
                      port.find_first_not_of("0123456789") == std::string_view::npos;
  return host_fits && digits && std::stoul(std::string(port)) <= 65'535;
}

Status Malformed(const std::string& what) {
  return Status(Code::kUnprocessable, "malformed_member", what);
}

}  // namespace

bool Members::WasRemoved(NodeId id) const {
  return std::find(removed.begin(), removed.end(), id) != removed.end();
}

std::string Members::NameOf(NodeId id) const {
  const auto found = known.find(id);
  if (found != known.end() && !found->second.name.empty()) return found->second.name;
  return "node " + std::to_string(id.value());
}

Status CheckMemberInfo(const MemberInfo& info) {
  if (info.name.size() > kMemberNameBytesMax ||
      !std::all_of(info.name.begin(), info.name.end(), IsWordByte)) {
    return Malformed("\"name\" takes at most 63 letters, digits, '.', '_' or '-'");
  }
  if (!info.peer_address.empty() && !IsAddress(info.peer_address)) {
    return Malformed("\"peer_address\" takes HOST:PORT, without http://");
  }
  const std::string_view url = info.client_url;
  const bool url_fits =
      url.empty() || (url.size() <= kMemberUrlBytesMax && url.starts_with(kScheme) &&
                      IsAddress(url.substr(kScheme.size())));
  return url_fits ? Status::Ok() : Malformed("\"client_url\" takes http://HOST:PORT");
}

std::string EncodeMembers(const Members& members) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.U8(kVersion);
  out.Varint(members.known.size());
  for (const auto& [id, info] : members.known) {
    out.Varint(id.value());
    out.String(info.name);
    out.String(info.peer_address);
    out.String(info.client_url);
  }
  out.Varint(members.removed.size());
  for (const NodeId id : members.removed) out.Varint(id.value());
  return bytes;
}

Result<Members> DecodeMembers(std::string_view bytes) {
  ByteReader in(bytes);
  Members members;
  if (in.U8() != kVersion) in.Fail();
  const uint64_t known = in.Varint();
  if (known > kCountMax) in.Fail();
  for (uint64_t i = 0; i < known && in.ok(); ++i) {
    const NodeId id(in.Varint());
    MemberInfo info;
    info.name = in.String(kMemberNameBytesMax);
    info.peer_address = in.String(kMemberAddressBytesMax);
    info.client_url = in.String(kMemberUrlBytesMax);
    if (!id || !CheckMemberInfo(info).ok()) in.Fail();
    members.known[id] = std::move(info);
  }
  const uint64_t removed = in.Varint();
  if (removed > kCountMax) in.Fail();
  for (uint64_t i = 0; i < removed && in.ok(); ++i) members.removed.push_back(NodeId(in.Varint()));
  if (!in.AtEnd()) {
    return Status(Code::kCorruption, "The names and addresses of the members cannot be read");
  }
  return members;
}

}  // namespace baton::node
