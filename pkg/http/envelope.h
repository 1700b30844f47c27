// File: envelope.h
//
// What nodes say to each other, as bytes: JSON, with binary fields in base64, or the same in CBOR
// (cbor.h), with binary fields as they are, which is smaller and read without building a tree.
//
//   {"cluster_id":"0123456789abcdef","from":1,"to":2,"term":3,"cluster_time_ms":1700000000000,
//    "messages":[
//      {"kind":"append","term":3,"prev_index":7,"prev_term":2,"commit":7,
//       "entries":[[3,8,0,"aGVsbG8="]]},                       entry: term, index, type, data
//      {"kind":"heartbeat","term":3,"commit":7,"read_counter":4},
//      {"kind":"forward_reply","id":5,"incarnation":9,"index":8,"reply":"..."}]}
//
// "disk_level":1 beside the term: the sender's disk is nearly full; 2: and its reserve is used up.
//
// Everybody reads both. Whoever takes CBOR says so in its answers (Accept), and is sent JSON until
// then; Content-Type tells which it is.
//
// A Raft message has the envelope's sender and receiver; it does not repeat them. Numbers are whole
// and below 2^64. Unknown fields are passed over, so that a newer node may say more; an unknown
// kind is refused.
//
// A piece of a snapshot is one line of JSON, and then its bytes as they are:
//
//   {"cluster_id":"...","from":1,"to":2,"stream":7,"number":0,"total_bytes":0,"message":{...}}\n
//   <bytes>
//
// How far a snapshot has come (the answer to GET): {"next":5,"complete":false}
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/node/peer.h"
#include "pkg/node/service.h"

namespace baton::http {

// Bounds of what is decoded, beside those of the listener's bodies.
inline constexpr size_t kEnvelopeDepthMax = 8;
inline constexpr size_t kEnvelopeValuesMax = 2'000'000;
inline constexpr size_t kEnvelopeMessagesMax = 16'384;
inline constexpr size_t kConfigMembersMax = 1'000;  // of each list of a configuration
inline constexpr size_t kClusterIdBytesMax = 64;
inline constexpr size_t kSnapshotHeadBytesMax = 256 * 1024;

// An upper bound of the bytes of a message inside an envelope. What has less than 16 MiB of them
// has less than kEnvelopeValuesMax values.
size_t EncodedBytesMax(const node::PeerMessage& message);

enum class WireForm { kJson, kCbor };
// The Content-Type of CBOR. Anything else is JSON.
inline constexpr char kCborType[] = "application/cbor";

// The messages must have the envelope's sender and receiver.
std::string EncodeEnvelope(const node::PeerEnvelope& envelope, WireForm form = WireForm::kJson);
// Checks everything; kInvalidArgument naming the field.
Result<node::PeerEnvelope> DecodeEnvelope(std::string_view bytes, WireForm form = WireForm::kJson);

struct SnapshotPiece {
  std::string cluster_id;
  NodeId to;
  node::Service::SnapshotChunk chunk;
};
std::string EncodeSnapshotPiece(const SnapshotPiece& piece);
Result<SnapshotPiece> DecodeSnapshotPiece(std::string_view bytes);

std::string EncodeSnapshotReach(const node::Service::SnapshotReach& reach);
Result<node::Service::SnapshotReach> DecodeSnapshotReach(std::string_view bytes);

}  // namespace baton::http
