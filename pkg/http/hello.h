// File: hello.h
//
// What nodes say of themselves to each other, members or not: POST /peer/v1/hello, answered by the
// same from the other side. It is how a node with an empty disk finds out whether there is a
// cluster (pkg/node/founding.h), how those who wait to be added become known, and how a node that
// has moved tells where it is.
//
//   {"cluster_name":"baton","cluster_id":"0123456789abcdef","id":4503599627370497,"name":"baton-0",
//    "peer_address":"baton-0.baton:7401","client_url":"http://baton-0.baton:7400","phase":"member",
//    "members":[{"id":...,"name":...,"peer_address":...,"client_url":...,"reached":true}],
//    "removed":[...]}
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/node/founding.h"

namespace baton::http {

inline constexpr size_t kHelloBytesMax = 64 * 1024;
inline constexpr char kHelloTarget[] = "/peer/v1/hello";

std::string EncodeHello(const node::Hello& hello);
// Checks everything; kInvalidArgument/"malformed_hello" naming the field.
Result<node::Hello> DecodeHello(std::string_view bytes);

}  // namespace baton::http
