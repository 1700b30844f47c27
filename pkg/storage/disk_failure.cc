#include "pkg/storage/disk_failure.h"

#include <unistd.h>

#include <string>

namespace baton::storage {

Status Unusable(std::string_view part, const std::string& path, std::string_view what) {
  if (what.ends_with('.')) what.remove_suffix(1);
  return Status(Code::kCorruption,
                "The " + std::string(part) + " in " + path +
                    " cannot be used: " + std::string(what) +
                    "; do not edit the directory, but move it away, take the node out of the "
                    "cluster and add it again as a new member, so that it gets everything from "
                    "the others.");
}

void FatalDisk(std::string_view what, const Status& why) {
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
