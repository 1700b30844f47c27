#include "pkg/node/log_writer_thread.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>

#include "pkg/base/system_clock.h"
#include "pkg/node/testing/memory_stores.h"

namespace baton::node {
namespace {

using testing::MemoryLogStore;
using testing::MemoryStateStore;

// Lets a Write begin and end when the test says so, and writes down what happened.
class GatedLog final : public LogStore {
 public:
  LogState State() const override { return log.State(); }
  Index FirstIndex() const override { return log.FirstIndex(); }
  Index LastIndex() const override { return log.LastIndex(); }
  Result<Term> TermAt(Index index) const override { return log.TermAt(index); }
  Result<std::vector<raft::Entry>> Entries(Index low, Index high, size_t bytes) const override {
    return log.Entries(low, high, bytes);
  }
  Status Write(std::span<const LogWrite> writes, bool must_sync) override {
    if (first_) {
      first_ = false;
      began.set_value();
      go_on.get_future().wait();
    }
    batches.push_back(writes.size());
    synced.push_back(must_sync);
    return log.Write(writes, must_sync);
  }
  Status Compact(const raft::SnapshotMeta& start) override { return log.Compact(start); }
  uint64_t EntryBytes() const override { return log.EntryBytes(); }
  Index FirstWithin(uint64_t bytes) const override { return log.FirstWithin(bytes); }
  uint64_t ApproximateBytes() const override { return 0; }

  MemoryLogStore log;
  std::promise<void> began;
  std::promise<void> go_on;
  std::vector<size_t> batches;
  std::vector<bool> synced;

 private:
  bool first_ = true;
};

class RecordingTransport final : public Transport {
 public:
  explicit RecordingTransport(std::vector<std::string>* record) : record_(record) {}
  bool Send(NodeId to, PeerMessage message) override {
    sent.push_back(std::get<raft::Message>(message));
    record_->push_back("send " + std::to_string(to.value()));
    return true;
  }
  void SetStamp(const EnvelopeStamp&) override {}
  void SendSnapshot(NodeId, raft::Message, std::unique_ptr<SnapshotReader>) override {}
  void CancelSnapshot(NodeId) override {}

  std::vector<raft::Message> sent;

 private:
  std::vector<std::string>* record_;
};

WriteJob JobOf(uint64_t index, bool must_sync, std::vector<uint64_t> receivers = {}) {
  WriteJob job;
  raft::Entry entry;
  entry.index = Index(index);
  entry.term = Term(1);
  job.write.entries.push_back(entry);
  job.must_sync = must_sync;
  job.mark = {Term(1), Index(index)};
  for (const uint64_t to : receivers) {
    raft::Message message;
    message.to = NodeId(to);
    job.messages.push_back(message);
  }
  return job;
}

class LogWriterThreadTest : public ::testing::Test {
 protected:
  LogWriterThread::Parts Parts() {
    LogWriterThread::Parts parts;
    parts.log = &log;
    parts.state = &state;
    parts.transport = &transport;
    parts.clock = &clock;
    parts.log_sync = &log_sync;
    parts.persisted = [this](raft::LogMark mark) {
      record.push_back("persisted " + std::to_string(mark.last_index.value()));
    };
    parts.compacted = [this] { record.push_back("compacted"); };
    parts.fatal = [this](const Status& why) { record.push_back("fatal " + why.message()); };
    return parts;
  }

