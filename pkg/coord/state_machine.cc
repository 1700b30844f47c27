#include "pkg/coord/state_machine.h"

#include <utility>

#include "pkg/base/bytes.h"
#include "pkg/base/check.h"
#include "pkg/base/planted.h"
#include "pkg/coord/apply_context.h"
#include "pkg/coord/apply_entry.h"
#include "pkg/coord/rows.h"

namespace baton::coord {
namespace {

// The row that closes every Apply. The hash covers the rest of it.
void WriteMeta(Tables* tables, Meta* meta) {
  std::string row = EncodeMetaBody(*meta);
  meta->hash = MixPut(meta->hash, kMetaKey, row);
  ByteWriter(&row).U64(meta->hash);
  tables->Put(kMetaKey, row);
}

}  // namespace

StateMachine::StateMachine(Tables* tables) : tables_(tables) { Reload(); }

void StateMachine::Reload() {
  const std::optional<std::string> value = tables_->Get(kMetaKey);
  meta_ = value ? DecodeMeta(*value) : Meta();
  command_version_ = 1;
  if (const std::optional<std::string> row = tables_->Get(kVersionKey)) {
    command_version_ = static_cast<uint32_t>(ByteReader(*row).Varint());
  }
  if (!PLANTED("coord.due_kept_over_snapshot")) due_from_ = DueFrom();
}

Applied StateMachine::Apply(Index index, Term term, std::string_view entry) {
  CHECK_EQ(index, meta_.applied + 1);
  CHECK_GE(term, meta_.applied_term);
  meta_.applied = index;
  meta_.applied_term = term;
  ApplyContext context(tables_, &meta_, &due_from_, &command_version_);
  Applied applied;
  if (entry.empty()) {
    applied.reply.revision = meta_.revision;
    applied.reply.now_ms = meta_.now_ms;
  } else {
    applied.reply = ApplyEntry(context, entry);
  }
  const bool late = PLANTED("coord.applied_index_written_late") && index.value() % 8 != 0;
  if (!late) WriteMeta(tables_, &meta_);
  applied.events = std::move(context.events);
  applied.wait_outcomes = std::move(context.wait_outcomes);
  return applied;
}

}  // namespace baton::coord
