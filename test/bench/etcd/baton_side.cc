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
    return RunLoad(BatonctlCommand(load_program_, "baton", Urls(-1), load), load.latency,
                   TimeoutMs(load));
  }
  Result<std::unique_ptr<Writers>> StartWriters(int without, double seconds) override {
    return StartBatonWriters(Urls(without), seconds);
  }

  int size() const override { return cluster_->size(); }
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
  std::vector<std::string> Urls(int without) const {
    std::vector<std::string> urls;
    for (int i = 0; i < size(); ++i) {
      if (i != without) urls.push_back(cluster_->client_url(i));
    }
    return urls;
  }

  integration::Cluster* cluster_;
  std::string load_program_;
};

}  // namespace

std::unique_ptr<Side> MakeBatonSide(integration::Cluster* cluster, std::string load_program) {
  return std::make_unique<BatonSide>(cluster, std::move(load_program));
}

}  // namespace baton::bench
