// File: limits.h
//
// The bounds of one listener. The defaults are the client listener's; peers have larger bodies, ops
// smaller ones. Each bound has an error: 414, 431, 413, 415 or 408 with a problem body and a closed
// connection; beyond the connection bounds the connection is answered 503 and closed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace baton::http {

struct Limits {
  // Lines are counted with their CRLF. From 64 bytes to 8 KiB.
  size_t request_line_bytes_max = 8 * 1024;
  size_t header_line_bytes_max = 8 * 1024;
  size_t headers_bytes_max = 32 * 1024;  // all header lines together, without the request line
  size_t headers_max = 100;
  size_t body_bytes_max = 1536 * 1024;  // after de-chunking, too
  size_t connections_max = 10'000;
  // One host cannot take all: whoever shares an address (a proxy's, a NAT's) shares this, too.
  size_t connections_per_address_max = 2'000;
  size_t requests_in_flight_max = 10'000;  // requests that wait for their answer, streams included
  size_t requests_per_connection_max = 1'000'000;
  // Unsent bytes of one streamed response; a single larger piece is sent alone.
  size_t stream_buffer_bytes_max = 16 << 20;
  // What all connections together hold of unanswered requests; beyond: 503. And, counted apart, of
  // unsent stream pieces; beyond: Write returns false. A stream whose reader has not taken all that
  // it was given may hold as much as would be left of three quarters of it.
  size_t buffered_bytes_max = 256 << 20;
  // Answers that were given and that clients have not taken; beyond, new requests are answered 503,
  // and so are GETs in flight whose answer is over 16 KiB. The last answer may exceed it.
  size_t unsent_bytes_max = 256 << 20;
  int64_t header_timeout_ms = 5'000;    // for the whole head, from its first byte
  int64_t request_timeout_ms = 15'000;  // for head and body, from the first byte
  int64_t idle_timeout_ms = 60'000;     // between requests
  int64_t write_timeout_ms = 10'000;    // without any progress of the reader
  // A response, and each piece of a stream, must be taken within write_timeout_ms and what it needs
  // at this rate; else the connection is closed. So nobody holds an answer of 8 MiB for longer than
  // five minutes.
  int64_t write_bytes_per_second_min = 32 * 1024;
};

}  // namespace baton::http
