#include "cmd/batonctl/child_process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cmd/batonctl/event.h"

namespace baton::batonctl {
namespace {

class ChildProcessTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(directory_); }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<ChildProcess> StartShell(const std::string& script, bool own_group = true) {
    ChildProcess::Options options;
    options.file = "/bin/sh";
    options.arguments = {"sh", "-c", script};
    options.environment = {{"PATH", "/usr/bin:/bin"}, {"D", directory_.string()}, {"TOKEN", "17"}};
    options.own_group = own_group;
    auto child = ChildProcess::Start(options);
    EXPECT_TRUE(child.ok()) << child.status().ToString();
    return *std::move(child);
  }

  static int Wait(ChildProcess* child) {
    const int fd = child->ended_fd();
    EXPECT_EQ(WaitForAny({&fd, 1}, 30'000), 0) << "still running";
    const std::optional<int> code = child->Reap();
    EXPECT_TRUE(code.has_value());
    return code.value_or(-1);
  }

  // A named pipe that the child writes to: opening it waits for the child.
  std::string MakePipe() {
    const std::string path = directory_ / "pipe";
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    return path;
  }
  static std::string ReadAll(const std::string& path) {
    std::ifstream in(path);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

  const std::filesystem::path directory_ =
      std::filesystem::path(std::getenv("TEST_TMPDIR") ? std::getenv("TEST_TMPDIR") : "/tmp") /
      ("child_process_test." + std::to_string(getpid()));
};

TEST_F(ChildProcessTest, GivesTheExitCode) {
  EXPECT_EQ(Wait(StartShell("exit 0").get()), 0);
  EXPECT_EQ(Wait(StartShell("exit 42").get()), 42);
  EXPECT_EQ(Wait(StartShell("kill -KILL $$").get()), 128 + SIGKILL);
}

TEST_F(ChildProcessTest, RunsWithTheGivenEnvironmentOnly) {
  setenv("LEAK", "leaked", 1);
  EXPECT_EQ(Wait(StartShell("test \"$TOKEN\" = 17 && test -z \"$LEAK\"").get()), 0);
}

TEST_F(ChildProcessTest, ASignalReachesTheWholeGroup) {
  const std::string pipe = MakePipe();
  // The inner shell, a grandchild, says that it is ready and then waits for its end.
  auto child = StartShell("sh -c 'echo ready > $D/pipe; sleep 1000' & wait");
  EXPECT_EQ(ReadAll(pipe), "ready\n");
  child->Signal(SIGTERM);
  EXPECT_EQ(Wait(child.get()), 128 + SIGTERM);
}

TEST_F(ChildProcessTest, SignalsAreNotBlockedInTheChild) {
  const std::string pipe = MakePipe();
  auto child = StartShell("trap 'exit 7' USR1; echo ready > $D/pipe; while :; do sleep 0.01; done");
  EXPECT_EQ(ReadAll(pipe), "ready\n");
  child->Signal(SIGUSR1);
  EXPECT_EQ(Wait(child.get()), 7);
}

TEST_F(ChildProcessTest, OwnGroupIsAChoice) {
  const std::string leads_its_group = "set -- $(cat /proc/$$/stat); test $5 -eq $$";
  EXPECT_EQ(Wait(StartShell(leads_its_group).get()), 0);
  EXPECT_EQ(Wait(StartShell(leads_its_group, false).get()), 1);
}

TEST_F(ChildProcessTest, ReapWaitsForNothing) {
  auto child = StartShell("sleep 1000");
  EXPECT_EQ(child->Reap(), std::nullopt);
  child->Signal(SIGKILL);
  EXPECT_EQ(Wait(child.get()), 128 + SIGKILL);
  EXPECT_EQ(child->Reap(), 128 + SIGKILL) << "again";
  child->Signal(SIGKILL);  // of a reaped child: nothing
}

TEST_F(ChildProcessTest, TheDestructorLeavesNothingRunning) {
  const std::string pipe = MakePipe();
  auto child = StartShell("echo $$ > $D/pipe; exec sleep 1000");
  const pid_t pid = std::stoi(ReadAll(pipe));
  EXPECT_EQ(kill(pid, 0), 0);
  child.reset();
  EXPECT_NE(kill(pid, 0), 0);
}

TEST_F(ChildProcessTest, WhatCannotBeExecutedIsAnError) {
  const std::string path = directory_ / "script";
  std::ofstream(path) << "#!/absent/interpreter\n";
  chmod(path.c_str(), 0700);
  ChildProcess::Options options;
  options.file = path;
  options.arguments = {path};
  const auto child = ChildProcess::Start(options);
  ASSERT_FALSE(child.ok());
  EXPECT_EQ(child.status().code(), Code::kIo);
  EXPECT_NE(child.status().message().find("No such file"), std::string::npos);
}

TEST_F(ChildProcessTest, FindsExecutables) {
  const std::string good = directory_ / "good";
  const std::string bad = directory_ / "bad";
  std::ofstream(good) << "#!/bin/sh\n";
  std::ofstream(bad) << "text\n";
  chmod(good.c_str(), 0700);
  chmod(bad.c_str(), 0600);
  const std::string path = "/absent:" + directory_.string();
  EXPECT_EQ(*FindExecutable("good", path), good);
  EXPECT_EQ(*FindExecutable(good, ""), good);
  EXPECT_EQ(FindExecutable("absent", path).status().code(), Code::kNotFound);
  EXPECT_EQ(FindExecutable("", path).status().code(), Code::kNotFound);
  EXPECT_EQ(FindExecutable("/absent/x", path).status().code(), Code::kNotFound);
  EXPECT_EQ(FindExecutable(directory_, path).status().code(), Code::kPermissionDenied);
  EXPECT_EQ(FindExecutable("bad", path).status().code(), Code::kPermissionDenied);
}

}  // namespace
}  // namespace baton::batonctl
