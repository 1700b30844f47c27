#include "cmd/batonctl/hold.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <thread>

#include "cmd/batonctl/answer.h"
#include "cmd/batonctl/child_process.h"
#include "cmd/batonctl/duration.h"
#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/problem.h"
#include "cmd/batonctl/session_keeper.h"
#include "cmd/batonctl/signals.h"
#include "cmd/cli/printable.h"

namespace baton::batonctl {
namespace {

constexpr int64_t kCleanUpTimeoutMs = 3'000;

// One run of `lock` or `elect`, in the order of its life: Prepare, CreateSession, Acquire, then
// RunCommand or HoldUntilSignal, and CleanUp whatever happened.
class Hold {
 public:
  Hold(const Arguments& arguments, const HoldSpec& spec, Context* context)
      : arguments_(arguments),
        spec_(spec),
        context_(context),
        api_(arguments.endpoints, context->clock),
        signal_fd_(context->open_signals ? context->open_signals() : -1) {}

  int Run() {
    if (std::optional<int> exit = Prepare()) return *exit;
    if (std::optional<int> exit = CreateSession()) return *exit;
    std::optional<int> exit = Acquire();
    if (!exit) exit = spec_.command.empty() ? HoldUntilSignal() : RunCommand();
    const bool given_back = CleanUp();
    return *exit == kExitOk && !given_back ? kExitUnavailable : *exit;
  }

 private:
  // A wrong command should not cost a turn in the line.
  std::optional<int> Prepare() {
    if (spec_.command.empty()) return std::nullopt;
    const auto path = context_->environment.find("PATH");
    Result<std::string> file = FindExecutable(
        spec_.command[0], path == context_->environment.end() ? "/usr/bin:/bin" : path->second);
    if (!file.ok()) {
      Say(file.status().message());
      return file.status().code() == Code::kNotFound ? kExitCommandNotFound : kExitCannotExecute;
    }
    file_ = *std::move(file);
    return std::nullopt;
  }

  std::optional<int> CreateSession() {
    const nlohmann::json body = {{"ttl", FormatDurationMs(spec_.ttl_ms)},
                                 {"name", "batonctl " + spec_.name}};
    const ApiRequest request = JsonRequest("POST", "/v1/sessions", body);
    const int64_t begun_ms = NowMs();
    Result<ApiResponse> response = Status(Code::kUnavailable, "not asked");
    if (const std::optional<int> signal = CallUnlessSignal(request, &response)) {
      return kExitSignalBase + *signal;  // should it have been created: it ends with its TTL
    }
    if (!response.ok()) return Fail(arguments_, response.status(), context_);
    if (!response->ok()) return Fail(arguments_, *response, context_);
    session_ = Cell(BodyOf(*response), "id");
    if (session_ == "-") {
      Say(response->endpoint + " created a session without an id");
      return kExitUnavailable;
    }
    // From before the first attempt: an earlier one may have created it.
    keeper_ = std::make_unique<SessionKeeper>(arguments_.endpoints, session_, spec_.ttl_ms,
                                              begun_ms, context_->clock);
    keeper_->Start();
    return std::nullopt;
  }

  // Calls from another thread while this one watches for signals. Gives the one that ended it.
  std::optional<int> CallUnlessSignal(const ApiRequest& request, Result<ApiResponse>* response) {
    ApiClient api(arguments_.endpoints, context_->clock);
    Event done;
    std::thread caller([&] {
      *response = api.Call(request, arguments_.timeout_ms);
      done.Set();
    });
    std::optional<int> ended_by;
    const std::array<int, 2> fds = {done.fd(), signal_fd_};
    while (!ended_by && WaitForAny(fds, -1) != 0) {
      const std::optional<ReceivedSignal> signal = ReadSignal(signal_fd_);
      if (signal && AsksToEnd(signal->number)) ended_by = signal->number;
    }
    api.Cancel();
    caller.join();
    return ended_by;
  }

  // nullopt: granted.
  std::optional<int> Acquire() {
    Acquirer acquirer(arguments_.endpoints,
                      AcquireSpec{spec_.kind, spec_.name, session_, spec_.value, spec_.wait_ms,
                                  arguments_.timeout_ms},
                      context_->clock);
    acquirer.Start();
    while (true) {
      const std::array<int, 3> fds = {acquirer.done_fd(), keeper_->ended_fd(), signal_fd_};
      const int ready = WaitForAny(fds, LeftUntil(keeper_->certain_until_ms()));
      if (ready == 0) return ExitOf(acquirer.outcome());
      if (ready == 1 || NowMs() >= keeper_->certain_until_ms()) {
        Say("the session ended while waiting");
        return kExitUnavailable;
      }
      const std::optional<ReceivedSignal> signal = ReadSignal(signal_fd_);
      if (signal && AsksToEnd(signal->number)) return kExitSignalBase + signal->number;
    }
  }

  std::optional<int> ExitOf(const AcquireOutcome& outcome) {
    if (const auto* granted = std::get_if<Granted>(&outcome)) {
      token_ = granted->token;
      return std::nullopt;
    }
    if (const auto* refused = std::get_if<Refused>(&outcome)) {
      return Fail(arguments_, refused->response, context_);
    }
    if (const auto* unanswered = std::get_if<Unanswered>(&outcome)) {
      return Fail(arguments_, unanswered->status, context_);
    }
    Say("\"" + spec_.name + "\" was not free within the time");
    return kExitWaitTimedOut;
  }

