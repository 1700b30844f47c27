// What this machine can do at most, and how far from it three nodes are. Printed as tables:
//
//   limits    appended and synced writes of a file in the directory where the nodes of the
//             benchmarks keep their data; round trips over one connection of the loopback; requests
//             answered by a server that does nothing (//test/bench:echo_server), asked by the load
//             generator that asks the nodes
//   distance  writes of three nodes with the same clients, beside these
//
// --output says where the JSON goes. Not 0: something could not be measured.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/base/system_clock.h"
#include "test/bench/comparison.h"
#include "test/bench/load_points.h"
#include "test/bench/metrics_text.h"
#include "test/bench/options.h"
#include "test/bench/table.h"

namespace baton::bench {
namespace {

constexpr char kUsage[] =
    "usage: machine [--seconds=S] [--rounds=N] [--output=FILE] [--quick]\n"
    "  --seconds  of each measure, 0.1 to 600 (5)\n"
    "  --rounds   of each measure, whose medians are printed, 1 to 100 (3)\n"
    "  --output   where the JSON goes\n"
    "  --quick    short: whether it works, not how fast\n";

constexpr size_t kMessageBytes = 512;  // about a put of 256 bytes, with its head
constexpr uint64_t kClients[] = {1, 64, 256};

// So often a second, and how long one took in the mean.
struct Speed {
  double per_s = 0;
  double mean_us = 0;
};

Speed SpeedOf(uint64_t times, int64_t us) {
  const auto count = static_cast<double>(times);
  const auto all_us = static_cast<double>(us);
  return {count / all_us * 1e6, all_us / count};
}

// Calls `once` for so long.
template <typename Once>
Speed Repeat(double seconds, const Once& once) {
  const SystemClock clock;
  const int64_t begun_us = clock.MonotonicUs();
  const int64_t end_us = begun_us + static_cast<int64_t>(seconds * 1e6);
  uint64_t times = 0;
  int64_t now_us = begun_us;
  do {
    once();
    ++times;
    now_us = clock.MonotonicUs();
  } while (now_us < end_us);
  return SpeedOf(times, now_us - begun_us);
}

// write() at the end of a file, then fdatasync().
Speed SyncedWrites(size_t bytes, double seconds) {
  const integration::TemporaryDirectory directory;
  const std::string path = directory.path() + "/log";
  const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  CHECK_GE(file, 0) << path;
  const std::string block(bytes, 'x');
  const Speed speed = Repeat(seconds, [&] {
    CHECK_EQ(write(file, block.data(), block.size()), static_cast<ssize_t>(block.size()));
    CHECK_EQ(fdatasync(file), 0);
  });
  close(file);
  return speed;
}

void SendAll(int to, const std::string& message) {
  CHECK_EQ(send(to, message.data(), message.size(), MSG_NOSIGNAL),
           static_cast<ssize_t>(message.size()));
}

// False: the other side has closed.
bool ReceiveAll(int from, std::string* message) {
  return recv(from, message->data(), message->size(), MSG_WAITALL) ==
         static_cast<ssize_t>(message->size());
}

// Two ends of a connection of the loopback.
std::pair<int, int> ConnectedPair() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  CHECK_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  CHECK_EQ(listen(listener, 1), 0);
  CHECK_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const int asks = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK_EQ(connect(asks, reinterpret_cast<sockaddr*>(&address), size), 0);
  const int answers = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  CHECK_GE(answers, 0);
  close(listener);
  const int on = 1;
  for (const int end : {asks, answers}) {
    CHECK_EQ(setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
  }
  return {asks, answers};
}

// A message to another thread and back, which is two wake-ups.
Speed RoundTrips(double seconds) {
  const auto [asks, answers] = ConnectedPair();
  std::thread other([end = answers] {
    std::string message(kMessageBytes, ' ');
    while (ReceiveAll(end, &message)) SendAll(end, message);
  });
  std::string message(kMessageBytes, 'x');
  const Speed speed = Repeat(seconds, [&] {
    SendAll(asks, message);
    CHECK(ReceiveAll(asks, &message));
  });
  close(asks);
  other.join();
  close(answers);
  return speed;
}

KeyLoad PutsOf(uint64_t clients, double seconds) {
  KeyLoad puts;
  puts.clients = clients;
  puts.seconds = seconds;
  return puts;
}

LoadPoint MustRun(const std::vector<std::string>& urls, const KeyLoad& wanted) {
  const Result<LoadPoint> point = RunKeyLoad(urls, wanted);
  CHECK(point.ok()) << point.status().ToString();
  CHECK_EQ(point->errors, 0U) << point->first_error;
  return *point;
}

// The server that does nothing, as long as this object lives.
class Echo {
 public:
  explicit Echo(double seconds) {
    const uint16_t port = integration::FreePorts(1).front();
    url_ = "http://127.0.0.1:" + std::to_string(port);
    process_ = integration::Process::Start(
        {integration::ProgramPath("test/bench/echo_server"), std::to_string(port),
         std::to_string(static_cast<int>(seconds) + kSpareSeconds)},
        directory_.path() + "/output");
    CHECK(integration::WaitUntil(kReadyTimeoutMs, [this] {
      const auto answer = integration::Request(url_, "GET", "/");
      return answer.ok() && answer->status == 200;
    }));
  }
  std::vector<std::string> urls() const { return {url_}; }

