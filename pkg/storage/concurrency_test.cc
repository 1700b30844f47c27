// The threads of the ports at work together: the raft thread, the log writer's, and those that
// stream snapshots. Meant for --config=tsan, true without it.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "pkg/base/random.h"
#include "pkg/storage/log_store.h"
#include "pkg/storage/snapshot_format.h"
#include "pkg/storage/state_store.h"
#include "pkg/storage/testing/fault_env.h"
#include "pkg/storage/testing/fixtures.h"

namespace baton::storage {
namespace {

class ConcurrencyTest : public ::testing::Test {
 protected:
  ConcurrencyTest() { EXPECT_TRUE(env_.CreateDir("/data").ok() && env_.SyncDir("/").ok()); }

  FaultEnv env_;
};

std::string Bytes(uint64_t index, uint64_t term) {
  return std::to_string(index) + "/" + std::to_string(term) + std::string(index % 700, '.');
}

// Reads random ranges until told to stop. Every entry that comes is one that was written there.
void ReadLog(const LevelLogStore& log, uint64_t seed, const std::atomic<bool>& stop,
             std::atomic<uint64_t>* entries_read) {
  Random random(seed);
  while (!stop) {
    const uint64_t first = log.FirstIndex().value();
    const uint64_t span = log.LastIndex().value() + 2 - std::min(first, log.LastIndex().value());
    const Index low(first + random.Below(span));
    const auto entries = log.Entries(low, low + random.Below(20), 4000);
    if (!entries.ok()) {
      const Code code = entries.status().code();
      ASSERT_TRUE(code == Code::kGone || code == Code::kNotFound) << entries.status().ToString();
      continue;
    }
    Index index = low;
    for (const raft::Entry& entry : *entries) {
      ASSERT_EQ(entry.index, index);
      ASSERT_EQ(entry.data.view(), Bytes(index.value(), entry.term.value()));
      ++index;
      ++*entries_read;
    }
    const Result<Term> term = log.TermAt(low);
    ASSERT_TRUE(term.ok() || term.status().code() == Code::kGone ||
                term.status().code() == Code::kNotFound);
    (void)log.State();
    (void)log.ApproximateBytes();
  }
}

TEST_F(ConcurrencyTest, ReadersOfTheLogBesideItsWriter) {
  ASSERT_TRUE(LevelLogStore::Create(&env_, "/data", TestIdentity()).ok());
  LogStoreOptions options;
  options.cache_bytes_max = 5000;  // most reads go to LevelDB
  options.write_buffer_bytes = 64 << 10;
  auto log = *LevelLogStore::Open(&env_, "/data", TestIdentity(), options);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> entries_read{0};
  std::vector<std::thread> readers;
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    readers.emplace_back([&, seed] { ReadLog(*log, seed, stop, &entries_read); });
  }

