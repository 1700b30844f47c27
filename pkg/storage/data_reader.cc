#include "pkg/storage/data_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "pkg/base/bytes.h"
#include "pkg/storage/files.h"
#include "pkg/storage/sealed_text.h"
#include "pkg/storage/state_database.h"

namespace baton::storage {
namespace {

// Without IDENTITY: whether the rest is Baton's all the same.
bool IsOwnName(std::string_view name) {
  return name == "WATERMARK" || name == "LOG" || name == "STATE" ||
         kLogSeries.NumberOf(name).has_value() || kStateSeries.NumberOf(name).has_value();
}

Status CheckIsDirectory(const std::string& path) {
  struct stat entry {};
  if (::stat(path.c_str(), &entry) != 0) {
    const Code code = errno == ENOENT ? Code::kNotFound : Code::kIo;
    return Status(code, path + " cannot be read: " + std::strerror(errno) + ".");
  }
  if (S_ISDIR(entry.st_mode)) return Status::Ok();
  return Status(Code::kInvalidArgument, "foreign_directory", path + " is not a directory.");
}

Status CheckIsBaton(leveldb::Env* env, const std::string& path) {
  const Result<std::vector<std::string>> names = ListDirectory(env, path);
  if (!names.ok()) return names.status();
  const auto has = [&](std::string_view name) {
    return std::find(names->begin(), names->end(), name) != names->end();
  };
  if (has("IDENTITY")) return Status::Ok();
  if (has("RESTORING")) {
    return Status(Code::kInvalidArgument, "foreign_directory",
                  path +
                      " holds the rests of an interrupted restore, which no node starts on; run "
                      "`batonctl snapshot restore` again with the same arguments.");
  }
  if (has("CREATING")) {
    return Status(Code::kInvalidArgument, "foreign_directory",
                  path +
                      " was never completed: a node stopped while it made it, and makes it anew "
                      "when it starts. There is nothing in it to read.");
  }
  if (std::any_of(names->begin(), names->end(), IsOwnName)) return Status::Ok();
  return Status(Code::kInvalidArgument, "foreign_directory",
                path +
                    " is not a data directory of Baton: the file IDENTITY is not there; give "
                    "the directory that batond has as --data-dir.");
}

Result<Identity> ReadIdentity(leveldb::Env* env, const std::string& path) {
  const std::string file = JoinPath(path, "IDENTITY");
  const Result<std::string> text = ReadWholeFile(env, file, kSealedTextBytesMax);
  if (!text.ok()) return Status(Code::kCorruption, text.status().message());
  return DecodeIdentityFile(*text, file);
}

// Not OK: a newer Baton wrote one of the files that say what the others are.
Status CheckFormats(DurableEnv* env, const std::string& path, const Status& identity) {
  if (identity.code() == Code::kInvalidArgument) return identity;
  for (const DirectorySeries& series : {kLogSeries, kStateSeries}) {
    const Status status = series.Read(env, path).status();
    if (status.code() == Code::kInvalidArgument) return status;
  }
  return Status::Ok();
}

template <typename T>
Result<T> ReadRow(const Database& database, std::string_view key,
                  Result<T> (*decode)(std::string_view)) {
  const Result<std::optional<std::string>> value = database.Get(key);
  if (!value.ok()) return value.status();
  if (value->has_value()) return decode(**value);
  return Status(Code::kCorruption, "The row '" + std::string(key) + "' is missing.");
}

}  // namespace

DataReader::DataReader(std::string path)
    : path_(std::move(path)), env_(PosixEnv()), identity_(Status(Code::kCorruption, "")) {}

DataReader::~DataReader() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

Result<std::unique_ptr<DataReader>> DataReader::Open(const std::string& path) {
  BATON_RETURN_IF_ERROR(CheckIsDirectory(path));
  std::unique_ptr<DataReader> reader(new DataReader(path));
  BATON_RETURN_IF_ERROR(CheckIsBaton(&reader->env_, path));
  BATON_RETURN_IF_ERROR(reader->Lock());
  reader->identity_ = ReadIdentity(&reader->env_, path);
  BATON_RETURN_IF_ERROR(CheckFormats(&reader->env_, path, reader->identity_.status()));
  return reader;
}

// A read lock: any number of readers, and no node, which takes a write lock. It needs no right to
// write, and leaves no trace.
Status DataReader::Lock() {
  const std::string file = JoinPath(path_, "LOCK");
  lock_fd_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (lock_fd_ < 0 && errno == ENOENT) return Status::Ok();  // no node is there
  if (lock_fd_ < 0)
    return Status(Code::kIo, file + " cannot be read: " + std::strerror(errno) + ".");
  struct flock lock {};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(lock_fd_, F_SETLK, &lock) == 0) return Status::Ok();
  if (errno != EAGAIN && errno != EACCES) {
    return Status(Code::kIo, file + " cannot be locked: " + std::strerror(errno) + ".");
  }
  return Status(Code::kConflict, "data_dir_in_use",
                path_ +
                    " is in use: a node runs on it; stop that node first, or read a copy that "
                    "was made while it was stopped.");
}

