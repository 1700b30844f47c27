#include <utility>

#include "test/bench/etcd/baton_writers.h"
#include "test/bench/etcd/commands.h"
#include "test/bench/etcd/side.h"

namespace baton::bench {
namespace {

class BatonSide final : public Side {
 public:
  BatonSide(integration::Cluster* cluster, std::string load_program)
      : cluster_(cluster), load_program_(std::move(load_program)) {}

  Result<LoadReport> Run(const Load& load) override {
    const Result<std::vector<std::string>> urls = UrlsFor(load, this);
    if (!urls.ok()) return urls.status();
    return RunLoad(BatonctlCommand(load_program_, "baton", *urls, load), load.latency,
                   TimeoutMs(load));
  }
  Result<std::unique_ptr<Writers>> StartWriters(int without, double seconds) override {
    return StartBatonWriters(UrlsWithout(without, *this), seconds);
  }

  int size() const override { return cluster_->size(); }
  std::string url(int member) const override { return cluster_->client_url(member); }
  integration::Process& process(int member) override { return cluster_->process(member); }
  void Start(int member) override { cluster_->Start(member); }
  bool WaitUntilReady(int64_t timeout_ms) override {
    for (int i = 0; i < size(); ++i) {
      if (!cluster_->WaitUntilReady(i, timeout_ms)) return false;
    }
    return true;
  }
  int WaitForLeader(int64_t timeout_ms) override { return cluster_->WaitForLeader(timeout_ms); }

 private:
  integration::Cluster* cluster_;
  std::string load_program_;
};

}  // namespace

std::unique_ptr<Side> MakeBatonSide(integration::Cluster* cluster, std::string load_program) {
  return std::make_unique<BatonSide>(cluster, std::move(load_program));
}

}  // namespace baton::bench
