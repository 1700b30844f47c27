#include "pkg/http/dispatcher.h"

#include <typeinfo>
#include <utility>

#include "pkg/http/cross_site.h"
#include "pkg/http/query.h"

namespace baton::http {
namespace {

Status MethodNotAllowed() {
  return Status(Code::kUnimplemented, "method_not_allowed",
                "this path does not know this method; Allow lists those it knows");
}

std::string Join(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined.append(joined.empty() ? "" : ", ").append(word);
  return joined;
}

// Splits the target, decodes it and finds the route. Not OK: 400.
Status FillTarget(const Router& router, std::string_view target, Router::Match* match,
                  Request* request) {
  const size_t question = std::min(target.find('?'), target.size());
  *match = router.Find(request->method, target.substr(0, question));
  if (!match->error.ok()) return match->error;
  request->path = std::move(match->path);
  auto query = ParseQuery(target.substr(std::min(question + 1, target.size())));
  if (!query.ok()) return query.status();
  request->query = *std::move(query);
  return Status::Ok();
}

Response RefuseUnmatched(const ListenerContext& context, const Router::Match& match,
                         const Request& request) {
  if (match.allowed_methods.empty()) {
    return context.ErrorResponse(
        Status(Code::kNotFound, "unknown_path", "there is nothing at this path"), 404,
        request.request_id);
  }
  Response response = context.ErrorResponse(MethodNotAllowed(), 405, request.request_id);
  response.headers.emplace_back("Allow", Join(match.allowed_methods));
  return response;
}

// Whether there is room for one more request, and what there is too much of.
Status CheckRoom(const ListenerContext& context) {
  const size_t in_flight_max = context.options.limits.requests_in_flight_max;
  if (context.counters.requests_in_flight.load(std::memory_order_relaxed) >= in_flight_max) {
    return Status(Code::kUnavailable, "too_many_requests_in_flight",
                  "this node already works on " + std::to_string(in_flight_max) +
                      " requests; try another or try again");
  }
  return CheckUnsent(context);
}

}  // namespace

Routed Route(ListenerContext* context, FramedRequest framed, const std::string& remote_address) {
  auto request = std::make_shared<Request>();
  Routed routed{request, nullptr, {}};
  request->method = std::move(framed.head.method);
  request->remote_address = remote_address;
  for (auto& [name, value] : framed.head.fields) {
    request->headers.emplace(std::move(name), std::move(value));
  }
  request->request_id = context->RequestIdFor(request->Header("x-request-id"));
  request->body = std::move(framed.body);
  Router::Match match;
  if (Status status = FillTarget(context->router, framed.head.target, &match, request.get());
      !status.ok()) {
    routed.refusal = context->ErrorResponse(status, 400, request->request_id);
    return routed;
  }
  request->route = match.route;
  request->captures = std::move(match.captures);
  if (const Status site = CheckSite(*request); !site.ok()) {
    routed.refusal = context->ErrorResponse(site, 403, request->request_id);
  } else if (match.handler == nullptr) {
    routed.refusal = RefuseUnmatched(*context, match, *request);
  } else if (const Status room = CheckRoom(*context); !room.ok()) {
    routed.refusal = RefuseBusy(*context, room, request->request_id);
  } else {
    routed.handler = match.handler;
  }
  return routed;
}

Status CheckUnsent(const ListenerContext& context) {
  const size_t unsent = context.counters.unsent_bytes.load(std::memory_order_relaxed);
  if (unsent <= context.options.limits.unsent_bytes_max) return Status::Ok();
  return Status(Code::kUnavailable, "too_many_bytes_unsent",
                "clients have not taken the answers that this node has for them; try another or "
                "try again");
}

Response RefuseBusy(const ListenerContext& context, const Status& why,
                    const std::string& request_id) {
  Response response = context.ErrorResponse(why, 503, request_id);
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

void CallHandler(ListenerContext* context, const Handler& handler, ExchangeParts parts) {
  const std::shared_ptr<const Request> request = parts.request;
  const std::shared_ptr<Exchange> exchange = MakeExchange(std::move(parts));
  const auto fail = [&](const char* type) {
    context->logger->Log(LogLevel::kError, "handler threw",
                         {{"route", request->route}, {"type", type}});
    const Status status(Code::kInternal, "internal error");
    exchange->Respond(context->ErrorResponse(Status(status).SetOutcome(Outcome::kUnknown), 500,
                                             request->request_id));
  };
  try {
    handler(exchange);
  } catch (const std::exception& error) {
    fail(typeid(error).name());
  } catch (...) {
    fail("unknown");
  }
}

}  // namespace baton::http
