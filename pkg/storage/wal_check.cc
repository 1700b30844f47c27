#include "pkg/storage/wal_check.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "pkg/base/bytes.h"
#include "pkg/storage/files.h"
#include "pkg/storage/wal_records.h"
#include "pkg/storage/wal_sync_env.h"

namespace baton::storage {
namespace {

// A write-ahead file is one memtable and one batch at most; a MANIFEST is far smaller.
constexpr size_t kFileBytesMax = size_t{1} << 30;
constexpr size_t kBatchHeaderBytes = 12;

// What the intact edits of the MANIFEST say together.
struct ManifestFacts {
  uint64_t log_number = 0;     // recovery begins with this write-ahead file
  uint64_t last_sequence = 0;  // of the operations in tables, or higher
  bool has_log_number = false;
  bool has_last_sequence = false;
};

// leveldb/db/version_edit.cc, "Tag": numbers on disk.
enum EditTag : uint64_t {
  kComparator = 1,
  kLogNumber = 2,
  kNextFileNumber = 3,
  kLastSequence = 4,
  kCompactPointer = 5,
  kDeletedFile = 6,
  kNewFile = 7,
  kPreviousLogNumber = 9,
};

bool ApplyEdit(std::string_view edit, ManifestFacts* facts) {
  ByteReader reader(edit);
  while (reader.ok() && !reader.AtEnd()) {
    switch (reader.Varint()) {
      case kComparator:
        (void)reader.String(edit.size());
        break;
      case kLogNumber:
        facts->log_number = reader.Varint();
        facts->has_log_number = true;
        break;
      case kLastSequence:
        facts->last_sequence = reader.Varint();
        facts->has_last_sequence = true;
        break;
      case kNextFileNumber:
      case kPreviousLogNumber:
        (void)reader.Varint();
        break;
      case kCompactPointer:
        (void)reader.Varint();
        (void)reader.String(edit.size());
        break;
      case kDeletedFile:
        (void)reader.Varint();
        (void)reader.Varint();
        break;
      case kNewFile:
        for (int i = 0; i < 3; ++i) (void)reader.Varint();
        for (int i = 0; i < 2; ++i) (void)reader.String(edit.size());
        break;
      default:
        reader.Fail();
    }
  }
  return reader.AtEnd();
}

// nullopt: CURRENT or MANIFEST is absent or useless; LevelDB will say so. One that the disk refuses
// to give is an error: LevelDB may get it a moment later, and would go on without the check.
Result<std::optional<ManifestFacts>> ReadManifest(DurableEnv* env, const std::string& directory) {
  const Result<std::string> current = ReadWholeFile(env, JoinPath(directory, "CURRENT"), 4096);
  if (current.status().code() == Code::kIo) return current.status();
  if (!current.ok() || !current->ends_with('\n')) return std::optional<ManifestFacts>();
  const std::string path = JoinPath(directory, current->substr(0, current->size() - 1));
  const Result<std::string> manifest = ReadWholeFile(env, path, kFileBytesMax);
  if (manifest.status().code() == Code::kIo) return manifest.status();
  if (!manifest.ok()) return std::optional<ManifestFacts>();
  const WalScan scan = ScanWal(*manifest);
  // A torn last edit was never synced, so nothing relies on it. Zeros in the middle are another
  // thing, and LevelDB would skip them.
  if (scan.damaged && RecordBeginsAfter(*manifest, scan.good_bytes)) {
    return Status(Code::kCorruption,
                  path + " is damaged at byte " + std::to_string(scan.good_bytes) + ".");
  }
  ManifestFacts facts;
  for (const WalRecord& record : scan.records) {
    if (ApplyEdit(record.bytes, &facts)) continue;
    return Status(Code::kCorruption,
                  path + " has an unreadable edit at byte " + std::to_string(record.begin) + ".");
  }
  if (!facts.has_log_number || !facts.has_last_sequence) return std::optional<ManifestFacts>();
  return std::optional<ManifestFacts>(facts);
}

struct Wal {
  uint64_t number;
  std::string name;
};

// From facts.log_number on, ascending. Names are zero-padded, so that their order is almost that of
// the numbers; sorted by number to be sure.
Result<std::vector<Wal>> ListWals(DurableEnv* env, const std::string& directory,
                                  const ManifestFacts& facts) {
  const Result<std::vector<std::string>> names = ListDirectory(env, directory);
  if (!names.ok()) return names.status();
  std::vector<Wal> wals;
  for (const std::string& name : *names) {
    if (!IsWalName(name) || name.size() > 20) continue;
    const uint64_t number = std::stoull(name);
    if (number >= facts.log_number) wals.push_back({number, name});
  }
  std::sort(wals.begin(), wals.end(),
            [](const Wal& a, const Wal& b) { return a.number < b.number; });
  return wals;
}

struct Damage {
  size_t wal = 0;         // index into the list
  size_t good_bytes = 0;  // of that file
  bool torn_tail = false;
  std::string reason;
};

class WalChecker {
 public:
  WalChecker(DurableEnv* env, std::string directory)
      : env_(env), directory_(std::move(directory)) {}

  Status Check(WalDamage allowed);

