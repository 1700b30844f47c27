#include "pkg/metrics/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "pkg/metrics/families.h"
#include "pkg/metrics/family.h"

namespace baton::metrics {
namespace {

// Of one view, so that all families of a scrape say the same.
MemberName MemberNames(const MetricsSource& source,
                       const std::shared_ptr<const node::StatusView>& status) {
  if (source.member_name == nullptr || status == nullptr) {
    return [](NodeId id) { return std::to_string(id.value()); };
  }
  return [name = source.member_name, status](NodeId id) { return name(*status, id); };
}

FamilyList CollectFamilies(const MetricsSource& source) {
  FamilyList list;
  std::string local_id;
  uint64_t disk_free_bytes = 0;
  if (!source.version.empty()) {
    AddBuildFamily(source.version, &list);
    AddEtcdBuildFamily(source.version, &list);
  }
  const std::shared_ptr<const node::StatusView> status = source.status ? source.status() : nullptr;
  const MemberName member_name = MemberNames(source, status);
  if (status != nullptr) AddStandingFamily(status->standing, &list);
  // Who is no member has no term, commit index or state to speak of.
  if (status != nullptr && node::IsMember(status->standing)) {
    AddStatusFamilies(*status, member_name, &list);
    AddEtcdStatusFamilies(*status, &list);
    AddSnapshotStatusFamilies(*status, &list);
    AddWatchFamilies(*status, &list);
    local_id = EtcdMemberId(status->raft.id);
    disk_free_bytes = status->disk.free_bytes;
  }
  if (source.node != nullptr) {
    AddNodeFamilies(*source.node, &list);
    AddEtcdNodeFamilies(*source.node, &list);
    AddSnapshotNodeFamilies(*source.node, &list);
    AddAppliedFamilies(source.node->applied, &list);
    AddWaitFamilies(*source.node, &list);
  }
  for (const ListenerSource& listener : source.listeners) {
    const http::ServerStats stats = listener.stats();
    AddListenerFamilies(listener.name, stats, &list);
    if (listener.name == "client") AddGrpcFamilies(stats, &list);
    if (listener.name == "ops") AddHealthFamilies(stats, &list);
  }
  if (source.peers) {
    const std::vector<http::PeerStats> peers = source.peers();
    AddPeerFamilies(peers, member_name, &list);
    AddEtcdPeerFamilies(local_id, peers, &list);
    AddSnapshotPeerFamilies(peers, member_name, &list);
  }
  for (const DatabaseSource& database : source.databases) {
    const storage::DatabaseFacts facts = database.facts();
    AddDatabaseFamilies(database.name, facts, &list);
    if (database.name == "state") AddEtcdDatabaseFamilies(facts, disk_free_bytes, &list);
  }
  if (source.backups != nullptr) AddBackupFamilies(*source.backups, &list);
  if (source.threads) AddThreadFamilies(source.threads(), &list);
  if (source.process) AddProcessFamilies(source.process(), &list);
  return list;
}

prometheus::MetricType TypeOf(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return prometheus::MetricType::Counter;
    case FamilyType::kGauge:
      return prometheus::MetricType::Gauge;
    case FamilyType::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric Translate(const Sample& sample) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
  metric.counter.value = sample.value;
  metric.gauge.value = sample.value;
  metric.histogram.sample_count = sample.histogram.total;
  metric.histogram.sample_sum = sample.histogram.sum_seconds;
  for (const HistogramSample::Bucket& bucket : sample.histogram.buckets) {
    metric.histogram.bucket.push_back({bucket.cumulative, bucket.upper_bound_seconds});
  }
  return metric;
}

prometheus::MetricFamily Translate(const Family& family) {
  prometheus::MetricFamily translated;
  translated.name = family.name;
  translated.help = family.help;
  translated.type = TypeOf(family.type);
  for (const Sample& sample : family.samples) translated.metric.push_back(Translate(sample));
  return translated;
}

// The node as prometheus-cpp sees it: nothing is kept between scrapes.
class NodeCollectable final : public prometheus::Collectable {
 public:
  // The source must outlive the collectable.
  explicit NodeCollectable(const MetricsSource* source) : source_(source) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> families;
    const FamilyList list = CollectFamilies(*source_);
    families.reserve(list.families().size());
    for (const Family& family : list.families()) families.push_back(Translate(family));
    return families;
  }

 private:
  const MetricsSource* source_;
};

}  // namespace

std::string RenderMetrics(const MetricsSource& source) {
  const prometheus::TextSerializer serializer;
  return serializer.Serialize(NodeCollectable(&source).Collect());
}

}  // namespace baton::metrics