  Random random(9);
  uint64_t term = 1;
  for (int step = 0; step < 400 || entries_read < 1000; ++step) {
    const Index last = log->LastIndex();
    const Index first = log->FirstIndex();
    if (random.Chance(1, 30) && last >= first) {
      const Index at = first + random.Below(last + 1 - first);
      ASSERT_TRUE(log->Compact(MakeMeta(at.value(), log->TermAt(at)->value())).ok());
      continue;
    }
    node::LogWrite write = VoteWrite(term, 1, 0);
    Index next = last + 1;
    if (random.Chance(1, 60)) {
      write.snapshot = MakeMeta((last + 3).value(), term);
      next = last + 4;
    } else if (random.Chance(1, 10) && last >= first) {
      next = first + random.Below(last + 1 - first);
      write.hard_state->term = Term(++term);
    }
    for (uint64_t i = 0; i < 1 + random.Below(10); ++i) {
      const uint64_t index = (next + i).value();
      write.entries.push_back(MakeEntry(index, term, Bytes(index, term)));
    }
    ASSERT_TRUE(WriteOne(log.get(), write).ok());
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  log.reset();
  EXPECT_TRUE(LevelLogStore::Open(&env_, "/data", TestIdentity(), options).ok());
}

// Every commit writes the same number into all rows: a snapshot with two numbers is torn.
void CheckSnapshot(std::unique_ptr<node::SnapshotReader> reader) {
  SnapshotDecoder decoder;
  std::string number;
  while (!decoder.complete()) {
    const Result<std::string> chunk = reader->NextChunk(500);
    ASSERT_TRUE(chunk.ok());
    ASSERT_TRUE(decoder
                    .Decode(*chunk,
                            [&](std::string_view, std::string_view value) {
                              if (number.empty()) number = value;
                              EXPECT_EQ(number, value);
                            })
                    .ok());
  }
}

TEST_F(ConcurrencyTest, CommitsBesideSyncsSnapshotsAndInstalls) {
  ASSERT_TRUE(LevelStateStore::Create(&env_, "/data", TestIdentity()).ok());
  StateStoreOptions options;
  options.write_buffer_bytes = 64 << 10;
  auto state = *LevelStateStore::Open(&env_, "/data", TestIdentity(), options);
  std::atomic<bool> stop{false};
  std::atomic<int> syncs{0};
  std::thread syncer([&] {
    while (!stop) {
      ASSERT_TRUE(state->Sync().ok());
      ++syncs;
    }
  });
  std::thread streamer;
  for (int commit = 0; commit < 300 || syncs < 20; ++commit) {
    for (int key = 0; key < 20; ++key) {
      state->Put("key" + std::to_string(key),
                 std::to_string(commit) + std::string(static_cast<size_t>(commit % 300), 'x'));
    }
    ASSERT_TRUE(state->Commit().ok());
    if (commit % 20 == 5) {
      if (streamer.joinable()) streamer.join();
      auto reader = state->OpenSnapshot();
      ASSERT_TRUE(reader.ok());
      streamer = std::thread([r = *std::move(reader)]() mutable { CheckSnapshot(std::move(r)); });
    }
    if (commit % 50 == 7) {
      auto writer = *state->BeginInstall();
      std::thread receiver([&, reader = *state->OpenSnapshot()] {
        for (auto chunk = reader->NextChunk(1000); !chunk->empty();
             chunk = reader->NextChunk(1000)) {
          ASSERT_TRUE(writer->Append(*chunk).ok());
        }
        ASSERT_TRUE(writer->Finish().ok());
      });
      receiver.join();
      ASSERT_TRUE(state->Install(writer.get()).ok());
    }
  }
  stop = true;
  syncer.join();
  streamer.join();
}

// Sync must not stand in the queue of LevelDB's writers: a commit passes while the disk still works
// on a sync. Would hang, not fail, if it did.
TEST_F(ConcurrencyTest, ACommitDoesNotWaitForASync) {
  ASSERT_TRUE(LevelStateStore::Create(&env_, "/data", TestIdentity()).ok());
  // A disk whose syncs take as long as the test likes.
  class SlowSync final : public DurableEnv {
   public:
    explicit SlowSync(DurableEnv* base) : DurableEnv(base), base_(base) {}
    leveldb::Status SyncDir(const std::string& path) override { return base_->SyncDir(path); }
    leveldb::Status NewAppendableFile(const std::string& path,
                                      leveldb::WritableFile** file) override {
      leveldb::Status status = base_->NewAppendableFile(path, file);
      if (status.ok()) *file = new File(this, std::unique_ptr<leveldb::WritableFile>(*file));
      return status;
    }
    std::atomic<bool> in_sync{false};
    std::atomic<bool> may_end{false};

   private:
    class File final : public leveldb::WritableFile {
     public:
      File(SlowSync* env, std::unique_ptr<leveldb::WritableFile> file)
          : env_(env), file_(std::move(file)) {}
      leveldb::Status Append(const leveldb::Slice& bytes) override { return file_->Append(bytes); }
      leveldb::Status Close() override { return file_->Close(); }
      leveldb::Status Flush() override { return file_->Flush(); }
      leveldb::Status Sync() override {
        env_->in_sync = true;
        env_->in_sync.notify_all();
        env_->may_end.wait(false);
        return file_->Sync();
      }

     private:
      SlowSync* const env_;
      const std::unique_ptr<leveldb::WritableFile> file_;
    };

    DurableEnv* const base_;
  };
  SlowSync slow(&env_);
  auto state = *LevelStateStore::Open(&slow, "/data", TestIdentity(), {});
  state->Put("a", "1");
  ASSERT_TRUE(state->Commit().ok());
  std::thread syncer([&] { ASSERT_TRUE(state->Sync().ok()); });
  slow.in_sync.wait(false);
  state->Put("b", "2");
  EXPECT_TRUE(state->Commit().ok());
  EXPECT_EQ(state->Get("b"), "2");
  slow.may_end = true;
  slow.may_end.notify_all();
  syncer.join();
}

}  // namespace
}  // namespace baton::storage
