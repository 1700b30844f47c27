#include "test/chaos/proxy/proxy.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include "pkg/base/random.h"
#include "test/chaos/proxy/lane.h"
#include "test/chaos/proxy/request_frames.h"

namespace baton::chaos {
namespace {

using asio::ip::tcp;

constexpr size_t kReadBytes = 64 << 10;
constexpr uint64_t kPerMille = 1000;
// A request that is held back arrives after the next one, or so much later when there is none.
constexpr int64_t kLateMaxMs = 1500;
constexpr int64_t kDuplicateDelayMaxMs = 200;
// Until a request that the proxy sends by itself is answered.
constexpr int64_t kCourierPatienceMs = 5000;

int64_t NowUs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

// Closes with a reset instead of an end.
void ResetSocket(tcp::socket* socket) {
  asio::error_code ignored;
  socket->set_option(asio::socket_base::linger(true, 0), ignored);
  socket->close(ignored);
}

class Connection;

struct LinkState {
  tcp::endpoint target;
  std::unique_ptr<tcp::acceptor> acceptor;
  LinkFaults faults;
  LinkCounts counts;
  std::unique_ptr<Random> random;
  std::set<std::shared_ptr<Connection>> connections;
  std::vector<std::string> late;  // requests that are held back

  bool Happens(uint32_t per_mille) { return per_mille > 0 && random->Chance(per_mille, kPerMille); }
  bool lets_requests_through() const { return !faults.drops_to_target && !faults.half_open; }
};

// Takes one request to the target on a connection of its own, and throws the answer away.
class Courier : public std::enable_shared_from_this<Courier> {
 public:
  Courier(asio::io_context* io, std::string request)
      : socket_(*io), timer_(*io), request_(std::move(request)) {}

  void Run(const tcp::endpoint& target) {
    timer_.expires_after(std::chrono::milliseconds(kCourierPatienceMs));
    timer_.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (!error) self->Close();
    });
    socket_.async_connect(target, [self = shared_from_this()](const asio::error_code& error) {
      if (error) return self->Close();
      asio::async_write(self->socket_, asio::buffer(self->request_),
                        [self](const asio::error_code& write_error, size_t) {
                          if (write_error) return self->Close();
                          self->AwaitAnswer();
                        });
    });
  }

 private:
  void AwaitAnswer() {
    socket_.async_read_some(
        asio::buffer(answer_),
        [self = shared_from_this()](const asio::error_code&, size_t) { self->Close(); });
  }
  void Close() {
    asio::error_code ignored;
    timer_.cancel();
    socket_.close(ignored);
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  const std::string request_;
  std::array<char, 256> answer_{};
};

// One connection of a source, and the one to the target that is made for it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::io_context* io, LinkState* link, tcp::socket source)
      : io_(io), link_(link), to_target_(io, std::move(source)), to_source_(io, tcp::socket(*io)) {}

  void Start() {
    ++link_->counts.connections;
    if (link_->faults.half_open) return FallSilent();
    to_source_.from.async_connect(link_->target,
                                  [self = shared_from_this()](const asio::error_code& error) {
                                    if (self->closed_) return;
                                    if (error) return self->Reset();
                                    asio::error_code ignored;
                                    self->to_source_.from.set_option(tcp::no_delay(true), ignored);
                                    self->connected_ = true;
                                    self->Read(&self->to_source_);
                                    self->Forward(&self->to_target_);
                                  });
    Read(&to_target_);
  }

  // The faults have changed.
  void Reconsider() {
    if (closed_) return;
    const bool dropping = link_->faults.drops_to_target || link_->faults.drops_to_source;
    if ((silent_ && !link_->faults.half_open) || (has_lost_bytes_ && !dropping)) return Reset();
    Forward(&to_target_);
    Forward(&to_source_);
  }

  void Abandon() {
    if (closed_ || silent_) return;
    FallSilent();
    asio::error_code ignored;
    to_source_.from.close(ignored);
  }

  void Reset() {
    if (closed_) return;
    ++link_->counts.resets;
    ResetSocket(&to_target_.from);
    ResetSocket(&to_source_.from);
    Forget();
  }

 private:
  // One direction: what is read from `from` goes to the other direction's socket.
  struct Direction {
    Direction(asio::io_context* io, tcp::socket socket)
        : from(std::move(socket)), timer(*io), buffer(kReadBytes) {}
    tcp::socket from;
    asio::steady_timer timer;
    std::vector<char> buffer;
    Lane lane;
    std::string leaving;
    bool reading = false;
    bool writing = false;
    bool ended = false;  // its end has been passed on
  };

  bool drops(const Direction* direction) const {
    const bool to_target = direction == &to_target_;
    return silent_ || has_lost_bytes_ ||
           (to_target ? link_->faults.drops_to_target : link_->faults.drops_to_source);
  }

  void FallSilent() {
    silent_ = true;
    ++link_->counts.silent_connections;
    Read(&to_target_);
  }

