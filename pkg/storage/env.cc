#include "pkg/storage/env.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace baton::storage {
namespace {

leveldb::Status ErrnoStatus(const std::string& path, int error) {
  if (error == ENOENT) return leveldb::Status::NotFound(path, std::strerror(error));
  return leveldb::Status::IOError(path, std::strerror(error));
}

class PreadFile final : public leveldb::RandomAccessFile {
 public:
  PreadFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  ~PreadFile() override { ::close(fd_); }

  leveldb::Status Read(uint64_t offset, size_t n, leveldb::Slice* result,
                       char* scratch) const override {
    size_t have = 0;
    while (have < n) {
      const ssize_t got = ::pread(fd_, scratch + have, n - have, static_cast<off_t>(offset + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoStatus(path_, errno);
      if (got == 0) break;  // the end of the file: LevelDB judges a short read by itself
      have += static_cast<size_t>(got);
    }
    *result = leveldb::Slice(scratch, have);
    return leveldb::Status::OK();
  }

 private:
  const std::string path_;
  const int fd_;
};

class PosixDurableEnv final : public DurableEnv {
 public:
  PosixDurableEnv() : DurableEnv(leveldb::Env::Default()) {}

  leveldb::Status NewRandomAccessFile(const std::string& path,
                                      leveldb::RandomAccessFile** file) override {
    *file = nullptr;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return ErrnoStatus(path, errno);
    *file = new PreadFile(path, fd);
    return leveldb::Status::OK();
  }

  leveldb::Status CreateDir(const std::string& path) override {
    return ::mkdir(path.c_str(), 0700) == 0 ? leveldb::Status::OK() : ErrnoStatus(path, errno);
  }

  leveldb::Status SyncDir(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return ErrnoStatus(path, errno);
    const leveldb::Status status =
        ::fsync(fd) == 0 ? leveldb::Status::OK() : ErrnoStatus(path, errno);
    ::close(fd);
    return status;
  }
};

}  // namespace

DurableEnv* PosixEnv() {
  static auto* const env = new PosixDurableEnv;  // never destroyed: databases may outlive main
  return env;
}

}  // namespace baton::storage