  // When the command must be asked to end, so that it is gone when the session may be.
  int64_t StopAtMs() const { return keeper_->certain_until_ms() - spec_.grace_ms; }

  int HoldUntilSignal() {
    if (arguments_.output == OutputFormat::kJson) {
      const nlohmann::json held = {
          {KindName(), spec_.name}, {"token", token_}, {"session", session_}};
      *context_->out << held.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    } else {
      *context_->out << token_ << "\n";
    }
    context_->out->flush();
    while (true) {
      const std::array<int, 2> fds = {keeper_->ended_fd(), signal_fd_};
      const int ready = WaitForAny(fds, LeftUntil(keeper_->certain_until_ms()));
      if (ready == 0 || NowMs() >= keeper_->certain_until_ms()) return Lost();
      const std::optional<ReceivedSignal> signal = ReadSignal(signal_fd_);
      if (signal && AsksToEnd(signal->number)) return kExitOk;
    }
  }

  int RunCommand() {
    if (NowMs() >= StopAtMs()) return Lost();
    ChildProcess::Options options;
    options.file = file_;
    options.arguments = spec_.command;
    options.environment = context_->environment;
    options.environment["BATON_FENCING_TOKEN"] = std::to_string(token_);
    options.environment["BATON_SESSION"] = session_;
    options.environment[spec_.kind == HoldKind::kLock ? "BATON_LOCK_NAME" : "BATON_ELECTION_NAME"] =
        spec_.name;
    options.own_group = isatty(STDIN_FILENO) == 0;
    Result<std::unique_ptr<ChildProcess>> child = ChildProcess::Start(options);
    if (!child.ok()) {
      Say(child.status().message());
      return kExitCannotExecute;
    }
    return Watch(child->get());
  }

  int Watch(ChildProcess* child) {
    while (true) {
      const std::array<int, 3> fds = {child->ended_fd(), keeper_->ended_fd(), signal_fd_};
      const int ready = WaitForAny(fds, LeftUntil(StopAtMs()));
      if (ready == 0) return child->Reap().value_or(kExitCannotExecute);
      if (ready == 1 || NowMs() >= StopAtMs()) {
        StopCommand(child);
        return Lost();
      }
      const std::optional<ReceivedSignal> signal = ReadSignal(signal_fd_);
      // What the terminal sent, it sent to the command as well when they share a group.
      if (signal && (child->own_group() || !signal->from_terminal)) child->Signal(signal->number);
    }
  }

  void StopCommand(ChildProcess* child) {
    const int64_t kill_at_ms = NowMs() + spec_.grace_ms;
    child->Signal(SIGTERM);
    const int ended_fd = child->ended_fd();
    while (NowMs() < kill_at_ms && WaitForAny({&ended_fd, 1}, LeftUntil(kill_at_ms)) < 0) {
    }
    child->Signal(SIGKILL);  // also those of its group that are left
    while (!child->Reap()) WaitForAny({&ended_fd, 1}, -1);
  }

  int Lost() {
    lost_ = true;
    Say(std::string(spec_.kind == HoldKind::kLock ? "the lock" : "the leadership") + " \"" +
        spec_.name + "\" was lost: the session could not be kept alive");
    return kExitLockLost;
  }

  // Gives everything back, as far as the nodes answer; the TTL does the rest. Did it go through?
  bool CleanUp() {
    keeper_->Stop();
    bool given_back = true;
    if (token_ != 0 && !lost_) {
      const std::string target = QueuePath(spec_.kind, spec_.name) +
                                 (spec_.kind == HoldKind::kLock ? "/release" : "/resign");
      const ApiRequest release =
          JsonRequest("POST", target, {{"session", session_}, {"token", token_}});
      given_back = DoneOrWarned("give it back", api_.Call(release, kCleanUpTimeoutMs));
    }
    ApiRequest destroy;
    destroy.method = "DELETE";
    destroy.target = "/v1/sessions/" + session_;
    const Result<ApiResponse> destroyed = api_.Call(destroy, kCleanUpTimeoutMs);
    return lost_ || (DoneOrWarned("end the session", destroyed) && given_back);
  }

  bool DoneOrWarned(const std::string& what, const Result<ApiResponse>& response) {
    if (response.ok() && response->ok()) return true;
    const std::string why = !response.ok() ? response.status().message()
                                           : "answered " + std::to_string(response->status) + " " +
                                                 ParseProblem(*response).code;
    Say("could not " + what + " (" + why + "); it ends with its TTL");
    return false;
  }

  void Say(const std::string& what) {
    *context_->err << "batonctl: " << cli::Printable(what) << "\n";
  }
  const char* KindName() const { return spec_.kind == HoldKind::kLock ? "lock" : "election"; }
  int64_t NowMs() const { return context_->clock->MonotonicMs(); }
  int64_t LeftUntil(int64_t at_ms) const { return std::max<int64_t>(at_ms - NowMs(), 0); }

  const Arguments& arguments_;
  const HoldSpec& spec_;
  Context* const context_;
  ApiClient api_;
  const int signal_fd_;
  std::string file_;  // of the command
  std::string session_;
  std::unique_ptr<SessionKeeper> keeper_;
  uint64_t token_ = 0;
  bool lost_ = false;
};

}  // namespace

int RunHold(const Arguments& arguments, const HoldSpec& spec, Context* context) {
  return Hold(arguments, spec, context).Run();
}

}  // namespace baton::batonctl
