// GET /v1/admin/snapshot over a real listener.

#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pkg/http/backup_stream.h"
#include "pkg/http/testing/api_server.h"
#include "pkg/http/testing/eventually.h"
#include "pkg/http/testing/raw_client.h"

namespace baton::http {
namespace {

constexpr char kTarget[] = "/v1/admin/snapshot";

// What the readers of a test have in common.
struct Source {
  uint64_t pieces_max = 3;
  size_t piece_bytes = 1000;
  std::optional<uint64_t> broken_at;
  std::atomic<uint64_t> pieces{0};
  std::atomic<int> open{0};
};

class FakePieces final : public node::SnapshotReader {
 public:
  explicit FakePieces(Source* source) : source_(source) { ++source_->open; }
  ~FakePieces() override { --source_->open; }

  Result<std::string> NextChunk(size_t) override {
    if (next_ == source_->broken_at) return Status(Code::kCorruption, "a bad sector");
    if (next_ == source_->pieces_max) return std::string();
    ++source_->pieces;
    return std::string(source_->piece_bytes, static_cast<char>('a' + next_++ % 26));
  }

 private:
  Source* const source_;
  uint64_t next_ = 0;
};

struct Decoded {
  Status status;
  uint64_t pieces = 0;
  std::optional<node::BackupHeader> header;
};

Decoded Decode(std::string_view bytes) {
  Decoded decoded;
  node::BackupDecoder decoder;
  decoded.status = decoder.Feed(bytes, [&](std::string_view) {
    ++decoded.pieces;
    return Status::Ok();
  });
  if (decoded.status.ok()) decoded.status = decoder.Finish();
  decoded.header = decoder.header();
  return decoded;
}

class BackupHandlersTest : public ::testing::Test {
 protected:
  BackupHandlersTest() {
    api_.service().SetBackupPieces([this] { return std::make_unique<FakePieces>(&source_); });
  }
  // A client that asks and has room for little.
  RawClient Ask() {
    RawClient client(api_.port(), /*receive_buffer_bytes=*/4096);
    EXPECT_TRUE(client.Send(std::string("GET ") + kTarget + " HTTP/1.1\r\nHost: a\r\n\r\n"));
    return client;
  }

  Source source_;
  ApiServer api_;
};

TEST_F(BackupHandlersTest, ABackupIsAHeaderItsPiecesAndAnEnd) {
  EXPECT_EQ(api_.Send("PUT", "/v1/kv/a", "1").status, 200);
  const ClientResponse response = api_.Send("GET", kTarget);
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(HeaderOf(response, "content-type"), "application/octet-stream");
  EXPECT_EQ(HeaderOf(response, "content-disposition"),
            "attachment; filename=\"baton-0123456789abcdef-1.backup\"");
  EXPECT_EQ(HeaderOf(response, "x-revision"), "1");
  EXPECT_EQ(HeaderOf(response, "x-consistency"), "linearizable");
  const Decoded decoded = Decode(response.body);
  EXPECT_TRUE(decoded.status.ok()) << decoded.status.ToString();
  EXPECT_EQ(decoded.pieces, 3u);
  ASSERT_TRUE(decoded.header.has_value());
  EXPECT_EQ(decoded.header->cluster_id, FakeService::kClusterId);
  EXPECT_EQ(decoded.header->version, api_.context().version);
  EXPECT_GT(decoded.header->wall_ms, 1'700'000'000'000);
  EXPECT_TRUE(Eventually([&] { return source_.open == 0; }));
}

TEST_F(BackupHandlersTest, OptionsAreThoseOfReads) {
  EXPECT_EQ(
      HeaderOf(api_.Send("GET", std::string(kTarget) + "?consistency=stale"), "x-consistency"),
      "stale");
  api_.ExpectProblem(400, "unknown_parameter", "GET", std::string(kTarget) + "?prefix=a");
  api_.Send("GET", std::string(kTarget) + "?timeout=3s");
  EXPECT_EQ(api_.service().last_timeout_ms(), 3000);
  api_.service().FailNext(Status(Code::kUnavailable, "no_leader", "Nobody leads"));
  api_.ExpectProblem(503, "no_leader", "GET", kTarget);
  EXPECT_EQ(api_.Send("GET", kTarget).status, 200) << "a failed one has left its slot";
  EXPECT_EQ(api_.Send("HEAD", kTarget).status, 200);
}

TEST_F(BackupHandlersTest, ADiskThatCannotBeReadCutsTheBackup) {
  source_.broken_at = 2;
  RawClient client = Ask();
  const auto response = client.ReadResponse();
  ASSERT_TRUE(response.has_value());
  EXPECT_FALSE(response->complete) << "the client must see that something is missing";
  EXPECT_EQ(Decode(response->body).status.reason(), "cut_backup");
}

TEST_F(BackupHandlersTest, PiecesAreMadeAsTheClientTakesThem) {
  source_.pieces_max = 256;
  source_.piece_bytes = BackupStream::kPieceBytes;
  // In the kernel on both sides, in the stream's buffer, and the one in the making.
  constexpr uint64_t kAheadBytesMax = 4 << 20;
  RawClient client = Ask();
  uint64_t received = 0;
  while (received < source_.pieces_max * source_.piece_bytes) {
    const std::string bytes = client.ReadSome();
    ASSERT_FALSE(bytes.empty()) << received;
    received += bytes.size();
    ASSERT_LE(source_.pieces * source_.piece_bytes, received + kAheadBytesMax);
    ASSERT_LE(api_.Stats().stream_unsent_bytes, 2 * source_.piece_bytes);
  }
  EXPECT_EQ(source_.pieces, source_.pieces_max);
}

TEST_F(BackupHandlersTest, ABoundedNumberIsUnderWay) {
  source_.pieces_max = 1000;
  source_.piece_bytes = 1 << 20;
  std::vector<RawClient> clients;
  for (size_t i = 0; i < BackupSlots::kBackupsMax; ++i) clients.push_back(Ask());
  ASSERT_TRUE(Eventually([&] { return source_.open == int{BackupSlots::kBackupsMax}; }));
  api_.ExpectProblem(503, "too_many_backups", "GET", kTarget);
  EXPECT_EQ(api_.Send("GET", "/v1/admin/hash").status, 200) << "the loop goes on";
  clients.pop_back();  // leaves
  ASSERT_TRUE(Eventually([&] { return source_.open == int{BackupSlots::kBackupsMax} - 1; }));
  source_.pieces_max = 0;
  ASSERT_TRUE(Eventually([&] { return api_.Send("GET", kTarget).status == 200; }));
}

TEST_F(BackupHandlersTest, TheEndOfTheServerEndsABackupWithoutItsEnd) {
  source_.pieces_max = 1000;
  source_.piece_bytes = 1 << 20;
  RawClient client = Ask();
  ASSERT_TRUE(Eventually([&] { return source_.pieces > 0; }));
  api_.StopServer();
  EXPECT_TRUE(Eventually([&] { return source_.open == 0; }));
  const auto response = client.ReadResponse();
  EXPECT_TRUE(!response || Decode(response->body).status.reason() == "cut_backup");
}

}  // namespace
}  // namespace baton::http
