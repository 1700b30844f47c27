// File: operation_http.h
//
// An operation of a history as an HTTP request, and the answer to it as what the history says of
// the operation.
#pragma once

#include <cstdint>
#include <string>

#include "pkg/http/client.h"
#include "test/history/operation.h"

namespace baton::chaos {

// What the request says beside the operation.
struct RequestOptions {
  std::string idempotency_key;  // empty: none
  int64_t timeout_ms = 1000;    // for the node to answer, the wait not counted
  int64_t wait_ms = 0;          // of an acquire
};

http::ClientRequest RequestOf(const history::Operation& operation, const RequestOptions& options);

// Writes into the operation what the answer, or the failure to get one, says: outcome, error, and
// the part below "the answer". kOk and kRefused are final; the rest may be tried again.
void TakeAnswer(const Result<http::ClientResponse>& answer, history::Operation* operation);

// "00000000000000ff" <-> 255. 0: it is none.
std::string SessionText(uint64_t session);
uint64_t SessionNumber(const std::string& text);

}  // namespace baton::chaos
