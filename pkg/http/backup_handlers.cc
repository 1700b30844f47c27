// GET /v1/admin/snapshot: a backup of the state, as a stream.

#include <memory>
#include <utility>

#include "pkg/http/backup_stream.h"
#include "pkg/http/route_table.h"

namespace baton::http {
namespace {

// What the backups of a listener share.
struct Backups {
  std::shared_ptr<DelayedCalls> thread;
  std::shared_ptr<BackupSlots> slots;
};

Status TooManyBackups() {
  return Status(Code::kUnavailable, "too_many_backups",
                "This node is making " + std::to_string(BackupSlots::kBackupsMax) +
                    " backups, as many as it may; retry later, or at another node");
}

void GetSnapshot(const Call& call, const Backups& backups) {
  QueryFields query(call.request(), {"consistency", "min_revision"});
  const ReadOptions options = ReadOptionsOf(&query);
  if (!query.ok()) return call.Fail(query.status());
  if (call.request().method == "HEAD") {
    Response head;
    head.headers.emplace_back("Content-Type", "application/octet-stream");
    return call.Answer(std::move(head));
  }
  std::shared_ptr<const void> slot = BackupSlots::Take(backups.slots);
  if (slot == nullptr) return call.Fail(TooManyBackups());
  const auto stream = std::make_shared<BackupStream>(call, backups.thread, std::move(slot));
  call.service().OpenBackup(
      options.consistency, options.min_revision, options.timeout_ms,
      [call, stream, consistency = options.consistency](Result<node::Backup> backup) {
        if (!backup.ok()) {
          return call.exchange->Post([call, why = backup.status()] { call.Fail(why); });
        }
        const auto shared = std::make_shared<node::Backup>(std::move(backup).value());
        call.exchange->Post(
            [stream, consistency, shared] { stream->Start(std::move(*shared), consistency); });
      });
}

}  // namespace

void AddBackupRoutes(RouteTable* table) {
  const Backups backups{DelayedCalls::Start(), std::make_shared<BackupSlots>()};
  table->Add("GET", "/v1/admin/snapshot",
             [backups](const Call& call) { GetSnapshot(call, backups); });
}

}  // namespace baton::http
