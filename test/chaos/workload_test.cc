// Show: who reads everything back and is not answered says so.
#include "test/chaos/workload.h"

#include <gtest/gtest.h>

#include "test/chaos/proxy/recording_server.h"

namespace baton::chaos {
namespace {

constexpr uint64_t kLastReads = 10 + 4 + 3 + kLocks + kElections;  // of one node

TEST(ReadEverythingTest, WhatIsAnsweredHasNotFailed) {
  const RecordingServer servers[2];
  std::vector<std::string> urls;
  for (const RecordingServer& server : servers) {
    urls.push_back("http://127.0.0.1:" + std::to_string(server.port()));
  }
  Recorder recorder;
  EXPECT_EQ(ReadEverything(urls, 1, &recorder), 0u);
  EXPECT_EQ(recorder.acknowledged(), 2 * kLastReads);
}

TEST(ReadEverythingTest, WhatIsNotAnsweredIsCounted) {
  Recorder recorder;
  EXPECT_EQ(ReadEverything({"http://127.0.0.1:1"}, 1, &recorder, 1), kLastReads);
  EXPECT_EQ(recorder.operations(), kLastReads);
  EXPECT_EQ(recorder.acknowledged(), 0u);
}

}  // namespace
}  // namespace baton::chaos
