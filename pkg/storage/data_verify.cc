#include "pkg/storage/data_verify.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "pkg/base/bytes.h"
#include "pkg/storage/files.h"
#include "pkg/storage/watermark.h"

namespace baton::storage {
namespace {

constexpr size_t kPlacesMax = 5;  // named in one finding; the others are counted

constexpr char kStartIt[] =
    "do not edit the directory; start the node, which gets from its peers what it lacks. The only "
    "voter of a cluster has no peers and refuses to start: restore a backup";
constexpr char kJoinAnew[] =
    "do not edit the directory; move it away, take the node out of the cluster and add it again as "
    "a new member with an empty directory, so that it gets everything from the others";

constexpr char kEmptyState[] =
    "the node puts an empty state in its place, and fills it from the log or from a peer";

// What a repaired log lacks; empty: nothing.
std::string LossText(raft::Memory memory) {
  switch (memory) {
    case raft::Memory::kWhole:
    case raft::Memory::kNewborn:
      return "";
    case raft::Memory::kLostEntries:
      return "the log was repaired and lacks entries that were acknowledged; the node gives no "
             "vote until its peers have given them back";
    case raft::Memory::kLost:
      return "the log was repaired and has lost its vote; the node counts for nothing until the "
             "leader lets it in again";
  }
  return "";
}

std::string Number(uint64_t number) { return std::to_string(number); }
std::string Number(Index index) { return std::to_string(index.value()); }

std::string WithoutStop(std::string text) {
  while (text.ends_with('.')) text.pop_back();
  return text;
}

// Damage of one part, place by place.
class Places {
 public:
  void Add(const std::string& place) {
    if (++count_ > kPlacesMax) return;
    text_ += (text_.empty() ? "" : "; ") + WithoutStop(place);
  }
  bool any() const { return count_ > 0; }
  std::string text() const {
    return count_ <= kPlacesMax ? text_
                                : text_ + "; and " + Number(count_ - kPlacesMax) + " places more";
  }

 private:
  uint64_t count_ = 0;
  std::string text_;
};

// The entries of a log, one after the other.
class EntryChain {
 public:
  EntryChain(const Result<raft::SnapshotMeta>& start, const ContentChecks& checks, Places* places)
      : start_known_(start.ok()), checks_(checks), places_(places) {
    if (!start.ok()) return;  // then the first entry is where it begins
    start_ = last_ = start->index;
    term_ = start->term;
  }

  void Take(std::string_view key, std::string_view value) {
    ByteReader reader(key.substr(1));
    const Index index(reader.U64BigEndian());
    if (index <= start_) return;  // a compaction was interrupted; the next start goes on with it
    if ((start_known_ || entries_ > 0) && index != last_ + 1) {
      places_->Add(index == last_ + 2 ? "Index " + Number(last_ + 1) + " is missing"
                                      : "The indexes " + Number(last_ + 1) + " to " +
                                            Number(index - 1) + " are missing");
    }
    last_ = index;
    ++entries_;
    const Result<raft::Entry> entry = DecodeEntry(key, value);
    if (!entry.ok()) return places_->Add(entry.status().message());
    if (entry->term < term_) places_->Add("The term goes down at index " + Number(index));
    term_ = entry->term;
    const Status content = checks_.entry ? checks_.entry(*entry) : Status::Ok();
    if (!content.ok()) places_->Add("Index " + Number(index) + ": " + content.message());
  }

  Index last() const { return last_; }
  uint64_t entries() const { return entries_; }

