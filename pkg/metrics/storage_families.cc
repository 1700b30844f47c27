// What LevelDB says of its two databases, and what became of backups.
#include "pkg/metrics/families.h"

namespace baton::metrics {
namespace {

double Number(uint64_t value) { return static_cast<double>(value); }

}  // namespace

void AddDatabaseFamilies(const std::string& database, const storage::DatabaseFacts& facts,
                         FamilyList* list) {
  const Labels labels = {{"database", database}};
  list->Gauge("baton_leveldb_bytes", "Bytes of the database on disk, about.", Number(facts.bytes),
              labels);
  list->Gauge("baton_leveldb_memory_bytes", "Memory of the write buffer and the cache, about.",
              Number(facts.memory_bytes), labels);
  for (const storage::DatabaseFacts::Level& level : facts.levels) {
    const Labels of_level = {{"database", database}, {"level", std::to_string(level.number)}};
    list->Gauge("baton_leveldb_files", "Tables of the level.", Number(level.files), of_level);
    list->Gauge("baton_leveldb_level_bytes", "Bytes of the level's tables, to a MiB.",
                Number(level.bytes), of_level);
    list->Counter("baton_leveldb_compaction_seconds_total", "Time of merges into the level.",
                  level.compaction_seconds, of_level);
    list->Counter("baton_leveldb_compaction_read_bytes_total",
                  "Bytes read by merges into the level.", Number(level.compaction_read_bytes),
                  of_level);
    list->Counter("baton_leveldb_compaction_written_bytes_total",
                  "Bytes written by merges into the level.", Number(level.compaction_written_bytes),
                  of_level);
  }
}

void AddBackupFamilies(const http::BackupCounters& backups, FamilyList* list) {
  list->Counter("baton_backups_completed_total", "Backups that were sent to their end.",
                Number(backups.completed.value()));
  list->Counter("baton_backups_failed_total", "Backups that were begun and not completed.",
                Number(backups.failed.value()));
  list->Counter("baton_backup_sent_bytes_total", "Bytes of backups that were sent.",
                Number(backups.sent_bytes.value()));
  list->Histogram("baton_backup_duration_seconds", "Time of a backup that was completed.",
                  AllBuckets(backups.duration.Read()));
  const int64_t last_ms = backups.last_success_wall_ms.load(std::memory_order_relaxed);
  if (last_ms == 0) return;  // an age since 1970 would be an alarm
  list->Gauge("baton_backup_last_success_timestamp_seconds",
              "When the newest backup of this process was completed, since 1970-01-01 UTC.",
              static_cast<double>(last_ms) / 1000);
}

}  // namespace baton::metrics
