// batonctl snapshot save, batonctl snapshot inspect.

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "cmd/batonctl/answer.h"
#include "cmd/batonctl/backup_file.h"
#include "cmd/batonctl/backup_text.h"
#include "cmd/batonctl/commands.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/problem.h"
#include "cmd/batonctl/transfer_progress.h"

namespace baton::batonctl {
namespace {

// A node sends at least a piece in this time, or the connection is dead.
constexpr int64_t kSilenceMs = 30'000;

ApiRequest SnapshotRequest(const Arguments& arguments) {
  ApiRequest request;
  request.target = "/v1/admin/snapshot";
  if (arguments.Has("stale")) request.target += "?consistency=stale";
  request.attempt_timeout_ms = kSilenceMs;
  return request;
}

struct Download {
  Status failure;  // ours: the disk, or bytes that are not a backup's
  Result<ApiResponse> response;
};

Download Receive(const Arguments& arguments, BackupFileWriter* file, BackupChecker* checker,
                 Context* context) {
  TransferProgress progress(context->err, ::isatty(STDERR_FILENO) == 1, context->clock);
  Status failure;
  ApiClient api(arguments.endpoints, context->clock);
  Result<ApiResponse> response =
      api.Stream(SnapshotRequest(arguments), arguments.timeout_ms, [&](std::string_view piece) {
        failure = checker->Feed(piece);
        if (failure.ok()) failure = file->Write(piece);
        progress.Add(piece.size());
        return failure.ok();
      });
  if (progress.bytes() > 0) progress.End();
  return {std::move(failure), std::move(response)};
}

// A download that was cut can be tried again; one that is wrong should be looked at.
int FailBackup(const Status& status, Context* context) {
  *context->err << "batonctl: " << status.message() << "\n";
  return status.reason() == "cut_backup" ? kExitUnavailable : kExitRefused;
}

}  // namespace

int RunSnapshotSave(const Arguments& arguments, Context* context) {
  const std::string& path = arguments.positionals[0];
  const auto file = BackupFileWriter::Create(path, arguments.Has("force"));
  if (file.status().reason() == "file_exists") return FailUsage(file.status().message(), context);
  if (!file.ok()) return FailBackup(file.status(), context);
  BackupChecker checker;
  const Download download = Receive(arguments, file->get(), &checker, context);
  if (!download.failure.ok()) return FailBackup(download.failure, context);
  if (!download.response.ok()) return Fail(arguments, download.response.status(), context);
  if (!download.response->ok()) return Fail(arguments, *download.response, context);
  const Result<BackupContents> contents = checker.Finish();
  if (!contents.ok()) return FailBackup(contents.status(), context);
  const Status finished = (*file)->Finish();
  if (!finished.ok()) return FailBackup(finished, context);
  PrintBackup(arguments, path, *contents, context);
  return kExitOk;
}

int RunSnapshotInspect(const Arguments& arguments, Context* context) {
  const std::string& path = arguments.positionals[0];
  const Result<BackupContents> contents = CheckBackupFile(path);
  if (!contents.ok()) {
    *context->err << "batonctl: " << path << ": " << contents.status().message() << "\n";
    return kExitRefused;
  }
  PrintBackup(arguments, path, *contents, context);
  return kExitOk;
}

}  // namespace baton::batonctl