  void Read(Direction* direction) {
    if (closed_ || direction->reading || direction->ended || direction->lane.full()) return;
    direction->reading = true;
    direction->from.async_read_some(
        asio::buffer(direction->buffer),
        [self = shared_from_this(), direction](const asio::error_code& error, size_t bytes) {
          direction->reading = false;
          if (!self->closed_) self->OnRead(direction, error, bytes);
        });
  }

  void OnRead(Direction* direction, const asio::error_code& error, size_t bytes) {
    if (silent_ && direction == &to_source_) return;  // its socket was closed by us
    if (error == asio::error::eof) return OnEnd(direction);
    if (error) return silent_ ? Forget() : Reset();
    const std::string_view text(direction->buffer.data(), bytes);
    if (drops(direction)) {
      has_lost_bytes_ = true;
      link_->counts.bytes_dropped += bytes;
    } else if (direction == &to_target_) {
      for (RequestFrames::Unit& unit : frames_.Take(text)) {
        if (!closed_) TakeUnit(std::move(unit));
      }
    } else if (answer_is_lost_) {
      ++link_->counts.lost_answers;
      return Reset();
    } else {
      direction->lane.Push(std::string(text), NowUs(), link_->faults, link_->random.get());
    }
    if (closed_) return;
    Forward(direction);
    Read(direction);
  }

  void OnEnd(Direction* direction) {
    // Whose other side was cut off never hears of this end; nor does it matter any more.
    if (silent_ || has_lost_bytes_) return silent_ ? Forget() : void(direction->ended = true);
    direction->lane.PushEnd(NowUs(), link_->faults, link_->random.get());
    Forward(direction);
  }

  void TakeUnit(RequestFrames::Unit unit);
  void SendLateOnes();
  void SendByCourier(std::string request, int64_t delay_ms);
  void Forward(Direction* direction);
  void Depart(Direction* direction, Lane::Departure departure);
  void Pass(Direction* direction, bool end);
  void Forget();

  asio::io_context* const io_;
  LinkState* const link_;
  Direction to_target_;  // its socket is the source's
  Direction to_source_;  // its socket is the target's
  RequestFrames frames_;
  bool connected_ = false;
  bool closed_ = false;
  bool silent_ = false;  // has no target
  bool has_lost_bytes_ = false;
  bool answer_is_lost_ = false;
};

void Connection::TakeUnit(RequestFrames::Unit unit) {
  LinkState* const link = link_;
  const auto push = [&](std::string bytes) {
    to_target_.lane.Push(std::move(bytes), NowUs(), link->faults, link->random.get());
  };
  if (!unit.is_request) return push(std::move(unit.bytes));
  if (link->Happens(link->faults.resets_per_mille)) {
    push(unit.bytes.substr(0, unit.bytes.size() / 2));
    to_target_.lane.PushReset(NowUs(), link->faults, link->random.get());
    return;
  }
  if (link->Happens(link->faults.late_per_mille)) {
    ++link->counts.late;
    link->late.push_back(std::move(unit.bytes));
    // The next request releases it; this is for when none comes.
    auto timer = std::make_shared<asio::steady_timer>(*io_, std::chrono::milliseconds(kLateMaxMs));
    timer->async_wait([self = shared_from_this(), timer](const asio::error_code& error) {
      if (!error) self->SendLateOnes();
    });
    return Reset();
  }
  ++link->counts.requests;
  if (link->Happens(link->faults.duplicates_per_mille)) {
    ++link->counts.duplicates;
    const auto delay_ms = static_cast<int64_t>(link->random->Below(kDuplicateDelayMaxMs));
    SendByCourier(unit.bytes, delay_ms);
  }
  answer_is_lost_ = answer_is_lost_ || link->Happens(link->faults.lost_answers_per_mille);
  push(std::move(unit.bytes));
  if (!link->late.empty()) SendLateOnes();
}

void Connection::SendLateOnes() {
  for (std::string& request : std::exchange(link_->late, {})) SendByCourier(std::move(request), 20);
}

void Connection::SendByCourier(std::string request, int64_t delay_ms) {
  const auto timer =
      std::make_shared<asio::steady_timer>(*io_, std::chrono::milliseconds(delay_ms));
  const auto courier = std::make_shared<Courier>(io_, std::move(request));
  timer->async_wait([timer, courier, link = link_](const asio::error_code& error) {
    // A link that is cut by now takes nothing any more.
    if (!error && link->lets_requests_through()) courier->Run(link->target);
  });
}

void Connection::Forward(Direction* direction) {
  if (closed_ || !connected_ || silent_ || direction->writing) return;
  const std::optional<int64_t> wait_us = direction->lane.WaitUs(NowUs(), link_->faults);
  if (!wait_us) return;
  if (*wait_us == 0) {
    return Depart(direction, direction->lane.Take(NowUs(), link_->faults));
  }
  direction->timer.expires_after(std::chrono::microseconds(*wait_us));
  direction->timer.async_wait(
      [self = shared_from_this(), direction](const asio::error_code& error) {
        if (!error) self->Forward(direction);
      });
}

