#include "pkg/http/server.h"

namespace baton::http {
namespace {

const std::string* First(const std::multimap<std::string, std::string>& values,
                         const std::string& name) {
  const auto found = values.lower_bound(name);
  return found != values.end() && found->first == name ? &found->second : nullptr;
}

Response WithBody(int status, const char* content_type, std::string body) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", content_type);
  response.body = std::move(body);
  return response;
}

}  // namespace

const std::string* Request::Header(const std::string& lower_case_name) const {
  return First(headers, lower_case_name);
}

const std::string* Request::Query(const std::string& name) const { return First(query, name); }

Response Response::Json(int status, std::string body) {
  return WithBody(status, "application/json", std::move(body));
}

Response Response::Text(int status, std::string body) {
  return WithBody(status, "text/plain; charset=utf-8", std::move(body));
}

}  // namespace baton::http
