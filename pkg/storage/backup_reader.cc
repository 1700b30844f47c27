#include "pkg/storage/backup_reader.h"

namespace baton::storage {

Status BackupReader::Feed(std::string_view bytes, const RowVisitor& visit) {
  return file_.Feed(bytes, [&](std::string_view piece) {
    Status visited;
    const Status decoded = rows_.Decode(piece, [&](std::string_view key, std::string_view value) {
      if (visited.ok()) visited = visit(key, value);
    });
    return decoded.ok() ? visited : decoded;
  });
}

Status BackupReader::Finish() const {
  BATON_RETURN_IF_ERROR(file_.Finish());
  if (rows_.complete()) return Status::Ok();
  return Status(Code::kCorruption, "The backup is not usable: its last rows are missing.");
}

}  // namespace baton::storage