 private:
  Result<std::optional<Damage>> FindDamage(const ManifestFacts& facts);
  // Where the batches of the file stop to follow on each other and on the files before.
  std::optional<size_t> FindGap(const WalScan& scan, bool first_file, uint64_t last_sequence);
  Result<bool> LaterFilesAreEmpty(size_t wal);
  Status Cut(const Damage& damage);

  DurableEnv* const env_;
  const std::string directory_;
  std::vector<Wal> wals_;
  std::optional<uint64_t> next_sequence_;  // nullopt before the first batch
};

Status WalChecker::Check(WalDamage allowed) {
  const Result<std::optional<ManifestFacts>> facts = ReadManifest(env_, directory_);
  if (!facts.ok()) return facts.status();
  if (!facts->has_value()) return Status::Ok();
  Result<std::vector<Wal>> wals = ListWals(env_, directory_, **facts);
  if (!wals.ok()) return wals.status();
  wals_ = *std::move(wals);
  const Result<std::optional<Damage>> damage = FindDamage(**facts);
  if (!damage.ok()) return damage.status();
  if (!damage->has_value()) return Status::Ok();
  if (allowed == WalDamage::kCutTornTail && !(*damage)->torn_tail) {
    return Status(Code::kCorruption, (*damage)->reason);
  }
  return Cut(**damage);
}

Result<std::optional<Damage>> WalChecker::FindDamage(const ManifestFacts& facts) {
  if (facts.log_number != 0 && (wals_.empty() || wals_[0].number != facts.log_number)) {
    return std::optional(Damage{.reason = "The write-ahead file number " +
                                          std::to_string(facts.log_number) + " is missing from " +
                                          directory_ + "."});
  }
  for (size_t i = 0; i < wals_.size(); ++i) {
    const std::string path = JoinPath(directory_, wals_[i].name);
    const Result<std::string> file = ReadWholeFile(env_, path, kFileBytesMax);
    if (!file.ok()) return file.status();
    const WalScan scan = ScanWal(*file);
    if (const std::optional<size_t> gap = FindGap(scan, i == 0, facts.last_sequence)) {
      return std::optional(
          Damage{.wal = i,
                 .good_bytes = *gap,
                 .reason = path + " lacks batches before byte " + std::to_string(*gap) + "."});
    }
    if (!scan.damaged) continue;
    const Result<bool> last = LaterFilesAreEmpty(i);
    if (!last.ok()) return last.status();
    return std::optional(Damage{.wal = i,
                                .good_bytes = scan.good_bytes,
                                .torn_tail = *last && !RecordBeginsAfter(*file, scan.good_bytes),
                                .reason = path + " is damaged at byte " +
                                          std::to_string(scan.good_bytes) +
                                          ", before batches that are intact."});
  }
  return std::optional<Damage>();
}

// LevelDB begins a new file when a memtable is full, so that a file before another one that has
// batches cannot be empty. For the first file there is only a bound: MANIFEST knows the newest
// operation at the time of its last edit, not the last one in tables.
std::optional<size_t> WalChecker::FindGap(const WalScan& scan, bool first_file,
                                          uint64_t last_sequence) {
  for (const WalRecord& record : scan.records) {
    ByteReader reader(record.bytes);
    const uint64_t sequence = reader.U64();
    const uint32_t count = reader.U32();
    const bool follows =
        next_sequence_ ? sequence == *next_sequence_ : first_file && sequence <= last_sequence + 1;
    if (!reader.ok() || !follows) return record.begin;
    next_sequence_ = sequence + count;
  }
  return std::nullopt;
}

Result<bool> WalChecker::LaterFilesAreEmpty(size_t wal) {
  for (size_t i = wal + 1; i < wals_.size(); ++i) {
    const std::string path = JoinPath(directory_, wals_[i].name);
    const Result<std::string> file = ReadWholeFile(env_, path, kFileBytesMax);
    if (!file.ok()) return file.status();
    if (file->find_first_not_of('\0') != std::string::npos) return false;
  }
  return true;
}

// Later files go first, so that a crash in between leaves what the next check cuts again. The file
// as it was stays in damaged-wal, one only, for whoever wants to know what the disk did.
Status WalChecker::Cut(const Damage& damage) {
  for (size_t i = wals_.size(); i-- > damage.wal + 1;) {
    const std::string path = JoinPath(directory_, wals_[i].name);
    BATON_RETURN_IF_ERROR(FromLevelDb(env_->RemoveFile(path), "Cannot remove " + path));
  }
  if (wals_.empty()) return Status::Ok();
  const std::string& name = wals_[damage.wal].name;
  const Result<std::string> file = ReadWholeFile(env_, JoinPath(directory_, name), kFileBytesMax);
  if (!file.ok()) return file.status();
  BATON_RETURN_IF_ERROR(WriteFileDurably(env_, directory_, "damaged-wal", *file));
  return WriteFileDurably(env_, directory_, name,
                          std::string_view(*file).substr(0, damage.good_bytes));
}

}  // namespace

Status CheckWals(DurableEnv* env, const std::string& directory, WalDamage damage) {
  return WalChecker(env, directory).Check(damage);
}

}  // namespace baton::storage
