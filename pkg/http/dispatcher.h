// File: dispatcher.h
//
// From a framed request to the call of its handler. On the loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "pkg/http/exchange.h"
#include "pkg/http/framer.h"
#include "pkg/http/listener_context.h"

namespace baton::http {

// A request on its way: what the connection must know to answer it.
struct Routed {
  std::shared_ptr<const Request> request;
  const Handler* handler = nullptr;  // nullptr: answer with `refusal`
  Response refusal;
};

// Never fails: what cannot be handled has a refusal (400, 403, 404, 405, 503).
Routed Route(ListenerContext* context, FramedRequest framed, const std::string& remote_address);

// Not OK: clients have left more bytes of answers than unsent_bytes_max.
Status CheckUnsent(const ListenerContext& context);
// 503 with Retry-After.
Response RefuseBusy(const ListenerContext& context, const Status& why,
                    const std::string& request_id);

// Calls the handler. What it throws becomes a 500 that does not repeat what was thrown.
void CallHandler(ListenerContext* context, const Handler& handler, ExchangeParts parts);

}  // namespace baton::http
