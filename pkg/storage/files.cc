#include "pkg/storage/files.h"

#include <algorithm>
#include <memory>

#include "pkg/base/planted.h"

namespace baton::storage {
namespace {

Code CodeOf(const leveldb::Status& status) {
  if (status.IsCorruption()) return Code::kCorruption;
  if (status.IsNotFound()) return Code::kNotFound;
  return IsFull(status) ? Code::kStorageFull : Code::kIo;
}

leveldb::Status WriteAndSync(leveldb::Env* env, const std::string& path,
                             std::string_view contents) {
  leveldb::WritableFile* raw = nullptr;
  leveldb::Status status = env->NewWritableFile(path, &raw);
  if (!status.ok()) return status;
  const std::unique_ptr<leveldb::WritableFile> file(raw);
  status = file->Append(leveldb::Slice(contents.data(), contents.size()));
  if (status.ok()) status = file->Sync();
  if (status.ok()) status = file->Close();
  return status;
}

}  // namespace

Status FromLevelDb(const leveldb::Status& status, std::string_view what) {
  if (status.ok()) return Status::Ok();
  return Status(CodeOf(status), std::string(what) + ": " + Reason(status));
}

std::string Reason(const leveldb::Status& status) {
  const std::string text = status.ToString();
  const size_t colon = text.find(": ");
  return status.ok() || colon == std::string::npos ? text : text.substr(colon + 2);
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.ends_with('/')) path += '/';
  return path.append(name);
}

std::string TemporaryPath(std::string_view directory, std::string_view name) {
  return JoinPath(directory, name) + ".tmp";
}

leveldb::Status Publish(DurableEnv* env, const std::string& directory, const std::string& name) {
  const leveldb::Status status =
      env->RenameFile(TemporaryPath(directory, name), JoinPath(directory, name));
  if (!status.ok() || PLANTED("storage.directory_not_synced")) return status;
  return env->SyncDir(directory);
}

Status WriteFileDurably(DurableEnv* env, const std::string& directory, const std::string& name,
                        std::string_view contents) {
  leveldb::Status status = WriteAndSync(env, TemporaryPath(directory, name), contents);
  if (status.ok()) status = Publish(env, directory, name);
  return FromLevelDb(status, "Cannot write " + JoinPath(directory, name));
}

Result<std::string> ReadWholeFile(leveldb::Env* env, const std::string& path, size_t bytes_max) {
  leveldb::SequentialFile* raw = nullptr;
  leveldb::Status status = env->NewSequentialFile(path, &raw);
  if (!status.ok()) return FromLevelDb(status, "Cannot read " + path);
  const std::unique_ptr<leveldb::SequentialFile> file(raw);
  constexpr size_t kPieceBytes = 64 * 1024;
  std::string scratch(kPieceBytes, '\0');
  std::string contents;
  while (true) {
    leveldb::Slice piece;
    status = file->Read(kPieceBytes, &piece, scratch.data());
    if (!status.ok()) return FromLevelDb(status, "Cannot read " + path);
    if (piece.empty()) return contents;
    contents.append(piece.data(), piece.size());
    if (contents.size() > bytes_max) {
      return Status(Code::kTooLarge, path + " is larger than " + std::to_string(bytes_max) +
                                         " bytes, so it is not a file of Baton.");
    }
  }
}

Result<std::vector<std::string>> ListDirectory(leveldb::Env* env, const std::string& path) {
  std::vector<std::string> names;
  const leveldb::Status status = env->GetChildren(path, &names);
  if (!status.ok()) return FromLevelDb(status, "Cannot list " + path);
  std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
  std::sort(names.begin(), names.end());
  return names;
}

Status RemoveTree(leveldb::Env* env, const std::string& path) {
  if (!env->FileExists(path)) return Status::Ok();
  const Result<std::vector<std::string>> names = ListDirectory(env, path);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const std::string child = JoinPath(path, name);
    if (env->RemoveFile(child).ok()) continue;
    BATON_RETURN_IF_ERROR(RemoveTree(env, child));  // not a file: a directory
  }
  return FromLevelDb(env->RemoveDir(path), "Cannot remove " + path);
}

}  // namespace baton::storage