 private:
  const bool start_known_;
  const ContentChecks& checks_;
  Places* const places_;
  Index start_;
  Index last_;
  Term term_;
  uint64_t entries_ = 0;
};

bool IsInUse(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "IDENTITY", "LOCK", "LOG", "RESERVE", "STATE", "STATE-DAMAGED", "WATERMARK", "lost+found"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

class Verifier {
 public:
  Verifier(DataReader* reader, const ContentChecks& checks) : reader_(reader), checks_(checks) {}

  VerifyReport Run() {
    CheckIdentity();
    CheckWatermark();
    CheckLog();
    CheckState();
    LookForLeftovers();
    return std::move(report_);
  }

 private:
  void CheckIdentity();
  void CheckWatermark();
  void CheckLog();
  void CheckLogRows(const Database& log);
  void CheckEntries(const Database& log, const LogHead& head, Places* places);
  void CheckTail(const LogHead& head, Places* places);
  void CheckState();
  void CheckStateRows(const Database& state);
  void LookForLeftovers();
  // True: the database may be opened with its write-ahead files as they are now.
  bool CheckPointer(const std::string& what, const LiveName& live);
  bool CheckFiles(const std::string& part, const std::string& name);
  void CheckOwner(const Result<Identity>& owner, Places* places);

  void Fine(const std::string& part, const std::string& found) {
    report_.findings.push_back({.part = part, .found = found});
  }
  void Damaged(const std::string& part, const std::string& found, const std::string& meaning,
               const std::string& advice) {
    report_.findings.push_back({.part = part,
                                .damaged = true,
                                .found = WithoutStop(found),
                                .meaning = meaning,
                                .advice = advice});
  }

  DataReader* const reader_;
  const ContentChecks& checks_;
  VerifyReport report_;
  std::optional<Acknowledged> watermark_;
  std::optional<Index> log_start_;
  Index last_;  // of the entries that are there
  uint64_t entries_ = 0;
};

void Verifier::CheckIdentity() {
  const Result<Identity>& identity = reader_->identity();
  if (identity.ok()) {
    report_.identity = *identity;
    return Fine("identity", "node " + Number(identity->node_id.value()) + " of the cluster " +
                                identity->cluster_id);
  }
  Damaged("identity", identity.status().message(),
          "the node takes the log's word for whose data this is; if that is damaged, too, it does "
          "not start",
          kStartIt);
}

void Verifier::CheckOwner(const Result<Identity>& owner, Places* places) {
  if (!owner.ok()) return places->Add(owner.status().message());
  if (report_.identity && !(*owner == *report_.identity)) {
    places->Add("It belongs to node " + Number(owner->node_id.value()) + " of the cluster " +
                owner->cluster_id);
  }
}

void Verifier::CheckWatermark() {
  const auto watermark = Watermark::Open(reader_->env(), reader_->path());
  if (!watermark.ok()) {
    return Damaged("watermark", watermark.status().message(),
                   "it cannot be told whether the log's end was cut off, and the node will take it "
                   "for cut",
                   kStartIt);
  }
  watermark_ = (*watermark)->newest();
  Fine("watermark", "write " + Number(watermark_->write_number) +
                        " was acknowledged, up to index " + Number(watermark_->last_index) +
                        " in term " + Number(watermark_->term.value()));
}

bool Verifier::CheckFiles(const std::string& part, const std::string& name) {
  const std::string directory = JoinPath(reader_->path(), name);
  if (!reader_->env()->FileExists(directory)) {
    Damaged(part, directory + " is missing", "all that was in it is lost", kStartIt);
    return false;
  }
  reader_->env()->Thaw();
  const Status status = CheckWals(reader_->env(), directory, WalDamage::kCutTornTail);
  const bool cut = reader_->env()->Wrote(JoinPath(directory, "damaged-wal"));
  if (status.ok()) {
    Fine(part, cut ? "the last write of " + directory +
                         " is torn, as after a crash, and the next start cuts it off"
                   : "the write-ahead files of " + directory + " are whole");
    return true;
  }
  if (status.code() == Code::kCorruption && part == "state files") {
    // The state is written unsynced; whether enough is left shows in its rows.
    Fine(part, WithoutStop(status.message()) +
                   "; that is so after a power loss, and the next start cuts it off there and "
                   "applies the log again from that point");
    return true;
  }
  Damaged(part, status.message(), "writes that were acknowledged may be missing", kStartIt);
  return status.code() == Code::kCorruption;
}

// False: there is none.
bool Verifier::CheckPointer(const std::string& what, const LiveName& live) {
  const std::string part = what + " pointer";
  if (live.status.ok()) {
    Fine(part, "the live " + what + " is " + live.name);
    return true;
  }
  const bool found = !live.name.empty();
  Damaged(part, live.status.message(),
          found ? "the node takes the newest " + what + " that is complete, looked at here is " +
                      live.name
                : "there is no " + what + " at all",
          kStartIt);
  return found;
}

void Verifier::CheckLog() {
  const LiveName live = reader_->Live(kLogSeries);
  if (!CheckPointer("log", live) || !CheckFiles("log files", live.name)) return;
  const auto log = reader_->Open(live.name, WalDamage::kCutAll);
  if (!log.ok()) {
    return Damaged("log", log.status().message(), "the node has no log that it could trust",
                   kStartIt);
  }
  CheckLogRows(**log);
}

void Verifier::CheckLogRows(const Database& log) {
  Places places;
  const LogHead head = ReadLogHead(log);
  CheckOwner(head.owner, &places);
  if (!head.hard_state.ok()) places.Add(head.hard_state.status().message());
  if (head.start.ok()) {
    log_start_ = head.start->index;
  } else {
    places.Add(head.start.status().message());
  }
  CheckEntries(log, head, &places);
  CheckTail(head, &places);
  if (places.any()) {
    return Damaged("log", places.text(),
                   "entries, a term or a vote that were acknowledged are lost here; the node keeps "
                   "what lies before the damage and gives no vote until it has the rest again",
                   head.owner.ok() && report_.identity && !(*head.owner == *report_.identity)
                       ? kJoinAnew
                       : kStartIt);
  }
  const raft::HardState& hard_state = *head.hard_state;
  const bool newborn = hard_state.memory == raft::Memory::kNewborn;
  const std::string entries = entries_ == 0 ? "no entries after index " + Number(*log_start_)
                                            : Number(entries_) + " entries, " +
                                                  Number(*log_start_ + 1) + " to " + Number(last_);
  const std::string found = entries + "; term " + Number(hard_state.term.value()) +
                            ", commit index " + Number(hard_state.commit) +
                            (newborn ? "; newborn: it has never written for a cluster" : "");
  const std::string loss = LossText(hard_state.memory);
  if (!loss.empty()) return Damaged("log", found, loss, kStartIt);
  Fine("log", found);
}

// From the first row on, also over what was compacted: a node that starts reads it, too.
void Verifier::CheckEntries(const Database& log, const LogHead& head, Places* places) {
  EntryChain chain(head.start, checks_, places);
  const std::unique_ptr<leveldb::Iterator> row = log.NewIterator(/*fill_cache=*/false);
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    const std::string_view key = ToView(row->key());
    if (IsEntryKey(key)) {
      chain.Take(key, ToView(row->value()));
    } else if (key != kHardStateKey && key != kIdentityKey && key != kStartKey && key != kTailKey) {
      places->Add("There is a row that no build of this format writes");
    }
  }
  const Status status = log.StatusOf(*row);
  if (!status.ok()) places->Add(status.message());
  last_ = chain.last();
  entries_ = chain.entries();
}

void Verifier::CheckTail(const LogHead& head, Places* places) {
  if (!head.tail.ok()) return places->Add(head.tail.status().message());
  if (head.tail->last_index != last_) {
    places->Add("It ends at index " + Number(last_) + ", but its last write left it at " +
                Number(head.tail->last_index));
  }
  if (watermark_ && head.tail->write_number < watermark_->write_number) {
    places->Add("It was cut: it ends with write " + Number(head.tail->write_number) + " at index " +
                Number(head.tail->last_index) + ", but write " + Number(watermark_->write_number) +
                " up to index " + Number(watermark_->last_index) + " had been acknowledged");
  }
}

void Verifier::CheckState() {
  const LiveName live = reader_->Live(kStateSeries);
  if (!CheckPointer("state", live) || !CheckFiles("state files", live.name)) return;
  const std::string mark = JoinPath(reader_->path(), "STATE-DAMAGED");
  if (reader_->env()->FileExists(mark)) {
    return Damaged("state", "the node itself found it wrong while it ran (" + mark + ")",
                   kEmptyState, kStartIt);
  }
  const auto state = reader_->Open(live.name, WalDamage::kCutAll);
  if (!state.ok()) return Damaged("state", state.status().message(), kEmptyState, kStartIt);
  CheckStateRows(**state);
}

void Verifier::CheckStateRows(const Database& state) {
  Places places;
  CheckOwner(ReadStateOwner(state), &places);
  uint64_t rows = 0;
  uint64_t bytes = 0;
  Index applied;
  const Status status = VisitStateRows(state, [&](std::string_view key, std::string_view value) {
    ++rows;
    bytes += key.size() + value.size();
    const Status content = checks_.row ? checks_.row(key, value) : Status::Ok();
    if (!content.ok()) places.Add(content.message());
    if (checks_.applied) applied = checks_.applied(key, value).value_or(applied);
    return true;
  });
  if (!status.ok()) places.Add(status.message());
  if (!places.any() && log_start_ && applied < *log_start_) {
    places.Add("It ends at index " + Number(applied) + ", before the log, which begins after " +
               Number(*log_start_));
  }
  if (places.any()) {
    return Damaged("state", places.text(), kEmptyState, kStartIt);
  }
  Fine("state", Number(rows) + " rows of " + Number(bytes) + " bytes, applied up to index " +
                    Number(applied));
}

void Verifier::LookForLeftovers() {
  const Result<std::vector<std::string>> names = ListDirectory(reader_->env(), reader_->path());
  if (!names.ok()) {
    return Damaged("leftovers", names.status().message(), "the directory cannot be read",
                   "look at what the operating system says");
  }
  const LiveName log = reader_->Live(kLogSeries);
  const LiveName state = reader_->Live(kStateSeries);
  std::string found;
  for (const std::string& name : *names) {
    if (IsInUse(name) || name == log.name || name == state.name) continue;
    const bool kept = name == log.set_aside || name == state.set_aside;
    found += (found.empty() ? "" : ", ") + name + (kept ? " (damaged, and set aside)" : "");
  }
  Fine("leftovers", found.empty() ? "none" : found + ": not in use, and no harm");
}

}  // namespace

bool VerifyReport::damaged() const {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.damaged; });
}

VerifyReport VerifyDataDir(DataReader* reader, const ContentChecks& checks) {
  return Verifier(reader, checks).Run();
}

}  // namespace baton::storage
