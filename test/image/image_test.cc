// The image, packed twice from the programs of this build and taken apart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "test/integration/cluster.h"
#include "test/integration/process.h"

namespace baton::image {
namespace {

using integration::ReadFile;
using nlohmann::json;
using testing::HasSubstr;

constexpr int64_t kCommandMsMax = 120'000;
constexpr uintmax_t kImageBytesMax = 40 << 20;

std::string TreePath(const std::string& path) {
  return std::string(std::getenv("TEST_SRCDIR")) + "/" + std::getenv("TEST_WORKSPACE") + "/" + path;
}

class ImageTest : public testing::Test {
 protected:
  // Packs the image and unpacks it, once for all tests.
  static void SetUpTestSuite() {
    directory_ = new integration::TemporaryDirectory();
    Pack("image.tar", "umask 022; exec ");
    Run("mkdir oci root && tar -xf image.tar -C oci");
    const json index = json::parse(ReadFile(At("oci/index.json")));
    manifest_ = Blob(index.at("manifests").at(0).at("digest"));
    config_ = Blob(manifest_.at("config").at("digest"));
    for (const json& layer : manifest_.at("layers")) {
      const std::string digest = layer.at("digest").get<std::string>().substr(7);
      Run("tar --no-same-owner -xzf oci/blobs/sha256/" + digest + " -C root");
    }
  }
  static void TearDownTestSuite() { delete directory_; }

  static std::string At(const std::string& path) { return directory_->path() + "/" + path; }

  // What the command line printed; it must end with 0.
  static std::string Run(const std::string& line) {
    const std::string output = At("output");
    std::filesystem::remove(output);
    integration::Process process = integration::Process::Start(
        {"/bin/sh", "-c", "cd '" + directory_->path() + "'; " + line}, output);
    EXPECT_EQ(process.Wait(kCommandMsMax), 0) << line << "\n" << ReadFile(output);
    return ReadFile(output);
  }

  static std::string Pack(const std::string& out, const std::string& before) {
    return Run(before + "'" + TreePath("scripts/image") + "' '" + integration::BatondPath() +
               "' '" + integration::ProgramPath("cmd/batonctl/batonctl") + "' " + out);
  }

  static json Blob(const std::string& digest) {
    return json::parse(ReadFile(At("oci/blobs/sha256/" + digest.substr(7))));
  }

  static std::set<std::string> Files() {
    std::set<std::string> files;
    const std::string root = At("root/");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (!entry.is_directory()) files.insert(entry.path().string().substr(root.size() - 1));
    }
    return files;
  }

  static json Sbom() {
    return json::parse(ReadFile(At("root/usr/share/doc/baton/sbom.spdx.json")));
  }