Result<std::unique_ptr<Database>> DataReader::Open(const std::string& name, WalDamage damage) {
  DatabaseOptions options;
  options.directory = JoinPath(path_, name);
  options.wal_damage = damage;
  options.bloom_filter = kStateSeries.NumberOf(name).has_value();
  env_.Thaw();
  auto database = Database::Open(&env_, options);
  env_.Freeze();  // what it read is in memory now; LevelDB's own wish to compact is refused
  return database;
}

LiveName DataReader::Live(const DirectorySeries& series) {
  LiveName live;
  const Result<LiveDirectory> named = series.Read(&env_, path_);
  live.status = named.status();
  if (named.ok()) {
    live.name = series.NameOf(named->number);
    if (named->set_aside) live.set_aside = series.NameOf(*named->set_aside);
    return live;
  }
  const Result<uint64_t> highest = series.Highest(&env_, path_);
  if (highest.ok() && *highest > 0) live.name = series.NameOf(*highest);
  return live;
}

LogHead ReadLogHead(const Database& log) {
  return {.owner = ReadRow(log, kIdentityKey, DecodeIdentity),
          .hard_state = ReadRow(log, kHardStateKey, DecodeHardState),
          .start = ReadRow(log, kStartKey, DecodeStart),
          .tail = ReadRow(log, kTailKey, DecodeTail)};
}

Status VisitEntries(const Database& log, Index from, Index to, const EntryVisitor& visit) {
  const std::unique_ptr<leveldb::Iterator> row = log.NewIterator(/*fill_cache=*/false);
  for (row->Seek(EntryKey(from)); row->Valid(); row->Next()) {
    const std::string_view key = ToView(row->key());
    if (!IsEntryKey(key)) break;
    ByteReader reader(key.substr(1));
    const Index index(reader.U64BigEndian());
    if (index > to) break;
    if (!visit(index, DecodeEntry(key, ToView(row->value())))) break;
  }
  return log.StatusOf(*row);
}

Status VisitStateRows(const Database& state, const RowVisitor& visit) {
  const std::unique_ptr<leveldb::Iterator> row = state.NewIterator(/*fill_cache=*/false);
  for (row->Seek(leveldb::Slice(&kTablePrefix, 1)); row->Valid(); row->Next()) {
    if (!visit(ToView(row->key()).substr(1), ToView(row->value()))) break;
  }
  return state.StatusOf(*row);
}

Result<Identity> ReadStateOwner(const Database& state) {
  static constexpr std::string_view kIdentityRow("\0identity", 9);
  const Result<std::optional<std::string>> row = state.Get(kIdentityRow);
  if (!row.ok()) return row.status();
  if (!row->has_value()) return Status(Code::kCorruption, "It is not complete.");
  return DecodeIdentity(**row);
}

}  // namespace baton::storage