void Connection::Depart(Direction* direction, Lane::Departure departure) {
  if (departure.reset) return Reset();
  if (departure.bytes.empty()) return Pass(direction, departure.end);
  tcp::socket& to = direction == &to_target_ ? to_source_.from : to_target_.from;
  direction->leaving = std::move(departure.bytes);
  direction->writing = true;
  uint64_t& count =
      direction == &to_target_ ? link_->counts.bytes_to_target : link_->counts.bytes_to_source;
  count += direction->leaving.size();
  asio::async_write(to, asio::buffer(direction->leaving),
                    [self = shared_from_this(), direction](const asio::error_code& error, size_t) {
                      direction->writing = false;
                      if (self->closed_ || self->silent_) return;
                      if (error) return self->Reset();
                      self->Forward(direction);
                      self->Read(direction);
                    });
}

void Connection::Pass(Direction* direction, bool end) {
  if (!end) return Forward(direction);
  asio::error_code ignored;
  tcp::socket& to = direction == &to_target_ ? to_source_.from : to_target_.from;
  to.shutdown(tcp::socket::shutdown_send, ignored);
  direction->ended = true;
  if (to_target_.ended && to_source_.ended) Forget();
}

void Connection::Forget() {
  closed_ = true;
  asio::error_code ignored;
  for (Direction* direction : {&to_target_, &to_source_}) {
    direction->timer.cancel();
    direction->from.close(ignored);
  }
  link_->connections.erase(shared_from_this());
}

class AsioProxy final : public Proxy {
 public:
  explicit AsioProxy(uint64_t seed)
      : random_(seed), work_(asio::make_work_guard(io_)), thread_([this] { io_.run(); }) {}

  ~AsioProxy() override {
    for (size_t link = 0; link < links_.size(); ++link) Reset(link);
    io_.stop();
    thread_.join();
  }

  Result<Link> AddLink(const std::string& listen_address, const Endpoint& target) override {
    Result<Link> link = Link{};
    Do([&] { link = AddLinkNow(listen_address, target); });
    return link;
  }

  void SetFaults(LinkId id, const LinkFaults& faults) override {
    Do([&] {
      links_.at(id)->faults = faults;
      for (const auto& connection : ConnectionsOf(id)) connection->Reconsider();
    });
  }

  void Reset(LinkId id) override {
    Do([&] {
      for (const auto& connection : ConnectionsOf(id)) connection->Reset();
    });
  }

  void Abandon(LinkId id) override {
    Do([&] {
      for (const auto& connection : ConnectionsOf(id)) connection->Abandon();
    });
  }

  LinkCounts Counts(LinkId id) const override {
    LinkCounts counts;
    Do([&] { counts = links_.at(id)->counts; });
    return counts;
  }

 private:
  // Runs `work` on the proxy's thread and waits for it.
  template <typename Work>
  void Do(const Work& work) const {
    std::promise<void> done;
    asio::post(io_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  // A copy: who is told something may go.
  std::vector<std::shared_ptr<Connection>> ConnectionsOf(LinkId id) const {
    const auto& connections = links_.at(id)->connections;
    return {connections.begin(), connections.end()};
  }

  Result<Link> AddLinkNow(const std::string& listen_address, const Endpoint& target) {
    asio::error_code error;
    const auto listen_on = asio::ip::make_address(listen_address, error);
    if (error) return Status(Code::kInvalidArgument, listen_address + ": " + error.message());
    auto link = std::make_unique<LinkState>();
    link->target = {asio::ip::make_address(target.address, error), target.port};
    if (error) return Status(Code::kInvalidArgument, target.address + ": " + error.message());
    link->random = std::make_unique<Random>(random_.NextU64());
    link->acceptor = std::make_unique<tcp::acceptor>(io_);
    link->acceptor->open(tcp::v4(), error);
    if (!error) link->acceptor->bind({listen_on, 0}, error);
    if (!error) link->acceptor->listen(asio::socket_base::max_listen_connections, error);
    if (error) return Status(Code::kIo, listen_address + ": " + error.message());
    const uint16_t port = link->acceptor->local_endpoint().port();
    links_.push_back(std::move(link));
    AcceptNext(links_.back().get());
    return Link{links_.size() - 1, port};
  }

  void AcceptNext(LinkState* link) {
    link->acceptor->async_accept([this, link](const asio::error_code& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) {
        asio::error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        const auto connection = std::make_shared<Connection>(&io_, link, std::move(socket));
        link->connections.insert(connection);
        connection->Start();
      }
      AcceptNext(link);
    });
  }

  Random random_;
  mutable asio::io_context io_;
  std::vector<std::unique_ptr<LinkState>> links_;  // of the proxy's thread
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Proxy> Proxy::Start(uint64_t seed) { return std::make_unique<AsioProxy>(seed); }

}  // namespace baton::chaos
