// File: precondition.h
//
// Entity tags of keys: "<mod_revision>", in quotes. What conditional requests (RFC 9110, section
// 13) mean for them. Pure.
#pragma once

#include <string>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/command.h"
#include "pkg/http/server.h"

namespace baton::http {

std::string EntityTag(Revision revision);

// Of a change: If-Match: "<revision>" (the quotes may be missing), If-None-Match: *.
// kInvalidArgument/"malformed_precondition" for what is neither; kUnimplemented for If-Match: *.
Result<coord::Precondition> PreconditionOf(const Request& request);

// Of a read: whether If-None-Match names the revision that is there, so that 304 is the answer.
bool ClientHas(const Request& request, Revision revision);

}  // namespace baton::http