  static integration::TemporaryDirectory* directory_;
  static json manifest_;
  static json config_;
};

integration::TemporaryDirectory* ImageTest::directory_ = nullptr;
json ImageTest::manifest_;
json ImageTest::config_;

// The second time under another mask, zone and language.
TEST_F(ImageTest, TheSameProgramsGiveTheSameBytes) {
  const std::string digest =
      Pack("again.tar", "umask 077; export TZ=Asia/Tokyo LC_ALL=C PYTHONHASHSEED=7; exec ");
  EXPECT_EQ(Run("sha256sum <image.tar"), Run("sha256sum <again.tar"));
  const json index = json::parse(ReadFile(At("oci/index.json")));
  EXPECT_EQ(digest, index.at("manifests").at(0).at("digest").get<std::string>() + "\n");
}

TEST_F(ImageTest, TheDateIsWhatItIsToldToBe) {
  Pack("dated.tar", "export SOURCE_DATE_EPOCH=86400; exec ");
  EXPECT_NE(Run("sha256sum <image.tar"), Run("sha256sum <dated.tar"));
  EXPECT_EQ(config_.at("created"), "1970-01-01T00:00:00Z");
}

// Of a pack into `archive`.
json ConfigOf(const std::string& directory, const std::string& archive) {
  const auto read = [&](const std::string& path) {
    return integration::ReadFile(directory + "/" + archive + ".unpacked/" + path);
  };
  const auto blob = [&](const json& item) {
    return json::parse(read("blobs/sha256/" + item.at("digest").get<std::string>().substr(7)));
  };
  const json manifest = blob(json::parse(read("index.json")).at("manifests").at(0));
  json config = blob(manifest.at("config"));
  EXPECT_EQ(manifest.at("annotations"), config.at("config").at("Labels"));
  return config;
}

TEST_F(ImageTest, LabelsAndFilesAreOfTheCommit) {
  const std::string in = "org.opencontainers.image.";
  Pack("told.tar", "export SOURCE_DATE_EPOCH=86400 BATON_REVISION=0123abc; exec ");
  Run("mkdir told.tar.unpacked && tar -xf told.tar -C told.tar.unpacked");
  const json config = ConfigOf(At("."), "told.tar");
  const json& labels = config.at("config").at("Labels");
  EXPECT_EQ(config.at("created"), "1970-01-02T00:00:00Z");
  EXPECT_EQ(labels.at(in + "created"), "1970-01-02T00:00:00Z");
  EXPECT_EQ(labels.at(in + "revision"), "0123abc");
  EXPECT_EQ(labels.at(in + "licenses"), "Apache-2.0");
  EXPECT_FALSE(labels.at(in + "version").get<std::string>().empty());
  for (const char* name : {"base.name", "base.digest", "source", "documentation", "url"}) {
    EXPECT_FALSE(labels.contains(in + name)) << "there is none to name";
  }
  // All files of all layers: their times, each once.
  const std::string times =
      "for layer in told.tar.unpacked/blobs/sha256/*; do tar --utc --full-time -tvzf $layer "
      "2>/dev/null; done | awk '{print $4, $5}' | sort -u";
  EXPECT_EQ(Run(times), "1970-01-02 00:00:00\n");
  EXPECT_FALSE(config_.at("config").at("Labels").contains(in + "revision"))
      << "this test runs outside of a checkout, where no commit is known";
}

TEST_F(ImageTest, EachBlobIsWhatItsDigestSays) {
  for (const auto& entry : std::filesystem::directory_iterator(At("oci/blobs/sha256"))) {
    const std::string sum = Run("sha256sum <'" + entry.path().string() + "'");
    EXPECT_EQ(sum.substr(0, 64), entry.path().filename());
  }
  const json& ids = config_.at("rootfs").at("diff_ids");
  ASSERT_EQ(ids.size(), manifest_.at("layers").size());
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::string blob = manifest_.at("layers")[i].at("digest").get<std::string>().substr(7);
    EXPECT_EQ("sha256:" + Run("gzip -dc oci/blobs/sha256/" + blob + " | sha256sum").substr(0, 64),
              ids[i]);
  }
}

// Sanitizers' libraries are large, and in no image that is shipped.
TEST_F(ImageTest, ItIsSmall) {
  for (const std::string& file : Files()) {
    if (file.find("libasan") != std::string::npos || file.find("libtsan") != std::string::npos) {
      GTEST_SKIP() << "built with a sanitizer";
    }
  }
  EXPECT_LT(std::filesystem::file_size(At("image.tar")), kImageBytesMax);
}

TEST_F(ImageTest, NothingInsideRunsButBaton) {
  std::set<std::string> programs;
  for (const std::string& file : Files()) {
    const std::filesystem::path path(file);
    EXPECT_NE(path.filename(), "sh") << file;
    EXPECT_NE(path.filename(), "busybox") << file;
    if (file.find("/bin/") != std::string::npos || file.find("/sbin/") != std::string::npos) {
      programs.insert(file);
    }
  }
  EXPECT_EQ(programs, (std::set<std::string>{"/usr/bin/batond", "/usr/bin/batonctl"}));
  EXPECT_EQ(Run("find root -perm /6000"), "");
}

