#include "pkg/storage/disk_failure.h"

#include <unistd.h>

#include <string>

namespace baton::storage {
namespace {

FatalDiskHook fatal_disk_hook = nullptr;

}  // namespace

Status Unusable(std::string_view part, const std::string& path, std::string_view what) {
  if (what.ends_with('.')) what.remove_suffix(1);
  return Status(Code::kCorruption, "The " + std::string(part) + " in " + path +
                                       " cannot be used: " + std::string(what) + ".");
}

Status AddAdvice(const Status& unusable) {
  return Status(unusable.code(),
                unusable.message() +
                    " Do not edit the directory, but move it away: with an empty one this node "
                    "gets everything from the others.");
}

void SetFatalDiskHookForTest(FatalDiskHook hook) { fatal_disk_hook = hook; }

void FatalDisk(std::string_view what, const Status& why) {
  if (fatal_disk_hook != nullptr) fatal_disk_hook(why);
  const std::string line = "baton: the disk failed while " + std::string(what) + ": " +
                           why.message() + " (" + std::string(CodeName(why.code())) +
                           "). The process stops so that no wrong answer is given.\n";
  size_t written = 0;
  while (written < line.size()) {
    const ssize_t n = ::write(STDERR_FILENO, line.data() + written, line.size() - written);
    if (n <= 0) break;  // nobody listens; the exit code still tells
    written += static_cast<size_t>(n);
  }
  ::_exit(kFatalDiskExitCode);
}

}  // namespace baton::storage