  GatedLog log;
  MemoryStateStore state;
  std::vector<std::string> record;
  RecordingTransport transport{&record};
  SystemClock clock;
  LatencyHistogram log_sync;
};

TEST_F(LogWriterThreadTest, WhatWaitsForTheDiskIsWrittenTogetherAndInOrder) {
  LogWriterThread writer(Parts());
  writer.Start();
  writer.Write(JobOf(1, true, {5}));
  log.began.get_future().wait();
  writer.Write(JobOf(2, false));
  writer.Write(JobOf(3, true, {6, 7}));
  writer.Write(JobOf(4, false, {8}));
  log.go_on.set_value();
  writer.Stop();
  EXPECT_EQ(log.batches, (std::vector<size_t>{1, 3}));
  EXPECT_EQ(log.synced, (std::vector<bool>{true, true})) << "one that must be synced is enough";
  EXPECT_EQ(record, (std::vector<std::string>{"send 5", "persisted 1", "send 6", "send 7", "send 8",
                                              "persisted 4"}));
  EXPECT_EQ(log_sync.Read().total, 2U);
  EXPECT_EQ(log.LastIndex(), Index(4));
}

TEST_F(LogWriterThreadTest, ACommitIndexAloneIsNotSynced) {
  LogWriterThread writer(Parts());
  writer.Start();
  log.go_on.set_value();
  WriteJob job;
  job.write.hard_state = raft::HardState{Term(1), NodeId(), Index(1)};
  writer.Write(job);
  writer.Stop();
  EXPECT_EQ(log.synced, (std::vector<bool>{false}));
  EXPECT_EQ(log_sync.Read().total, 0U);
}

TEST_F(LogWriterThreadTest, ACommitIndexAloneWaitsForTheNextWrite) {
  const auto commit = [](uint64_t index) {
    WriteJob job;
    job.write.hard_state = raft::HardState{Term(1), NodeId(), Index(index)};
    job.mark = {Term(1), Index(3)};
    return job;
  };
  LogWriterThread writer(Parts());
  writer.Start();
  log.go_on.set_value();
  writer.Write(commit(1));
  writer.Write(commit(2));
  const auto begins = log.began.get_future();
  EXPECT_EQ(begins.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  writer.Write(JobOf(1, true));
  begins.wait();
  writer.Write(commit(3));
  writer.Stop();
  const raft::HardState stored = log.State().hard_state;
  EXPECT_EQ(stored.commit, Index(3)) << "the last one is not lost by an orderly end";
  EXPECT_EQ(log.batches.front(), 2U) << "the newest of two, and the write";
  EXPECT_EQ(log.synced.front(), true);
}

raft::Message Acknowledgement(uint64_t to, uint64_t match, uint64_t term = 1) {
  return {NodeId(9), NodeId(to), Term(term), raft::AppendResponse{.match_index = Index(match)}};
}

TEST_F(LogWriterThreadTest, OfTheAcknowledgementsOfABatchTheLastIsSent) {
  LogWriterThread writer(Parts());
  writer.Start();
  writer.Write(JobOf(1, true));
  log.began.get_future().wait();
  const raft::Message of_older_term = Acknowledgement(5, 1, 1);
  const raft::Message first = Acknowledgement(5, 2, 2);
  const raft::Message last = Acknowledgement(5, 3, 2);
  const raft::Message to_another = Acknowledgement(6, 4, 2);
  const raft::Message lower = Acknowledgement(6, 3, 2);
  raft::Message refusal = Acknowledgement(6, 5, 2);
  std::get<raft::AppendResponse>(refusal.body).rejected = true;
  raft::Message forgetful = Acknowledgement(6, 6, 2);
  std::get<raft::AppendResponse>(forgetful.body).amnesia = true;
  raft::Message whole = Acknowledgement(6, 7, 2);
  uint64_t index = 2;
  for (const auto& message :
       {of_older_term, first, last, to_another, lower, refusal, forgetful, whole}) {
    WriteJob job = JobOf(index++, true);
    job.messages = {message};
    writer.Write(std::move(job));
  }
  log.go_on.set_value();
  writer.Stop();
  EXPECT_EQ(transport.sent, (std::vector<raft::Message>{of_older_term, last, to_another, lower,
                                                        refusal, forgetful, whole}));
}

TEST_F(LogWriterThreadTest, CompactionSyncsTheStateFirstAndKeepsItsPlaceInTheOrder) {
  LogWriterThread writer(Parts());
  state.Put("k", "v");
  ASSERT_TRUE(state.Commit().ok());
  writer.Start();
  writer.Write(JobOf(1, true));
  log.began.get_future().wait();
  writer.Write(JobOf(2, true));
  writer.Compact({Index(2), Term(1), {}});
  writer.Write(JobOf(3, true));
  log.go_on.set_value();
  writer.Stop();
  EXPECT_EQ(record,
            (std::vector<std::string>{"persisted 1", "persisted 2", "compacted", "persisted 3"}));
  EXPECT_EQ(log.FirstIndex(), Index(3));
  EXPECT_EQ(state.unsynced_batches(), 0U);
}

TEST_F(LogWriterThreadTest, AfterAnErrorNothingIsWrittenSentOrReported) {
  LogWriterThread writer(Parts());
  writer.Start();
  writer.Write(JobOf(1, true));
  log.began.get_future().wait();
  log.log.FailWrites(Status(Code::kIo, "gone"));
  writer.Write(JobOf(2, true, {5}));
  writer.Compact({Index(1), Term(1), {}});
  log.go_on.set_value();
  writer.Stop();
  EXPECT_EQ(record, (std::vector<std::string>{"fatal gone"}));
  EXPECT_EQ(log.LastIndex(), Index());
}

}  // namespace
}  // namespace baton::node