 private:
  static constexpr int kSpareSeconds = 60;

  integration::TemporaryDirectory directory_;
  std::string url_;
  integration::Process process_;
};

// Writes of three nodes, and what the leader's disk did for them.
struct Distance {
  uint64_t clients = 0;
  double puts_per_s = 0, put_mean_us = 0;
  double echoes_per_s = 0, echo_mean_us = 0;
  double syncs_per_s = 0;  // of the leader's log
  double sync_mean_us = 0;
};

Distance MeasureDistance(integration::Cluster* cluster, const Echo& echo, uint64_t clients,
                         double seconds) {
  Distance distance;
  distance.clients = clients;
  const LoadPoint echoes = MustRun(echo.urls(), PutsOf(clients, seconds));
  distance.echoes_per_s = echoes.rate_per_s;
  distance.echo_mean_us = echoes.mean_us;
  const int leader = cluster->WaitForLeader(kReadyTimeoutMs);
  CHECK_GE(leader, 0);
  const std::string name = "baton_disk_log_sync_duration_seconds";
  const HistogramTotals before = TotalsOfHistogram(ReadMetrics(cluster->ops_url(leader)), name);
  const LoadPoint puts = MustRun({cluster->client_url(leader)}, PutsOf(clients, seconds));
  const HistogramTotals syncs =
      TotalsOfHistogram(ReadMetrics(cluster->ops_url(leader)), name) - before;
  distance.puts_per_s = puts.rate_per_s;
  distance.put_mean_us = puts.mean_us;
  if (syncs.count == 0) return distance;
  distance.syncs_per_s = puts.rate_per_s * syncs.count / static_cast<double>(puts.operations);
  distance.sync_mean_us = syncs.seconds / syncs.count * 1e6;
  return distance;
}

// One of the limits, in all rounds.
struct Limit {
  std::string what;
  std::vector<Speed> rounds;
};

Speed MedianOf(const std::vector<Speed>& rounds) {
  std::vector<double> rates, times;
  for (const Speed& round : rounds) {
    rates.push_back(round.per_s);
    times.push_back(round.mean_us);
  }
  return {Median(rates), Median(times)};
}

Distance MedianOf(const std::vector<Distance>& rounds) {
  Distance median;
  median.clients = rounds.front().clients;
  for (double Distance::*field :
       {&Distance::puts_per_s, &Distance::put_mean_us, &Distance::echoes_per_s,
        &Distance::echo_mean_us, &Distance::syncs_per_s, &Distance::sync_mean_us}) {
    std::vector<double> values;
    for (const Distance& round : rounds) values.push_back(round.*field);
    median.*field = Median(values);
  }
  return median;
}

std::string LimitsTable(const std::vector<Limit>& limits) {
  std::vector<std::vector<std::string>> rows;
  for (const Limit& limit : limits) {
    const Speed speed = MedianOf(limit.rounds);
    rows.push_back({limit.what, ThreeDigits(speed.per_s), ThreeDigits(speed.mean_us)});
  }
  return MarkdownTable({{"limit", false}, {"1/s", true}, {"mean us", true}}, rows);
}

std::string Percent(double part, double whole) {
  return whole > 0 ? ThreeDigits(100 * part / whole) + " %" : "-";
}

// `syncs_per_s`: the machine's.
std::string DistancesTable(const std::vector<Distance>& distances, double syncs_per_s) {
  std::vector<std::vector<std::string>> rows;
  for (const Distance& one : distances) {
    const std::optional<double> each =
        one.syncs_per_s > 0 ? std::optional(one.puts_per_s / one.syncs_per_s) : std::nullopt;
    rows.push_back({std::to_string(one.clients), ThreeDigits(one.puts_per_s),
                    ThreeDigits(one.put_mean_us), ThreeDigits(one.echoes_per_s),
                    ThreeDigits(one.echo_mean_us), Percent(one.puts_per_s, one.echoes_per_s),
                    ThreeDigits(one.syncs_per_s), ThreeDigits(one.sync_mean_us),
                    Percent(one.syncs_per_s, syncs_per_s), ThreeDigits(each)});
  }
  return MarkdownTable({{"clients", true},
                        {"put/s", true},
                        {"mean us", true},
                        {"echo/s", true},
                        {"mean us", true},
                        {"put of echo", true},
                        {"sync/s", true},
                        {"mean us", true},
                        {"of the limit", true},
                        {"puts per sync", true}},
                       rows);
}

std::string JsonOf(const std::vector<Limit>& limits, const std::vector<Distance>& distances) {
  nlohmann::ordered_json all = {{"limits", nlohmann::ordered_json::array()},
                                {"distances", nlohmann::ordered_json::array()}};
  for (const Limit& limit : limits) {
    const Speed speed = MedianOf(limit.rounds);
    all["limits"].push_back(
        {{"what", limit.what}, {"per_s", speed.per_s}, {"mean_us", speed.mean_us}});
  }
  for (const Distance& one : distances) {
    all["distances"].push_back({{"clients", one.clients},
                                {"puts_per_s", one.puts_per_s},
                                {"put_mean_us", one.put_mean_us},
                                {"echoes_per_s", one.echoes_per_s},
                                {"echo_mean_us", one.echo_mean_us},
                                {"syncs_per_s", one.syncs_per_s},
                                {"sync_mean_us", one.sync_mean_us}});
  }
  return all.dump(1) + "\n";
}

int Main(const Options& given) {
  Options options = given;
  if (options.quick) {
    options.rounds = 1;
    options.seconds = 0.2;
  }
  std::vector<Limit> limits = {{"append of 256 B and fdatasync", {}},
                               {"append of 16 KiB and fdatasync", {}},
                               {"round trip of 512 B, loopback", {}}};
  for (int round = 0; round < options.rounds; ++round) {
    std::fprintf(stderr, "limits: round %d of %d\n", round + 1, options.rounds);
    limits[0].rounds.push_back(SyncedWrites(256, options.seconds));
    limits[1].rounds.push_back(SyncedWrites(16 << 10, options.seconds));
    limits[2].rounds.push_back(RoundTrips(options.seconds));
  }
  const auto cluster = StartReadyCluster({});
  const Echo echo(options.seconds * options.rounds * 2 * static_cast<double>(std::size(kClients)));
  std::vector<Distance> distances;
  for (const uint64_t clients : kClients) {
    std::vector<Distance> rounds;
    for (int round = 0; round < options.rounds; ++round) {
      std::fprintf(stderr, "%llu clients: round %d of %d\n",
                   static_cast<unsigned long long>(clients), round + 1, options.rounds);
      rounds.push_back(MeasureDistance(cluster.get(), echo, clients, options.seconds));
    }
    distances.push_back(MedianOf(rounds));
  }
  std::printf("%u processors\n\n", std::thread::hardware_concurrency());
  std::fputs(LimitsTable(limits).c_str(), stdout);
  std::puts("");
  std::fputs(DistancesTable(distances, MedianOf(limits[0].rounds).per_s).c_str(), stdout);
  return WriteOutputs(options, JsonOf(limits, distances), "") ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  return baton::bench::RunProgram(argc, argv, {"seconds", "rounds", "output", "quick"},
                                  baton::bench::kUsage, {}, baton::bench::Main);
}
