// Each effect of the shim, on a tiny program.
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "test/chaos/proxy/recording_server.h"
#include "test/chaos/shim/shim_control.h"
#include "test/integration/cluster.h"
#include "test/integration/process.h"

namespace baton::chaos {
namespace {

using integration::Process;

constexpr int64_t kPatienceMs = 30'000;

struct Outcome {
  std::string word;
  int64_t took_ms = 0;
};

class ShimTest : public testing::Test {
 protected:
  ShimTest() : control(*ShimControl::Create(directory.path() + "/control")) {}

  Process Start(const std::string& call, const std::string& argument) {
    return Process::Start({integration::ProgramPath("test/chaos/shim/shim_probe"), call, argument},
                          output(), {.environment = environment});
  }
  Outcome Finish(Process* process) {
    EXPECT_EQ(process->Wait(kPatienceMs), 0) << integration::ReadFile(output());
    std::istringstream text(integration::ReadFile(output()));
    Outcome outcome;
    text >> outcome.word >> outcome.took_ms;
    ++runs;
    return outcome;
  }
  Outcome Run(const std::string& call, const std::string& argument) {
    Process process = Start(call, argument);
    return Finish(&process);
  }
  Outcome Run(const std::string& call) { return Run(call, file()); }

  std::string output() const { return directory.path() + "/output-" + std::to_string(runs); }
  std::string file() const { return directory.path() + "/file"; }

  int runs = 0;
  integration::TemporaryDirectory directory;
  std::unique_ptr<ShimControl> control;
  std::vector<std::string> environment =
      ShimEnvironment(integration::ProgramPath("test/chaos/shim/libshim.so"), control->path(), {});
};

TEST_F(ShimTest, WithoutFaultsAllIsAsItWas) {
  EXPECT_EQ(Run("write").word, "ok");
  EXPECT_EQ(integration::ReadFile(file()), "0123456789");
  for (const char* call : {"fsync", "fdatasync", "sync_file_range"}) {
    EXPECT_EQ(Run(call).word, "ok") << call;
  }
  EXPECT_EQ(control->faults().syncs, 3u);
}

TEST_F(ShimTest, ASyncIsSlow) {
  control->faults().sync_delay_ms = 200;
  for (const char* call : {"fsync", "fdatasync", "sync_file_range"}) {
    const Outcome outcome = Run(call);
    EXPECT_EQ(outcome.word, "ok") << call;
    EXPECT_GE(outcome.took_ms, 200) << call;
  }
  EXPECT_LT(Run("write").took_ms, 200);
}

TEST_F(ShimTest, ASyncHangsUntilItMayGoOn) {
  control->faults().sync_hangs = 1;
  Process process = Start("fdatasync", file());
  ASSERT_TRUE(
      integration::WaitUntil(kPatienceMs, [&] { return control->faults().syncs_waiting == 1; }));
  EXPECT_EQ(process.Wait(300), std::nullopt);
  control->Heal();
  EXPECT_EQ(Finish(&process).word, "ok");
  EXPECT_EQ(control->faults().syncs_waiting, 0u);
}

TEST_F(ShimTest, AHungProcessCanBeKilled) {
  control->faults().sync_hangs = 1;
  Process process = Start("fdatasync", file());
  ASSERT_TRUE(
      integration::WaitUntil(kPatienceMs, [&] { return control->faults().syncs_waiting == 1; }));
  process.Kill();
  EXPECT_FALSE(process.running());
}

TEST_F(ShimTest, ASyncFails) {
  control->faults().sync_errno = EIO;
  for (const char* call : {"fsync", "fdatasync", "sync_file_range"}) {
    EXPECT_EQ(Run(call).word, "EIO") << call;
  }
  EXPECT_EQ(Run("write").word, "ok");
  EXPECT_EQ(control->faults().syncs_failed, 3u);
}

TEST_F(ShimTest, AWriteFailsAndWritesNothing) {
  for (const auto& [error, word] : {std::pair(ENOSPC, "ENOSPC"), std::pair(EIO, "EIO")}) {
    control->faults().write_errno = static_cast<uint32_t>(error);
    EXPECT_EQ(Run("write").word, word);
  }
  EXPECT_EQ(integration::ReadFile(file()), "");
  EXPECT_EQ(Run("fsync").word, "ok");
  EXPECT_EQ(control->faults().writes_failed, 2u);
}

TEST_F(ShimTest, AWriteIsShort) {
  control->faults().writes_short = 1;
  EXPECT_EQ(Run("write").word, "short");
  EXPECT_EQ(integration::ReadFile(file()), "01234");
}

TEST_F(ShimTest, HealEndsAll) {
  control->faults().sync_errno = EIO;
  control->faults().sync_delay_ms = 10'000;
  control->faults().write_errno = EIO;
  control->faults().writes_short = 1;
  control->Heal();
  EXPECT_EQ(Run("write").word, "ok");
  EXPECT_EQ(Run("fsync").word, "ok");
}

TEST_F(ShimTest, WhoConnectsIsRedirected) {
  const uint16_t closed = integration::FreePorts(1)[0];
  const std::string wanted = std::to_string(closed);
  EXPECT_EQ(Run("connect", wanted).word, "ECONNREFUSED");
  const RecordingServer listener;
  environment =
      ShimEnvironment(integration::ProgramPath("test/chaos/shim/libshim.so"), control->path(),
                      {{"127.0.0.1:1", "127.0.0.1:2"},
                       {"127.0.0.1:" + wanted, "127.0.0.1:" + std::to_string(listener.port())}});
  EXPECT_EQ(Run("connect", wanted).word, "ok");
  EXPECT_EQ(control->faults().connects_redirected, 1u);
}

TEST_F(ShimTest, WithoutAControlFileItDoesNothing) {
  environment = ShimEnvironment(integration::ProgramPath("test/chaos/shim/libshim.so"),
                                "/nowhere/control", {});
  control->faults().sync_errno = EIO;
  EXPECT_EQ(Run("fsync").word, "ok");
}

TEST_F(ShimTest, TheFileMustBePossible) {
  EXPECT_EQ(ShimControl::Create("/nowhere/control").status().code(), Code::kIo);
}

}  // namespace
}  // namespace baton::chaos
