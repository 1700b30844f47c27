// Rows of the state tables as JSON. Formats: pkg/coord/rows.h, whose own readers end the process at
// a row that they cannot read; these say so.

#include <nlohmann/json.hpp>

#include "cmd/batonctl/data_json.h"
#include "cmd/batonctl/hex.h"
#include "cmd/batonctl/json_bytes.h"
#include "pkg/base/bytes.h"
#include "pkg/http/base64.h"

namespace baton::batonctl {
namespace {

using nlohmann::json;

constexpr uint8_t kMetaFormat = 2;
// The numbers of the meta row in their order; the rolling hash follows.
constexpr const char* kMetaNames[] = {"applied",
                                      "applied_term",
                                      "revision",
                                      "compact_revision",
                                      "now_ms",
                                      "last_token",
                                      "last_ticket",
                                      "keys",
                                      "sessions",
                                      "locks_held",
                                      "lock_waiters",
                                      "elections_held",
                                      "election_waiters",
                                      "idempotency_count",
                                      "sessions_expired",
                                      "history_first",
                                      "history_bytes",
                                      "idempotency_first",
                                      "idempotency_next",
                                      "idempotency_bytes",
                                      "idempotency_oldest_ms"};

std::string QueueName(uint8_t kind) { return kind == 1 ? "lock" : "election"; }

void PutSession(ByteReader* in, json* object) {
  if (const SessionId id(in->U64()); id) (*object)["session"] = SessionText(id);
}

// What is left is the value.
void PutRest(const char* field, ByteReader* in, json* object) {
  PutBytes(field, in->Raw(in->rest().size()), object);
}

bool ReadMeta(ByteReader*, ByteReader* in, json* object) {
  (*object)["format"] = in->U8();
  if ((*object)["format"] != kMetaFormat) return false;
  for (const char* const name : kMetaNames) (*object)[name] = in->U64();
  (*object)["rolling_hash"] = Hex64(in->U64());
  return true;
}

bool ReadKv(ByteReader* key, ByteReader* in, json* object) {
  PutRest("key", key, object);
  (*object)["create_revision"] = in->Varint();
  (*object)["mod_revision"] = in->Varint();
  (*object)["version"] = in->Varint();
  PutSession(in, object);
  const std::string_view lock = in->String(SIZE_MAX);
  if (!lock.empty()) PutBytes("lock", lock, object);
  PutRest("value", in, object);
  return true;
}

bool ReadHistory(ByteReader* key, ByteReader* in, json* object) {
  (*object)["revision"] = key->U64BigEndian();
  (void)key->Raw(4);  // the number within the revision
  (*object)["event"] = in->U8();
  PutBytes("key", in->String(SIZE_MAX), object);
  (*object)["create_revision"] = in->Varint();
  (*object)["version"] = in->Varint();
  PutSession(in, object);
  (*object)["token"] = in->Varint();
  PutRest("value", in, object);
  return true;
}

bool ReadSession(ByteReader* key, ByteReader* in, json* object) {
  (*object)["session"] = SessionText(SessionId(key->U64BigEndian()));
  (*object)["ttl_ms"] = in->Varint();
  PutBytes("name", in->String(SIZE_MAX), object);
  PutRest("metadata", in, object);
  return true;
}

bool ReadLife(ByteReader* key, ByteReader* in, json* object) {
  (*object)["session"] = SessionText(SessionId(key->U64BigEndian()));
  (*object)["deadline_ms"] = in->Varint();
  (*object)["renewal_epoch"] = in->Varint();
  (*object)["owned"] = in->Varint();
  return true;
}

bool ReadQueue(ByteReader* key, ByteReader* in, json* object) {
  (*object)["of"] = QueueName(key->U8());
  PutRest("name", key, object);
  PutSession(in, object);
  (*object)["token"] = in->Varint();
  (*object)["ticket"] = in->Varint();
  (*object)["acquired_ms"] = in->Varint();
  (*object)["waiters"] = in->Varint();
  (*object)["line_start"] = in->Varint();
  PutRest("value", in, object);
  return true;
}

bool ReadVersion(ByteReader* key, ByteReader* in, json* object) {
  (*object)["command_version"] = in->Varint();
  return key->AtEnd();
}

struct RowReader {
  char table;
  const char* name;
  bool (*read)(ByteReader* key, ByteReader* value, json* object);  // nullptr: shown as bytes
};

constexpr RowReader kReaders[] = {
    {'m', "meta", ReadMeta},
    {'v', "version", ReadVersion},
    {'k', "kv", ReadKv},
    {'h', "history", ReadHistory},
    {'s', "session", ReadSession},
    {'l', "session_life", ReadLife},
    {'q', "queue", ReadQueue},
    {'d', "session_deadline", nullptr},
    {'o', "owned", nullptr},
    {'w', "waiter", nullptr},
    {'x', "wait_deadline", nullptr},
    {'i', "idempotency", nullptr},
    {'a', "idempotency_age", nullptr},
    {'n', "node", nullptr},
};

const RowReader* ReaderOf(std::string_view key) {
  for (const RowReader& reader : kReaders) {
    if (!key.empty() && key[0] == reader.table) return &reader;
  }
  return nullptr;
}

// nullopt: it cannot be read.
std::optional<json> Read(const RowReader& reader, std::string_view key, std::string_view value) {
  json object{{"table", reader.name}};
  ByteReader key_in(key.substr(1));
  ByteReader value_in(value);
  if (!reader.read(&key_in, &value_in, &object)) return std::nullopt;
  if (!key_in.AtEnd() || !value_in.AtEnd()) return std::nullopt;
  return object;
}

}  // namespace

json RowJson(std::string_view key, std::string_view value) {
  const RowReader* const reader = ReaderOf(key);
  if (reader != nullptr && reader->read != nullptr) {
    if (std::optional<json> object = Read(*reader, key, value)) return *std::move(object);
  }
  return {{"table", reader != nullptr ? reader->name : "unknown"},
          {"row_b64", http::Base64Encode(key)},
          {"value_b64", http::Base64Encode(value)}};
}

Status CheckRow(std::string_view key, std::string_view value) {
  const RowReader* const reader = ReaderOf(key);
  const bool known = reader != nullptr;
  if (known && (reader->read == nullptr || Read(*reader, key, value))) return Status::Ok();
  return Status(Code::kCorruption,
                "The row " + http::Base64Encode(key) + " (base64) " +
                    (known ? "of the table " + std::string(reader->name) + " cannot be read."
                           : "belongs to no table."));
}

std::optional<Index> AppliedIn(std::string_view key, std::string_view value) {
  if (key != "m") return std::nullopt;
  ByteReader in(value);
  if (in.U8() != kMetaFormat) return std::nullopt;
  const Index applied(in.U64());
  return in.ok() ? std::optional(applied) : std::nullopt;
}

}  // namespace baton::batonctl