TEST_F(ImageTest, ItRunsAsNobodySpecial) {
  EXPECT_EQ(config_.at("config").at("User"), "65532:65532");
  EXPECT_THAT(ReadFile(At("root/etc/passwd")), HasSubstr("baton:x:65532:65532:"));
  EXPECT_THAT(Run("tar -tvzf oci/blobs/sha256/" +
                  manifest_.at("layers")[0].at("digest").get<std::string>().substr(7)),
              testing::ContainsRegex("drwx------ 65532/65532 .* var/lib/baton"));
}

// Started by the image's own loader, with the image's libraries and nothing else.
TEST_F(ImageTest, TheProgramsStartWithWhatIsThere) {
  for (const char* program : {"batond", "batonctl"}) {
    const std::string loaded =
        Run("lib=$(dirname $(find root/usr/lib -name libc.so.6)); $(find root/usr -name 'ld-*') "
            "--inhibit-cache --library-path $lib --list root/usr/bin/" +
            std::string(program));
    EXPECT_THAT(loaded, testing::Not(HasSubstr("not found")));
    EXPECT_THAT(loaded, testing::Not(HasSubstr("=> /"))) << "of the system, not of the image";
    EXPECT_THAT(
        Run("lib=$(dirname $(find root/usr/lib -name libc.so.6)); "
            "$(find root/usr -name 'ld-*') --inhibit-cache --library-path $lib root/usr/bin/" +
            std::string(program) + " --version"),
        HasSubstr(program + std::string(" ")));
  }
}

TEST_F(ImageTest, EachPackageHasItsLicenceAndIsInTheSbom) {
  const json sbom = Sbom();
  EXPECT_EQ(sbom.at("spdxVersion"), "SPDX-2.3");
  std::set<std::string> packages;
  for (const json& package : sbom.at("packages")) packages.insert(package.at("name"));
  EXPECT_TRUE(packages.contains("libc6"));
  EXPECT_TRUE(packages.contains("libleveldb1d"));
  const bool has_allocator = !Run("find root/usr/lib -name 'libtcmalloc_minimal.so.4'").empty();
  EXPECT_EQ(packages.contains("libtcmalloc-minimal4"), has_allocator);
  for (const std::string& name : packages) {
    EXPECT_TRUE(std::filesystem::exists(At("root/usr/share/doc/" + name + "/copyright"))) << name;
  }
  for (const auto& entry : std::filesystem::directory_iterator(At("root/usr/share/doc"))) {
    EXPECT_TRUE(packages.contains(entry.path().filename())) << entry.path();
  }
  EXPECT_EQ(sbom.at("relationships").size(), packages.size());
}

TEST_F(ImageTest, TheDockerfileSaysTheSame) {
  const std::string file = ReadFile(TreePath("Dockerfile"));
  const json& config = config_.at("config");
  const auto text = [&config](const char* name) { return config.at(name).get<std::string>(); };
  EXPECT_THAT(file, HasSubstr("\nUSER " + text("User") + "\n"));
  EXPECT_THAT(file, HasSubstr("\nWORKDIR " + text("WorkingDir") + "\n"));
  EXPECT_THAT(file, HasSubstr("\nENTRYPOINT " + config.at("Entrypoint").dump() + "\n"));
  EXPECT_THAT(file, HasSubstr("\nENV " + config.at("Env").at(0).get<std::string>() + "\n"));
  for (const auto& [port, nothing] : config.at("ExposedPorts").items()) {
    EXPECT_THAT(file, HasSubstr(port));
  }
  const std::string in = "org.opencontainers.image.";
  json labels = config.at("Labels");
  labels[in + "created"] = "$CREATED";
  labels[in + "revision"] = "$REVISION";
  for (const auto& [name, value] : labels.items()) {
    EXPECT_THAT(file, HasSubstr(name + "=" + value.dump()));
  }
}

}  // namespace
}  // namespace baton::image
