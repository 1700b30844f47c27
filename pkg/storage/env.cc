#include "pkg/storage/env.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace baton::storage {
namespace {

leveldb::Status ErrnoStatus(const std::string& path, int error) {
  if (error == ENOENT) return leveldb::Status::NotFound(path, std::strerror(error));
  return leveldb::Status::IOError(path, std::strerror(error));
}

leveldb::Status NotSupported(const std::string& path) {
  return leveldb::Status::NotSupported(path, "the file system does not set space aside");
}

// Of a call on space: file systems say in several ways that they do not know it.
leveldb::Status SpaceStatus(const std::string& path, int error) {
  const bool unknown = error == EOPNOTSUPP || error == ENOSYS || error == EINVAL;
  return unknown ? NotSupported(path) : ErrnoStatus(path, error);
}

class FileDescriptor {
 public:
  FileDescriptor(const std::string& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  const int fd_;
};

leveldb::Status FallocateAll(const std::string& path, int fd, int mode, uint64_t bytes) {
  while (::fallocate(fd, mode, 0, static_cast<off_t>(bytes)) != 0) {
    if (errno != EINTR) return SpaceStatus(path, errno);
  }
  return leveldb::Status::OK();
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

  leveldb::Status Allocate(const std::string& path, uint64_t bytes) override {
    const FileDescriptor file(path, O_WRONLY);
    if (!file.ok()) return ErrnoStatus(path, errno);
    return FallocateAll(path, file.get(), FALLOC_FL_KEEP_SIZE, bytes);
  }

  // ext4, xfs and tmpfs free what lies beyond the end of a file that is cut to the size it has.
  leveldb::Status Trim(const std::string& path) override {
    const FileDescriptor file(path, O_WRONLY);
    struct stat facts = {};
    if (!file.ok() || ::fstat(file.get(), &facts) != 0) return ErrnoStatus(path, errno);
    if (::ftruncate(file.get(), facts.st_size) != 0) return ErrnoStatus(path, errno);
    return leveldb::Status::OK();
  }

  leveldb::Status Resize(const std::string& path, uint64_t bytes) override {
    const FileDescriptor file(path, O_WRONLY | O_CREAT);
    struct stat facts = {};
    if (!file.ok() || ::fstat(file.get(), &facts) != 0) return ErrnoStatus(path, errno);
    if (bytes > 0 && bytes >= static_cast<uint64_t>(facts.st_size)) {
      return FallocateAll(path, file.get(), 0, bytes);
    }
    if (::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) return ErrnoStatus(path, errno);
    return leveldb::Status::OK();
  }

  leveldb::Status FillWithZeros(const std::string& path, uint64_t from, uint64_t to) override {
    static constexpr std::array<char, 64 << 10> kZeros = {};
    const FileDescriptor file(path, O_WRONLY);
    if (!file.ok()) return ErrnoStatus(path, errno);
    while (from < to) {
      const ssize_t written =
          ::pwrite(file.get(), kZeros.data(), std::min<uint64_t>(to - from, kZeros.size()),
                   static_cast<off_t>(from));
      if (written < 0 && errno != EINTR) return ErrnoStatus(path, errno);
      if (written > 0) from += static_cast<uint64_t>(written);
    }
    return leveldb::Status::OK();
  }

  leveldb::Status FreeBytes(const std::string& path, uint64_t* bytes) override {
    struct statvfs facts = {};
    if (::statvfs(path.c_str(), &facts) != 0) return ErrnoStatus(path, errno);
    *bytes = static_cast<uint64_t>(facts.f_bavail) * facts.f_frsize;
    return leveldb::Status::OK();
  }
};

}  // namespace

leveldb::Status DurableEnv::Allocate(const std::string& path, uint64_t) {
  return NotSupported(path);
}
leveldb::Status DurableEnv::Trim(const std::string& path) { return NotSupported(path); }
leveldb::Status DurableEnv::Resize(const std::string& path, uint64_t) { return NotSupported(path); }
leveldb::Status DurableEnv::FillWithZeros(const std::string& path, uint64_t, uint64_t) {
  return NotSupported(path);
}
void DurableEnv::SetPatient(const std::string&, bool) {}
leveldb::Status DurableEnv::FreeBytes(const std::string& path, uint64_t*) {
  return NotSupported(path);
}

// leveldb::Status carries errno as text only.
bool IsFull(const leveldb::Status& status) {
  const std::string text = status.ToString();
  return !status.ok() && (text.find(std::strerror(ENOSPC)) != std::string::npos ||
                          text.find(std::strerror(EDQUOT)) != std::string::npos);
}

DurableEnv* PosixEnv() {
  static auto* const env = new PosixDurableEnv;  // never destroyed: databases may outlive main
  return env;
}

}  // namespace baton::storage
