#include "test/chaos/shim/shim_control.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace baton::chaos {

Result<std::unique_ptr<ShimControl>> ShimControl::Create(const std::string& path) {
  const auto failed = [&] { return Status(Code::kIo, path + ": " + std::strerror(errno)); };
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return failed();
  void* memory = MAP_FAILED;
  if (::ftruncate(file, sizeof(ShimFaults)) == 0) {
    memory = ::mmap(nullptr, sizeof(ShimFaults), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  Status status = memory == MAP_FAILED ? failed() : Status();
  ::close(file);
  if (!status.ok()) return status;
  return std::unique_ptr<ShimControl>(new ShimControl(path, static_cast<ShimFaults*>(memory)));
}

ShimControl::~ShimControl() { ::munmap(faults_, sizeof(ShimFaults)); }

void ShimControl::Heal() {
  faults_->sync_delay_ms = 0;
  faults_->sync_hangs = 0;
  faults_->sync_errno = 0;
  faults_->write_errno = 0;
  faults_->writes_short = 0;
}

std::vector<std::string> ShimEnvironment(const std::string& library_path,
                                         const std::string& control_path,
                                         const std::map<std::string, std::string>& redirects) {
  std::string connect;
  for (const auto& [from, to] : redirects) connect += from + "=" + to + ";";
  // The shim is there before the sanitizer's runtime, which wants to be first.
  const char* inherited = std::getenv("ASAN_OPTIONS");
  std::string sanitizer = inherited == nullptr ? "" : std::string(inherited) + ":";
  sanitizer += "verify_asan_link_order=0";
  return {"LD_PRELOAD=" + library_path, std::string(kShimControlVariable) + "=" + control_path,
          std::string(kShimConnectVariable) + "=" + connect, "ASAN_OPTIONS=" + sanitizer};
}

}  // namespace baton::chaos
