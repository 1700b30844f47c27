// batonctl data verify, batonctl data dump.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cmd/batonctl/commands.h"
#include "cmd/batonctl/data_json.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/problem.h"
#include "cmd/cli/printable.h"
#include "pkg/storage/data_verify.h"
#include "pkg/storage/watermark.h"

namespace baton::batonctl {
namespace {

using nlohmann::json;
using storage::DataReader;

std::string Line(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

void PrintReport(const storage::VerifyReport& report, std::ostream* out) {
  for (const storage::Finding& finding : report.findings) {
    const std::string name =
        finding.part + std::string(15 - std::min<size_t>(15, finding.part.size()), ' ');
    *out << name << (finding.damaged ? "DAMAGED  " : "ok       ") << cli::Printable(finding.found);
    if (finding.damaged) *out << "; that is: " << finding.meaning << "; do: " << finding.advice;
    *out << ".\n";
  }
  *out << (report.damaged() ? "The directory is damaged.\n" : "The directory is whole.\n");
}

json ReportJson(const std::string& path, const storage::VerifyReport& report) {
  json parts = json::array();
  for (const storage::Finding& finding : report.findings) {
    json part{{"part", finding.part}, {"damaged", finding.damaged}, {"found", finding.found}};
    if (finding.damaged) {
      part["meaning"] = finding.meaning;
      part["advice"] = finding.advice;
    }
    parts.push_back(std::move(part));
  }
  json object{{"path", path}, {"damaged", report.damaged()}, {"parts", std::move(parts)}};
  if (report.identity) {
    object["cluster_id"] = report.identity->cluster_id;
    object["node_id"] = report.identity->node_id.value();
  }
  return object;
}

std::string_view MemoryName(raft::Memory memory) {
  switch (memory) {
    case raft::Memory::kWhole:
      return "whole";
    case raft::Memory::kNewborn:
      return "newborn";
    case raft::Memory::kLostEntries:
      return "lost_entries";
    case raft::Memory::kLost:
      return "lost";
  }
  return "unknown";
}

// Prints what is in the directory, one fact per line.
class Dump {
 public:
  Dump(DataReader* reader, OutputFormat format, std::ostream* out)
      : reader_(reader), format_(format), out_(out) {}

  // [from, to] of the log.
  void Log(Index from, Index to) {
    Print("identity", Of(reader_->identity(), [](const storage::Identity& identity) {
            return json{{"cluster_id", identity.cluster_id}, {"node_id", identity.node_id.value()}};
          }));
    const auto watermark = storage::Watermark::Open(reader_->env(), reader_->path());
    Print("watermark", Of(watermark, [](const std::unique_ptr<storage::Watermark>& open) {
            const storage::Acknowledged& newest = open->newest();
            return json{{"write_number", newest.write_number},
                        {"last_index", newest.last_index.value()},
                        {"term", newest.term.value()},
                        {"vote", newest.vote.value()},
                        {"memory", MemoryName(newest.memory)}};
          }));
    const storage::LiveName live = reader_->Live(storage::kLogSeries);
    Print("live_log", LiveJson(live));
    const auto log = reader_->Open(live.name, storage::WalDamage::kCutAll);
    if (!log.ok()) return Print("log", Error(log.status()));
    Head(**log);
    const Status status =
        storage::VisitEntries(**log, from, to, [&](Index index, const auto& entry) {
          json object = Of(entry, EntryJson);
          if (!entry.ok()) object["index"] = index.value();
          Print("entry", object);
          return out_->good();
        });
    if (!status.ok()) Print("log", Error(status));
  }

  void State() {
    const storage::LiveName live = reader_->Live(storage::kStateSeries);
    Print("live_state", LiveJson(live));
    const auto state = reader_->Open(live.name, storage::WalDamage::kCutAll);
    if (!state.ok()) return Print("state", Error(state.status()));
    const Status status =
        storage::VisitStateRows(**state, [&](std::string_view key, std::string_view value) {
          Print("row", RowJson(key, value));
          return out_->good();
        });
    if (!status.ok()) Print("state", Error(status));
  }

  bool damaged() const { return damaged_; }

 private:
  void Head(const storage::Database& log) {
    const storage::LogHead head = storage::ReadLogHead(log);
    Print("hard_state", Of(head.hard_state, [](const raft::HardState& hard_state) {
            return json{{"term", hard_state.term.value()},
                        {"vote", hard_state.vote.value()},
                        {"commit", hard_state.commit.value()},
                        {"memory", MemoryName(hard_state.memory)}};
          }));
    Print("start", Of(head.start, [](const raft::SnapshotMeta& start) {
            return json{{"index", start.index.value()},
                        {"term", start.term.value()},
                        {"config", ConfigJson(start.config)}};
          }));
    Print(
        "tail", Of(head.tail, [](const storage::LogTail& tail) {
          return json{{"write_number", tail.write_number}, {"last_index", tail.last_index.value()}};
        }));
  }

  json LiveJson(const storage::LiveName& live) {
    json object = live.status.ok() ? json::object() : Error(live.status);
    object["name"] = live.name;
    if (live.set_aside) object["set_aside"] = *live.set_aside;
    return object;
  }

  template <typename T, typename ToJson>
  json Of(const Result<T>& result, const ToJson& to_json) {
    return result.ok() ? to_json(*result) : Error(result.status());
  }

  json Error(const Status& status) {
    damaged_ = true;
    return {{"error", status.message()}};
  }

  void Print(const char* what, const json& object) {
    if (format_ == OutputFormat::kJson) {
      json line{{"what", what}};
      line.update(object);
      *out_ << Line(line);
    } else {
      *out_ << what << " " << Line(object);
    }
  }

  DataReader* const reader_;
  const OutputFormat format_;
  std::ostream* const out_;
  bool damaged_ = false;
};

// A disk that is full, or a reader that has left: what was printed is not all.
Status OutputLost() { return Status(Code::kIo, "The output cannot be written."); }

int CannotLook(const Status& why, Context* context) {
  (void)FailUsage(why.message(), context);
  return kExitCannotLook;
}

}  // namespace

int RunDataVerify(const Arguments& arguments, Context* context) {
  const auto reader = DataReader::Open(arguments.positionals[0]);
  if (!reader.ok()) return CannotLook(reader.status(), context);
  const storage::VerifyReport report = storage::VerifyDataDir(
      reader->get(), {.entry = CheckEntryData, .row = CheckRow, .applied = AppliedIn});
  if (arguments.output == OutputFormat::kJson) {
    *context->out << Line(ReportJson(arguments.positionals[0], report));
  } else {
    PrintReport(report, context->out);
  }
  if (!context->out->flush()) return CannotLook(OutputLost(), context);
  return report.damaged() ? kExitDamaged : kExitOk;
}

int RunDataDump(const Arguments& arguments, Context* context) {
  const Result<uint64_t> from = NumberOption(arguments, "from", 0);
  const Result<uint64_t> to = NumberOption(arguments, "to", UINT64_MAX);
  if (!from.ok()) return FailUsage(from.status().message(), context);
  if (!to.ok()) return FailUsage(to.status().message(), context);
  const auto reader = DataReader::Open(arguments.positionals[0]);
  if (!reader.ok()) return CannotLook(reader.status(), context);
  Dump dump(reader->get(), arguments.output, context->out);
  dump.Log(Index(*from), Index(*to));
  if (arguments.Has("state")) dump.State();
  if (!context->out->flush()) return CannotLook(OutputLost(), context);
  return dump.damaged() ? kExitDamaged : kExitOk;
}

}  // namespace baton::batonctl
