// What `make` says and does about packages, with dpkg-query, dpkg-deb, apt-get and id played by
// small programs.
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "test/integration/process.h"
#include "test/scripts/script.h"

namespace baton::scripts {
namespace {

class InstallPackagesTest : public testing::Test {
 protected:
  void SetUp() override {
    UserIs(0);
    // Knows all packages but the one in `missing`; remembers what apt-get was asked.
    WriteProgram(
        InDirectory("dpkg-query"),
        "shift 2\n"
        "for package; do grep -qxF \"$package\" missing || echo \"installed $package\"; done\n"
        "[ ! -s missing ]\n");
    WriteProgram(InDirectory("apt-get"),
                 "echo \"$*\" >>" + InDirectory("asked") +
                     "; echo \"words of apt\"\n"
                     "case \" $* \" in *' download '*) touch prometheus_1_amd64.deb;; esac\n");
    WriteProgram(InDirectory("dpkg-deb"),
                 "mkdir -p \"$3/usr/bin\" && touch \"$3/usr/bin/promtool\"\n");
    WriteFile(InDirectory("missing"), "");
  }

  void UserIs(int id) { WriteProgram(InDirectory("id"), "echo " + std::to_string(id) + "\n"); }
  Outcome Install() {
    return RunScript("install-packages", {}, directory_.path(),
                     {"BATON_PROGRAMS=" + InDirectory("programs")});
  }
  std::string InDirectory(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string Asked() const { return integration::ReadFile(InDirectory("asked")); }

  const integration::TemporaryDirectory directory_;
};

TEST_F(InstallPackagesTest, SaysAndDoesNothingWhenNothingIsMissing) {
  const Outcome outcome = Install();
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(Asked(), "");
}

TEST_F(InstallPackagesTest, InstallsOnlyWhatIsMissingWithALineForEachStep) {
  WriteFile(InDirectory("missing"), "libasio-dev\nlibssl-dev\n");
  const Outcome outcome = Install();
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.output,
            "baton: looking up 2 missing packages\n"
            "baton: installing libasio-dev libssl-dev (some minutes)\n");
  EXPECT_EQ(LastLine(Asked()),
            "-o DPkg::Lock::Timeout=120 -q -y --no-install-recommends install libasio-dev "
            "libssl-dev");
}

TEST_F(InstallPackagesTest, UnpacksWhatWouldStartAServiceOnce) {
  WriteFile(InDirectory("missing"), "prometheus\n");
  const Outcome outcome = Install();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_EQ(outcome.output,
            "baton: looking up 1 missing packages\n"
            "baton: unpacking prometheus into " +
                InDirectory("programs") + "\n");
  EXPECT_EQ(LastLine(Asked()), "-o DPkg::Lock::Timeout=120 -q download prometheus");
  EXPECT_EQ(::access(InDirectory("programs/prometheus/usr/bin/promtool").c_str(), F_OK), 0);
  EXPECT_EQ(Install().output, "");
}

TEST_F(InstallPackagesTest, WhatCannotBeUnpackedIsTriedAgain) {
  WriteFile(InDirectory("missing"), "prometheus\n");
  WriteProgram(InDirectory("dpkg-deb"), "touch \"$3/half\"; echo \"no room\"; exit 2\n");
  const Outcome outcome = Install();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.output.find("no room\nbaton: this failed: unpack prometheus"),
            std::string::npos)
      << outcome.output;
  EXPECT_EQ(Install().exit_code, 1);
}

TEST_F(InstallPackagesTest, WithoutRootItNamesTheCommand) {
  UserIs(1000);
  WriteFile(InDirectory("missing"), "libasio-dev\n");
  const Outcome outcome = Install();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.output.find("libasio-dev"), std::string::npos) << outcome.output;
  EXPECT_TRUE(LastLine(outcome.output).starts_with("  sudo /")) << outcome.output;
  EXPECT_TRUE(LastLine(outcome.output).ends_with("/install-packages")) << outcome.output;
  EXPECT_EQ(Asked(), "");
}

TEST_F(InstallPackagesTest, AFailureShowsAptsWordsAndWhatToDo) {
  WriteFile(InDirectory("missing"), "libasio-dev\n");
  WriteProgram(InDirectory("apt-get"), "echo \"cannot resolve\"; exit 100\n");
  const Outcome outcome = Install();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.output.find("cannot resolve\nbaton: this failed: apt-get"), std::string::npos);
  EXPECT_NE(LastLine(outcome.output).find("is the network there"), std::string::npos);
}

}  // namespace
}  // namespace baton::scripts
