// What a member keeps in memory: idle, with a million keys of 256 bytes, and for each session, each
// connection, each watch and each waiting lock. Three real processes on loopback, default settings;
// each row in a cluster of its own, because memory that one row has freed would be used by the
// next. "For each" is the difference that so many of them make, after some thousand writes that
// have filled LevelDB's buffers. Medians of the members and of the rounds.
//
// Resident is what the system says the process has in memory; own is that without the pages of
// files, which are the program and LevelDB's tables, and which the system may drop at any time.
//
// Not 0: an idle member has more than 40 MiB resident.
#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "pkg/base/check.h"
#include "test/bench/comparison.h"
#include "test/bench/load_points.h"
#include "test/bench/metrics_text.h"
#include "test/bench/options.h"
#include "test/bench/table.h"
#include "test/integration/raw_socket.h"

namespace baton::bench {
namespace {

using integration::Cluster;
using integration::RawSocket;

constexpr char kUsage[] =
    "usage: memory [--only=idle,keys,sessions,connections,watches,waits] [--rounds=N]\n"
    "              [--output=FILE] [--quick]\n"
    "  --rounds  of each row but that of the keys, which has one, 1 to 100 (3)\n"
    "  --output  where the JSON goes\n"
    "  --quick   few of everything: whether it works, not how much\n";

constexpr double kMib = 1 << 20;
constexpr double kIdleMibMax = 40;
constexpr int64_t kAnswerTimeoutMs = 60'000;
constexpr size_t kSessionMakers = 8;
constexpr size_t kSocketsPerAddress = 1500;  // of the 2,000 that a node takes

// How many of what.
struct Counts {
  uint64_t keys = 1'000'000;
  uint64_t sessions = 50'000;
  uint64_t sockets = 5'000;    // connections, watches, waiting locks
  uint64_t warm_up = 100'000;  // writes
  int calm_ms = 2000;          // for what LevelDB does in the background
};
constexpr Counts kQuick = {
    .keys = 200, .sessions = 20, .sockets = 20, .warm_up = 100, .calm_ms = 50};

struct Bytes {
  double resident = 0;
  double own = 0;
};

Bytes BytesOf(const integration::Process& process) {
  std::ifstream status("/proc/" + std::to_string(process.pid()) + "/status");
  std::string word;
  double own_kib = 0;
  while (status >> word) {
    if (word == "RssAnon:") status >> own_kib;
  }
  return {static_cast<double>(process.ResidentBytes()), own_kib * 1024};
}

void Calm(const Counts& counts) { poll(nullptr, 0, counts.calm_ms); }

void AwaitMetric(const std::string& ops_url, const std::string& name, double value) {
  CHECK(integration::WaitUntil(kAnswerTimeoutMs,
                               [&] { return SumOfSamples(ReadMetrics(ops_url), name) == value; }))
      << name << " of " << value;
}

void WarmUp(Cluster* cluster, const Counts& counts) {
  KeyLoad writes;
  writes.total = counts.warm_up;
  const Result<LoadPoint> done = RunKeyLoad(ClientUrls(cluster), writes);
  CHECK(done.ok()) << done.status().ToString();
  Calm(counts);
}

// Connections to node 0, from several addresses of the loopback, as from several machines.
std::vector<RawSocket> Connect(Cluster* cluster, size_t count) {
  std::vector<RawSocket> sockets;
  for (size_t i = 0; i < count; ++i) {
    const std::string source = "127.0.0." + std::to_string(2 + i / kSocketsPerAddress);
    sockets.emplace_back(cluster->client_url(0), source);
  }
  return sockets;
}

// Of a client of its own, one after the other.
std::vector<std::string> MakeSessionsAlone(const std::string& url, size_t count) {
  auto client = http::Client::Create(url, {});
  CHECK(client.ok());
  std::vector<std::string> ids;
  for (size_t i = 0; i < count; ++i) {
    const auto made = (*client)->Send(
        {.method = "POST", .target = "/v1/sessions", .headers = {}, .body = R"({"ttl":"1h"})"});
    CHECK(made.ok()) << made.status().ToString();
    ids.push_back(nlohmann::json::parse(made->body).at("id"));
  }
  return ids;
}

// They outlive the connections that they were made over. Few of those, whose memory is not theirs.
std::vector<std::string> MakeSessions(Cluster* cluster, size_t count) {
  std::vector<std::future<std::vector<std::string>>> clients;
  for (size_t i = 0; i < kSessionMakers; ++i) {
    const size_t share = count / kSessionMakers + (i < count % kSessionMakers ? 1 : 0);
    clients.push_back(
        std::async(std::launch::async, MakeSessionsAlone, cluster->client_url(0), share));
  }
  std::vector<std::string> ids;
  for (auto& client : clients) {
    for (std::string& id : client.get()) ids.push_back(std::move(id));
  }
  return ids;
}

std::string PostOf(const std::string& target, const std::string& body) {
  return "POST " + target +
         " HTTP/1.1\r\nHost: memory\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

// What is made in a cluster, and is there until the value returned goes.
using Kept = std::shared_ptr<void>;

Kept KeepSockets(std::vector<RawSocket> sockets) {
  return std::make_shared<std::vector<RawSocket>>(std::move(sockets));
}

Kept MakeIdleSessions(Cluster* cluster, const Counts& counts) {
  (void)MakeSessions(cluster, counts.sessions);
  for (int i = 0; i < cluster->size(); ++i) {  // followers are behind
    AwaitMetric(cluster->ops_url(i), "baton_sessions", static_cast<double>(counts.sessions));
  }
  return nullptr;
}

Kept MakeConnections(Cluster* cluster, const Counts& counts) {
  std::vector<RawSocket> sockets = Connect(cluster, counts.sockets);
  for (RawSocket& socket : sockets) {  // one answer each, as a connection that is used
    CHECK(socket.Send("GET /v1/kv/none HTTP/1.1\r\nHost: memory\r\n\r\n"));
    CHECK(socket.ReadUntil("\r\n\r\n", kAnswerTimeoutMs).starts_with("HTTP/1.1 404"));
  }
  return KeepSockets(std::move(sockets));
}

Kept MakeWatches(Cluster* cluster, const Counts& counts) {
  std::vector<RawSocket> sockets = Connect(cluster, counts.sockets);
  for (RawSocket& socket : sockets) {
    CHECK(socket.Send("GET /v1/watch?prefix=watched/ HTTP/1.1\r\nHost: memory\r\n\r\n"));
    CHECK(socket.ReadUntil("\r\n\r\n", kAnswerTimeoutMs).starts_with("HTTP/1.1 200"));
  }
  AwaitMetric(cluster->ops_url(0), "baton_watches", static_cast<double>(counts.sockets));
  return KeepSockets(std::move(sockets));
}

// One more session than waits: the holder. They are there before the waits are measured.
std::vector<std::string> HoldOneLock(Cluster* cluster, const Counts& counts) {
  std::vector<std::string> sessions = MakeSessions(cluster, counts.sockets + 1);
  const auto held = integration::Request(cluster->client_url(0), "POST", "/v1/locks/one/acquire",
                                         "{\"session\":\"" + sessions.back() + "\"}");
  CHECK(held.ok() && held->status == 200);
  sessions.pop_back();
  return sessions;
}

Kept MakeWaits(Cluster* cluster, const std::vector<std::string>& sessions) {
  std::vector<RawSocket> sockets = Connect(cluster, sessions.size());
  for (size_t i = 0; i < sessions.size(); ++i) {
    CHECK(sockets[i].Send(
        PostOf("/v1/locks/one/acquire", "{\"session\":\"" + sessions[i] + "\",\"wait\":\"1h\"}")));
  }
  AwaitMetric(cluster->ops_url(0), "baton_waits", static_cast<double>(sessions.size()));
  return KeepSockets(std::move(sockets));
}

// A row of the table.
struct Row {
  std::string what;
  uint64_t count = 0;  // 0: of a whole member
  Bytes bytes;         // of a member, or of one thing
};

Bytes MedianOf(const std::vector<Bytes>& all) {
  std::vector<double> resident, own;
  for (const Bytes& one : all) {
    resident.push_back(one.resident);
    own.push_back(one.own);
  }
  return {Median(resident), Median(own)};
}

std::vector<Bytes> BytesOfMembers(Cluster* cluster) {
  std::vector<Bytes> all;
  for (int i = 0; i < cluster->size(); ++i) all.push_back(BytesOf(cluster->process(i)));
  return all;
}

class Memory {
 public:
  explicit Memory(const Options& options)
      : options_(options), counts_(options.quick ? kQuick : Counts()) {}

  void Run() {
    if (options_.Wants("idle")) MeasureIdle();
    if (options_.Wants("keys")) MeasureKeys();
    MeasureEach("sessions", "a session", counts_.sessions, /*members=*/3, [this](Cluster* cluster) {
      return [this, cluster] { return MakeIdleSessions(cluster, counts_); };
    });
    MeasureEach("connections", "a connection", counts_.sockets, 1, [this](Cluster* cluster) {
      return [this, cluster] { return MakeConnections(cluster, counts_); };
    });
    MeasureEach("watches", "a watch, with its connection", counts_.sockets, 1,
                [this](Cluster* cluster) {
                  return [this, cluster] { return MakeWatches(cluster, counts_); };
                });
    MeasureEach("waits", "a waiting lock, with its connection", counts_.sockets, 1,
                [this](Cluster* cluster) {
                  const auto sessions = HoldOneLock(cluster, counts_);
                  return [cluster, sessions] { return MakeWaits(cluster, sessions); };
                });
  }

  const std::vector<Row>& rows() const { return rows_; }
  double idle_mib_max() const { return idle_mib_max_; }

 private:
  void MeasureIdle() {
    std::vector<Bytes> all;
    for (int round = 0; round < options_.rounds; ++round) {
      Say("an idle member", round);
      const auto cluster = StartReadyCluster({});
      CHECK(integration::Request(cluster->client_url(0), "PUT", "/v1/kv/a", "1").ok());
      Calm(counts_);
      for (const Bytes& one : BytesOfMembers(cluster.get())) {
        all.push_back(one);
        idle_mib_max_ = std::max(idle_mib_max_, one.resident / kMib);
      }
    }
    rows_.push_back({"a member, idle", 0, MedianOf(all)});
  }

  void MeasureKeys() {
    const std::string what =
        "a member, with " + std::to_string(counts_.keys) + " keys of 256 bytes";
    std::fprintf(stderr, "%s\n", what.c_str());
    const auto cluster = StartReadyCluster({});
    KeyLoad fill{.bench = load::Bench::kGet, .keys = counts_.keys};  // writes them, then reads
    fill.seconds = options_.quick ? 0.3 : 5;
    const Result<LoadPoint> filled = RunKeyLoad(ClientUrls(cluster.get()), fill);
    CHECK(filled.ok()) << filled.status().ToString();
    Calm(counts_);
    rows_.push_back({what, 0, MedianOf(BytesOfMembers(cluster.get()))});
  }

  // `prepare` gets a cluster that is warm and gives what makes the things, which is what counts.
  // `members`: so many of them keep them, from the first.
  void MeasureEach(const char* name, const char* what, uint64_t count, int members,
                   const std::function<std::function<Kept()>(Cluster*)>& prepare) {
    if (!options_.Wants(name)) return;
    std::vector<Bytes> all;
    for (int round = 0; round < options_.rounds; ++round) {
      Say(what, round);
      const auto cluster = StartReadyCluster({});
      const std::function<Kept()> make = prepare(cluster.get());
      WarmUp(cluster.get(), counts_);
      const std::vector<Bytes> before = BytesOfMembers(cluster.get());
      const Kept kept = make();
      Calm(counts_);
      const std::vector<Bytes> after = BytesOfMembers(cluster.get());
      for (size_t i = 0; i < static_cast<size_t>(members); ++i) {
        const auto each = [&](double from, double to) {
          return (to - from) / static_cast<double>(count);
        };
        all.push_back(
            {each(before[i].resident, after[i].resident), each(before[i].own, after[i].own)});
      }
    }
    rows_.push_back({what, count, MedianOf(all)});
  }

  void Say(const char* what, int round) const {
    std::fprintf(stderr, "%s: round %d of %d\n", what, round + 1, options_.rounds);
  }

  const Options options_;
  const Counts counts_;
  std::vector<Row> rows_;
  double idle_mib_max_ = 0;
};

std::string SizeText(const Row& row, double bytes) {
  return row.count == 0 ? ThreeDigits(bytes / kMib) + " MiB" : ThreeDigits(bytes / 1024) + " KiB";
}

std::string TableOf(const std::vector<Row>& rows) {
  std::vector<std::vector<std::string>> cells;
  for (const Row& row : rows) {
    cells.push_back({row.what, SizeText(row, row.bytes.resident), SizeText(row, row.bytes.own),
                     row.count == 0 ? "" : std::to_string(row.count)});
  }
  return MarkdownTable({{"of", false}, {"resident", true}, {"own", true}, {"measured with", true}},
                       cells);
}

// A list of {what, count, resident_bytes, own_bytes}; count 0: of a whole member.
std::string JsonOf(const std::vector<Row>& rows) {
  std::string text = "[";
  for (const Row& row : rows) {
    const nlohmann::ordered_json line = {{"what", row.what},
                                         {"count", row.count},
                                         {"resident_bytes", row.bytes.resident},
                                         {"own_bytes", row.bytes.own}};
    text += (text.size() == 1 ? "\n" : ",\n") + line.dump();
  }
  return text + "\n]\n";
}

int Main(const Options& given) {
  Options options = given;
  if (options.quick) options.rounds = 1;
  integration::RaiseFileLimit();
  Memory memory(options);
  memory.Run();
  if (memory.rows().empty()) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  std::fputs(TableOf(memory.rows()).c_str(), stdout);
  // A quick one runs in tests, whose builds may be of any size.
  const bool small = options.quick || memory.idle_mib_max() < kIdleMibMax;
  std::printf("largest idle member: %.1f MiB resident; promised: under %.0f MiB\n",
              memory.idle_mib_max(), kIdleMibMax);
  return WriteOutputs(options, JsonOf(memory.rows()), "") && small ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  return baton::bench::RunProgram(argc, argv, {"only", "rounds", "output", "quick"},
                                  baton::bench::kUsage, {}, baton::bench::Main);
}
