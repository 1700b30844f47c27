// batonctl kv watch: a stream of changes that outlives the nodes it comes from.

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <thread>

#include "cmd/batonctl/answer.h"
#include "cmd/batonctl/commands.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/problem.h"
#include "cmd/cli/printable.h"

namespace baton::batonctl {
namespace {

// The server says something at least every 10 s: a stream that is silent for longer is dead.
constexpr int64_t kSilenceMs = 30'000;
// Between streams that gave nothing, so that a node that ends them at once is not flooded.
constexpr int64_t kPauseMs = 200;
constexpr size_t kLineBytesMax = 4 << 20;  // a value of 1 MiB, escaped

// Prints events and knows where to go on: after the last whole revision, or within one that broke
// off in the middle.
class WatchPrinter {
 public:
  WatchPrinter(const Arguments& arguments, uint64_t from, uint64_t count, Context* context)
      : json_(arguments.output == OutputFormat::kJson),
        from_(from),
        left_(count),
        context_(context) {}

  // False: there is nothing more to do.
  bool OnPiece(std::string_view piece) {
    buffer_ += piece;
    size_t begin = 0;
    for (size_t end; (end = buffer_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      if (!OnLine(buffer_.substr(begin, end - begin))) return false;
    }
    buffer_.erase(0, begin);
    return buffer_.size() <= kLineBytesMax;
  }

  // Before another stream begins.
  void StartStream() {
    buffer_.clear();
    to_skip_ = printed_of_revision_;
    seen_of_revision_ = 0;
  }

  // The revision to ask for; 0: from now on.
  uint64_t from() const { return from_; }
  bool done() const { return left_ == 0 || failed_ || !*context_->out; }
  bool failed() const { return failed_; }
  uint64_t lines() const { return lines_; }

 private:
  bool OnLine(const std::string& line) {
    ++lines_;
    const nlohmann::json event = nlohmann::json::parse(line, nullptr, false);
    if (!event.is_object()) return true;  // an empty line keeps the connection alive
    const std::string type = Cell(event, "type");
    const std::optional<uint64_t> revision = Number(event, "revision");
    const uint64_t resume_from = Number(event, "resume_from").value_or(0);
    if (type == "bookmark" || type == "evicted") {  // evicted: we were too slow; go on from there
      MoveTo(resume_from);
      return type == "bookmark";
    }
    if (type == "compacted" || !revision) return OnProblem(event);
    MoveTo(*revision);
    if (++seen_of_revision_ > to_skip_) {
      ++printed_of_revision_;
      Print(type, event, line);
      --left_;
    }
    MoveTo(resume_from);  // with the last event of a revision
    return !done();
  }

  static std::optional<uint64_t> Number(const nlohmann::json& object, const char* field) {
    const auto found = object.find(field);
    if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<uint64_t>();
  }

  void MoveTo(uint64_t revision) {
    if (revision <= from_) return;
    from_ = revision;
    seen_of_revision_ = printed_of_revision_ = to_skip_ = 0;
  }

  bool OnProblem(const nlohmann::json& problem) {
    *context_->err << "batonctl: the watch ended: " << cli::Printable(problem.dump()) << "\n";
    failed_ = true;
    return false;
  }

  void Print(const std::string& type, const nlohmann::json& event, const std::string& line) {
    if (json_) {
      *context_->out << line << "\n";
    } else {
      *context_->out << Cell(event, "revision") << " " << cli::Printable(type) << " "
                     << cli::Printable(BytesCell(event, "key"));
      if (type == "put") *context_->out << " " << cli::Printable(BytesCell(event, "value"));
      *context_->out << "\n";
    }
    context_->out->flush();
  }

  const bool json_;
  uint64_t from_;
  uint64_t left_;
  Context* const context_;
  std::string buffer_;
  uint64_t lines_ = 0;
  // Of revision from_: how many events this stream gave, how many were printed in all, and how many
  // were printed by earlier streams and come again.
  uint64_t seen_of_revision_ = 0;
  uint64_t printed_of_revision_ = 0;
  uint64_t to_skip_ = 0;
  bool failed_ = false;
};

ApiRequest WatchRequest(const Arguments& arguments, uint64_t from) {
  ApiRequest request;
  request.target =
      "/v1/watch?prefix=" +
      http::PercentEncode(arguments.positionals.empty() ? "" : arguments.positionals[0]);
  if (from != 0) request.target += "&from=" + std::to_string(from);
  request.headers["Accept"] = "application/x-ndjson";
  request.attempt_timeout_ms = kSilenceMs;
  return request;
}

}  // namespace

int RunKvWatch(const Arguments& arguments, Context* context) {
  const Result<uint64_t> from = NumberOption(arguments, "from", 0);
  if (!from.ok()) return FailUsage(from.status().message(), context);
  const Result<uint64_t> count = NumberOption(arguments, "count", UINT64_MAX);
  if (!count.ok()) return FailUsage(count.status().message(), context);
  if (*count == 0) return FailUsage("--count must be at least 1", context);
  WatchPrinter printer(arguments, *from, *count, context);
  ApiClient api(arguments.endpoints, context->clock);
  while (true) {
    printer.StartStream();
    const uint64_t lines_before = printer.lines();
    const Result<ApiResponse> response =
        api.Stream(WatchRequest(arguments, printer.from()), arguments.timeout_ms,
                   [&](std::string_view piece) { return printer.OnPiece(piece); });
    if (printer.failed()) return kExitRefused;
    if (printer.done()) return kExitOk;
    if (!response.ok()) return Fail(arguments, response.status(), context);
    if (!response->ok()) return Fail(arguments, *response, context);
    if (printer.lines() == lines_before) {
      std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs));
    }
  }
}

}  // namespace baton::batonctl
