// batonctl data, on directories that a node's storage made on the real disk.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cmd/batonctl/batonctl.h"
#include "cmd/batonctl/data_json.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/test_run.h"
#include "pkg/coord/command.h"
#include "pkg/coord/rows.h"
#include "pkg/raft/membership_codec.h"
#include "pkg/storage/data_dir.h"
#include "pkg/storage/testing/fixtures.h"

namespace baton::batonctl {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

raft::Entry CommandEntry(uint64_t index, coord::CommandBody body) {
  coord::Command command;
  command.principal = "alice";
  command.body = std::move(body);
  return storage::MakeEntry(index, 2, coord::EncodeEntry(1000, coord::EncodeCommand(command)));
}

// What `data dump` says of the command, without what all of them have.
json Shown(coord::CommandBody body) {
  const raft::Entry entry = CommandEntry(1, std::move(body));
  EXPECT_TRUE(CheckEntryData(entry).ok());
  json command = EntryJson(entry)["command"];
  EXPECT_EQ(command["principal"], "alice");
  command.erase("principal");
  return command;
}

TEST(EntryJsonTest, EveryCommandIsReadable) {
  const SessionId session(0xab);
  using coord::QueueKind;
  EXPECT_EQ(Shown(coord::AdvanceTime{}), json::parse(R"({"kind":"advance_time"})"));
  EXPECT_EQ(
      Shown(coord::KvPut{.key = "color",
                         .value = "green",
                         .precondition = {coord::Precondition::Kind::kModRevision, Revision(7)},
                         .session = session,
                         .guard = coord::Guard{.lock = "nightly", .token = Token(4)}}),
      json::parse(R"({"kind":"kv_put","key":"color","value":"green","if_revision":7,
                            "session":"00000000000000ab","lock":"nightly","token":4})"));
  EXPECT_EQ(Shown(coord::KvPut{.key = "k",
                               .value = "\xff\xfe",
                               .precondition = {coord::Precondition::Kind::kAbsent, {}},
                               .session = {},
                               .guard = {}}),
            json::parse(R"({"kind":"kv_put","key":"k","value_b64":"//4=","if_absent":true})"));
  EXPECT_EQ(Shown(coord::KvDelete{.key = "color", .precondition = {}, .guard = {}}),
            json::parse(R"({"kind":"kv_delete","key":"color"})"));
  EXPECT_EQ(Shown(coord::SessionCreate{
                .id = session, .ttl_ms = 15000, .name = "worker", .metadata = "m"}),
            json::parse(R"({"kind":"session_create","session":"00000000000000ab","ttl_ms":15000,
                            "name":"worker","metadata":"m"})"));
  EXPECT_EQ(Shown(coord::SessionRenew{.ids = {session}}),
            json::parse(R"({"kind":"session_renew","sessions":["00000000000000ab"]})"));
  EXPECT_EQ(Shown(coord::SessionDestroy{.id = session}),
            json::parse(R"({"kind":"session_destroy","session":"00000000000000ab"})"));
  EXPECT_EQ(Shown(coord::SessionExpire{.items = {{session, 3}}}),
            json::parse(R"({"kind":"session_expire",
                            "sessions":[{"session":"00000000000000ab","renewal_epoch":3}]})"));
  EXPECT_EQ(Shown(coord::Acquire{.kind = QueueKind::kLock,
                                 .name = "nightly",
                                 .session = session,
                                 .wait_ms = 50,
                                 .stay_queued = true,
                                 .value = "host",
                                 .listener = 9}),
            json::parse(R"({"kind":"acquire","of":"lock","name":"nightly","wait_ms":50,
                            "session":"00000000000000ab","stay_queued":true,"value":"host"})"));
  EXPECT_EQ(Shown(coord::Release{.kind = QueueKind::kElection,
                                 .name = "scheduler",
                                 .session = session,
                                 .token = Token(5)}),
            json::parse(R"({"kind":"release","of":"election","name":"scheduler","token":5,
                            "session":"00000000000000ab"})"));
  EXPECT_EQ(Shown(coord::CancelWait{
                .kind = QueueKind::kLock, .name = "n", .ticket = Ticket(6), .listener = 1}),
            json::parse(R"({"kind":"cancel_wait","of":"lock","name":"n","ticket":6})"));
  EXPECT_EQ(Shown(coord::WaitExpire{.items = {{QueueKind::kLock, "n", Ticket(6)}}}),
            json::parse(R"({"kind":"wait_expire",
                            "waits":[{"kind":"wait","of":"lock","name":"n","ticket":6}]})"));
  EXPECT_EQ(Shown(coord::Proclaim{.kind = QueueKind::kElection,
                                  .name = "scheduler",
                                  .session = session,
                                  .token = Token(5),
                                  .value = "v2"}),
            json::parse(R"({"kind":"proclaim","of":"election","name":"scheduler","token":5,
                            "session":"00000000000000ab","value":"v2"})"));
  EXPECT_EQ(Shown(coord::CompactHistory{.revision = Revision(7)}),
            json::parse(R"({"kind":"compact_history","revision":7})"));
}

TEST(EntryJsonTest, ConfigurationsEmptyEntriesAndWhatCannotBeRead) {
  raft::ConfigState config;
  config.voters = {NodeId(1), NodeId(2)};
  config.learners = {NodeId(3)};
  raft::Entry entry = storage::MakeEntry(7, 2, "");
  EXPECT_EQ(EntryJson(entry), json::parse(R"({"index":7,"term":2,"type":"empty"})"));
  entry.type = raft::EntryType::kConfigChange;
  entry.data = raft::EncodeMembershipEntry(config, "why");
  EXPECT_TRUE(CheckEntryData(entry).ok());
  EXPECT_EQ(EntryJson(entry), json::parse(R"({"index":7,"term":2,"type":"config","context":"why",
                                              "config":{"voters":[1,2],"learners":[3]}})"));
  for (const auto type : {raft::EntryType::kConfigChange, raft::EntryType::kNormal}) {
    entry.type = type;
    entry.data = raft::Payload("??");
    EXPECT_FALSE(CheckEntryData(entry).ok());
    EXPECT_EQ(EntryJson(entry)["data_b64"], "Pz8=");
  }
}

TEST(RowJsonTest, RowsAreReadable) {
  const SessionId session(0xab);
  EXPECT_EQ(RowJson(coord::KvRowKey("color"), coord::EncodeKvRow({.create_revision = Revision(3),
                                                                  .mod_revision = Revision(5),
                                                                  .version = 2,
                                                                  .session = session,
                                                                  .guard_lock = "nightly",
                                                                  .value = "green"})),
            json::parse(R"({"table":"kv","key":"color","create_revision":3,"mod_revision":5,
                "version":2,"session":"00000000000000ab","lock":"nightly","value":"green"})"));
  EXPECT_EQ(RowJson(coord::SessionRowKey(session),
                    coord::EncodeSessionRow({.ttl_ms = 9, .name = "n", .metadata = "m"})),
            json::parse(R"({"table":"session","session":"00000000000000ab","ttl_ms":9,"name":"n",
                            "metadata":"m"})"));
  EXPECT_EQ(RowJson(coord::LifeRowKey(session),
                    coord::EncodeLifeRow({.deadline_ms = 8, .renewal_epoch = 7, .owned = 6})),
            json::parse(R"({"table":"session_life","session":"00000000000000ab","deadline_ms":8,
                      "renewal_epoch":7,"owned":6})"));
  coord::QueueRow queue;
  queue.holder.session = session;
  queue.holder.token = Token(4);
  queue.holder.value = "host";
  EXPECT_EQ(
      RowJson(coord::QueueRowKey(coord::QueueKind::kLock, "nightly"), coord::EncodeQueueRow(queue)),
      json::parse(R"({"table":"queue","of":"lock","name":"nightly","token":4,"ticket":0,
                "session":"00000000000000ab","acquired_ms":0,"waiters":0,"line_start":0,
                "value":"host"})"));
  coord::Event event;
  event.key = "color";
  event.value = "green";
  EXPECT_EQ(RowJson(coord::HistoryRowKey(Revision(5), 0), coord::EncodeEventRow(event))["revision"],
            5);
}

TEST(RowJsonTest, TheMetaRowAndTheAppliedIndexInIt) {
  coord::Meta meta;
  meta.applied = Index(12);
  meta.revision = Revision(9);
  std::string value = coord::EncodeMetaBody(meta) + std::string(8, '\x01');
  const json shown = RowJson("m", value);
  EXPECT_EQ(shown["applied"], 12);
  EXPECT_EQ(shown["revision"], 9);
  EXPECT_EQ(shown["rolling_hash"], "0101010101010101");
  EXPECT_EQ(AppliedIn("m", value), Index(12));
  EXPECT_EQ(AppliedIn("k", value), std::nullopt);
  value[0] = 9;
  EXPECT_EQ(AppliedIn("m", value), std::nullopt);
  EXPECT_FALSE(CheckRow("m", value).ok());
  EXPECT_TRUE(RowJson("m", value).contains("value_b64"));
}

TEST(RowJsonTest, WhatCannotBeReadIsShownAsBytes) {
  EXPECT_EQ(RowJson("kcolor", "\xff"),
            json::parse(R"({"table":"kv","row_b64":"a2NvbG9y","value_b64":"/w=="})"));
  EXPECT_NE(CheckRow("kcolor", "\xff").message().find("of the table kv cannot be read"),
            std::string::npos);
  EXPECT_EQ(RowJson("?", "")["table"], "unknown");
  EXPECT_FALSE(CheckRow("?", "").ok());
  EXPECT_FALSE(CheckRow("", "").ok());
  EXPECT_EQ(RowJson("oxyz", "")["table"], "owned");
  EXPECT_TRUE(CheckRow("oxyz", "").ok()) << "no reader is made for it";
}

class DataCommandsTest : public ::testing::Test {
 protected:
  DataCommandsTest()
      : path_(fs::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(path_);
    const auto dir = storage::DataDir::Open(path_, storage::TestIdentity());
    node::LogWrite write = storage::VoteWrite(2, 1, 3);
    for (uint64_t i = 1; i <= 5; ++i) {
      write.entries.push_back(CommandEntry(
          i, coord::KvDelete{.key = "key" + std::to_string(i), .precondition = {}, .guard = {}}));
    }
    EXPECT_TRUE(storage::WriteOne(&(*dir)->log(), write).ok());
    (*dir)->state().Put(coord::KvRowKey("color"), coord::EncodeKvRow({.create_revision = {},
                                                                      .mod_revision = {},
                                                                      .version = 1,
                                                                      .session = {},
                                                                      .guard_lock = {},
                                                                      .value = "green"}));
    EXPECT_TRUE((*dir)->state().Commit().ok());
  }
  ~DataCommandsTest() override { fs::remove_all(path_); }

  RunResult Run(std::vector<std::string> words) {
    words.insert(words.begin(), "data");
    words.insert(words.begin() + 2, path_);
    return TestRun().Run(words);
  }
  void Damage(const std::string& name) { std::ofstream(path_ / name) << "damaged"; }

  const fs::path path_;
};

std::vector<json> Lines(const std::string& out) {
  std::vector<json> lines;
  std::istringstream in(out);
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

TEST_F(DataCommandsTest, VerifyAWholeDirectory) {
  const RunResult result = Run({"verify"});
  EXPECT_EQ(result.exit_code, kExitOk) << result.err;
  EXPECT_TRUE(result.out.starts_with("identity       ok       node 1 of the cluster cluster-a.\n"))
      << result.out;
  EXPECT_TRUE(result.out.ends_with("The directory is whole.\n")) << result.out;
  const json report = json::parse(Run({"verify", "--output", "json"}).out);
  EXPECT_EQ(report["damaged"], false);
  EXPECT_EQ(report["cluster_id"], "cluster-a");
  EXPECT_EQ(report["node_id"], 1);
  EXPECT_EQ(report["parts"].size(), 9u);
}

TEST_F(DataCommandsTest, VerifyADamagedDirectory) {
  Damage("WATERMARK");
  const RunResult result = Run({"verify"});
  EXPECT_EQ(result.exit_code, kExitDamaged);
  EXPECT_NE(result.out.find("watermark      DAMAGED  "), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("; do: do not edit the directory"), std::string::npos) << result.out;
  const RunResult as_json = Run({"verify", "--output", "json"});
  EXPECT_EQ(as_json.exit_code, kExitDamaged);
  EXPECT_TRUE(json::parse(as_json.out)["parts"][1].contains("advice"));
}

TEST_F(DataCommandsTest, DumpAsLinesAndAsJson) {
  const RunResult result = Run({"dump"});
  EXPECT_EQ(result.exit_code, kExitOk) << result.err;
  EXPECT_NE(
      result.out.find("hard_state {\"commit\":3,\"memory\":\"whole\",\"term\":2,\"vote\":1}\n"),
      std::string::npos)
      << result.out;
  const std::vector<json> lines = Lines(Run({"dump", "--output", "json"}).out);
  ASSERT_EQ(lines.size(), 11u);
  EXPECT_EQ(lines[0]["what"], "identity");
  EXPECT_EQ(lines[1]["what"], "watermark");
  EXPECT_EQ(lines[4]["config"]["voters"], json::array());
  EXPECT_EQ(lines[10], json::parse(R"({"what":"entry","index":5,"term":2,"type":"command",
      "time_ms":1000,"command":{"kind":"kv_delete","key":"key5","principal":"alice"}})"));
}

TEST_F(DataCommandsTest, DumpOfAPartAndOfTheState) {
  const std::vector<json> lines =
      Lines(Run({"dump", "--from", "2", "--to", "3", "--state", "--output", "json"}).out);
  ASSERT_EQ(lines.size(), 10u);
  EXPECT_EQ(lines[6]["index"], 2);
  EXPECT_EQ(lines[7]["index"], 3);
  EXPECT_EQ(lines[9]["key"], "color");
  EXPECT_EQ(lines[9]["what"], "row");
  EXPECT_EQ(Run({"dump", "--from", "x"}).exit_code, kExitUsage);
}

TEST_F(DataCommandsTest, DumpGoesOnAfterDamage) {
  Damage("WATERMARK");
  const RunResult result = Run({"dump", "--output", "json"});
  EXPECT_EQ(result.exit_code, kExitDamaged);
  const std::vector<json> lines = Lines(result.out);
  EXPECT_TRUE(lines[1].contains("error"));
  EXPECT_EQ(lines.back()["index"], 5);
}

TEST_F(DataCommandsTest, AnOutputThatIsLostIsNoSuccess) {
  for (const std::string command : {"verify", "dump"}) {
    std::ostream nowhere(nullptr);
    std::ostringstream err;
    Context context;
    context.out = &nowhere;
    context.err = &err;
    EXPECT_EQ(batonctl::Run(std::vector<std::string>{"data", command, path_}, &context),
              kExitCannotLook);
    EXPECT_NE(err.str().find("The output cannot be written"), std::string::npos) << err.str();
  }
}

TEST_F(DataCommandsTest, WhatIsNoDataDirectory) {
  fs::remove_all(path_);
  const RunResult nowhere = Run({"verify"});
  EXPECT_EQ(nowhere.exit_code, kExitCannotLook);
  EXPECT_NE(nowhere.err.find("No such file or directory"), std::string::npos) << nowhere.err;
  fs::create_directory(path_);
  const RunResult empty = Run({"dump"});
  EXPECT_EQ(empty.exit_code, kExitCannotLook);
  EXPECT_NE(empty.err.find("is not a data directory of Baton"), std::string::npos) << empty.err;
}

}  // namespace
}  // namespace baton::batonctl
