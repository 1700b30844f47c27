#include <csignal>
#include <utility>

#include "test/bench/etcd/commands.h"
#include "test/bench/etcd/side.h"

namespace baton::bench {
namespace {

using integration::Process;

// The driver's writers, in a process of their own.
class EtcdWriters final : public Writers {
 public:
  EtcdWriters(const std::vector<std::string>& command, double seconds)
      : output_(directory_.path() + "/output"),
        process_(Process::Start(command, output_)),
        timeout_ms_(static_cast<int64_t>(seconds * 1000) + 30'000) {}

  Status WaitUntilWriting() {
    const bool writing = integration::WaitUntil(timeout_ms_, [&] {
      return integration::ReadFile(output_).find("writing\n") != std::string::npos;
    });
    if (writing) return Status::Ok();
    return Status(Code::kUnavailable, "no writers: " + integration::ReadFile(output_));
  }

  Result<double> LongestGapMs() override {
    const std::optional<int> exit_code = process_.Wait(timeout_ms_);
    const std::string text = integration::ReadFile(output_);
    if (exit_code != 0) return Status(Code::kUnavailable, "writers: " + text);
    const Result<LoadReport> report = ParseLoadReport(text, "gap");
    if (!report.ok()) return report.status();
    return report->max_us / 1000;
  }

 private:
  integration::TemporaryDirectory directory_;
  std::string output_;
  Process process_;
  int64_t timeout_ms_;
};

// What both sides of etcd share: its members.
class EtcdMembers : public Side {
 public:
  explicit EtcdMembers(EtcdCluster* cluster) : cluster_(cluster) {}

  int size() const override { return cluster_->size(); }
  std::string url(int member) const override { return cluster_->client_url(member); }
  Process& process(int member) override { return cluster_->process(member); }
  void Start(int member) override { cluster_->Start(member); }
  bool WaitUntilReady(int64_t timeout_ms) override { return cluster_->WaitUntilReady(timeout_ms); }
  int WaitForLeader(int64_t timeout_ms) override { return cluster_->WaitForLeader(timeout_ms); }

 private:
  EtcdCluster* cluster_;
};

class EtcdSide final : public EtcdMembers {
 public:
  EtcdSide(EtcdCluster* cluster, std::string driver)
      : EtcdMembers(cluster), driver_(std::move(driver)) {}

  Result<LoadReport> Run(const Load& load) override {
    const Result<std::vector<std::string>> urls = UrlsFor(load, this);
    if (!urls.ok()) return urls.status();
    return RunLoad(DriverCommand(driver_, *urls, load), load.latency, TimeoutMs(load));
  }
  Result<std::unique_ptr<Writers>> StartWriters(int without, double seconds) override {
    const std::vector<std::string> urls = UrlsWithout(without, *this);
    auto writers = std::make_unique<EtcdWriters>(
        std::vector<std::string>{driver_, "gap", "--endpoints=" + Joined(urls),
                                 "--clients=" + std::to_string(Writers::kCount),
                                 "--connections=" + std::to_string(urls.size()),
                                 "--duration=" + Seconds(seconds)},
        seconds);
    BATON_RETURN_IF_ERROR(writers->WaitUntilWriting());
    return std::unique_ptr<Writers>(std::move(writers));
  }

 private:
  std::string driver_;
};

class GatewaySide final : public EtcdMembers {
 public:
  GatewaySide(EtcdCluster* cluster, std::string load_program)
      : EtcdMembers(cluster), load_program_(std::move(load_program)) {}

  Result<LoadReport> Run(const Load& load) override {
    const Result<std::vector<std::string>> urls = UrlsFor(load, this);
    if (!urls.ok()) return urls.status();
    return RunLoad(BatonctlCommand(load_program_, "etcd-gateway", *urls, load), load.latency,
                   TimeoutMs(load));
  }
  Result<std::unique_ptr<Writers>> StartWriters(int, double) override {
    return Status(Code::kUnimplemented, "not over the gateway");
  }

 private:
  std::string load_program_;
};

}  // namespace

std::unique_ptr<Side> MakeEtcdSide(EtcdCluster* cluster, std::string driver) {
  return std::make_unique<EtcdSide>(cluster, std::move(driver));
}

std::unique_ptr<Side> MakeGatewaySide(EtcdCluster* cluster, std::string load_program) {
  return std::make_unique<GatewaySide>(cluster, std::move(load_program));
}

}  // namespace baton::bench
