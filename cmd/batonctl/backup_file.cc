#include "cmd/batonctl/backup_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace baton::batonctl {
namespace {

constexpr size_t kReadBytes = 1 << 20;
constexpr mode_t kOwnerOnly = 0600;

Status IoError(const std::string& what, const std::string& path) {
  const Code code = errno == ENOSPC || errno == EDQUOT ? Code::kStorageFull : Code::kIo;
  return Status(code, "Cannot " + what + " " + path + ": " + std::strerror(errno));
}

bool Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Status AlreadyThere(const std::string& path) {
  return Status(Code::kConflict, "file_exists",
                path + " exists already; give another name, or --force to replace it");
}

std::string PartOf(const std::string& path) { return path + ".part"; }

Status SyncDirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "."
                                : slash == 0               ? "/"
                                                           : path.substr(0, slash);
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return IoError("open", directory);
  const bool synced = ::fsync(descriptor) == 0;
  const Status status = synced ? Status::Ok() : IoError("sync", directory);
  ::close(descriptor);
  return status;
}

}  // namespace

Status BackupChecker::Feed(std::string_view bytes) {
  return reader_.Feed(bytes, [this](std::string_view key, std::string_view value) {
    state_.Add(key, value);
    return Status::Ok();
  });
}

Result<BackupContents> BackupChecker::Finish() const {
  BATON_RETURN_IF_ERROR(reader_.Finish());
  return BackupContents{*reader_.header(), reader_.bytes(), reader_.crc(), state_};
}

Result<std::unique_ptr<BackupFileWriter>> BackupFileWriter::Create(const std::string& path,
                                                                   bool overwrite) {
  if (!overwrite && Exists(path)) return AlreadyThere(path);
  const std::string part = PartOf(path);
  const int descriptor = ::open(part.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, kOwnerOnly);
  if (descriptor < 0) return IoError("write", part);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    return Status(Code::kConflict, "file_in_use", "somebody writes " + part + " right now");
  }
  std::unique_ptr<BackupFileWriter> writer(new BackupFileWriter(path, overwrite, descriptor));
  BATON_RETURN_IF_ERROR(writer->StartOver());
  return writer;
}

BackupFileWriter::~BackupFileWriter() {
  if (descriptor_ < 0) return;
  ::unlink(PartOf(path_).c_str());
  ::close(descriptor_);
}

Status BackupFileWriter::StartOver() {
  if (::ftruncate(descriptor_, 0) != 0 || ::lseek(descriptor_, 0, SEEK_SET) != 0) {
    return IoError("empty", PartOf(path_));
  }
  return Status::Ok();
}

Status BackupFileWriter::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return IoError("write", PartOf(path_));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return Status::Ok();
}

Status BackupFileWriter::Finish() {
  const std::string part = PartOf(path_);
  if (::fsync(descriptor_) != 0) return IoError("sync", part);
  if (!overwrite_ && Exists(path_)) return AlreadyThere(path_);
  if (::rename(part.c_str(), path_.c_str()) != 0) return IoError("rename", part);
  ::close(std::exchange(descriptor_, -1));
  return SyncDirectoryOf(path_);
}

Result<std::unique_ptr<BackupFileReader>> BackupFileReader::Open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return IoError("read", path);
  return std::unique_ptr<BackupFileReader>(new BackupFileReader(path, descriptor));
}

BackupFileReader::~BackupFileReader() { ::close(descriptor_); }

Result<std::string> BackupFileReader::Next() {
  std::string bytes(kReadBytes, '\0');
  ssize_t got = 0;
  do {
    got = ::read(descriptor_, bytes.data(), bytes.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) return IoError("read", path_);
  bytes.resize(static_cast<size_t>(got));
  return bytes;
}

Result<BackupContents> CheckBackupFile(const std::string& path) {
  const Result<std::unique_ptr<BackupFileReader>> file = BackupFileReader::Open(path);
  if (!file.ok()) return file.status();
  BackupChecker checker;
  while (true) {
    const Result<std::string> bytes = (*file)->Next();
    if (!bytes.ok()) return bytes.status();
    if (bytes->empty()) return checker.Finish();
    BATON_RETURN_IF_ERROR(checker.Feed(*bytes));
  }
}

}  // namespace baton::batonctl
