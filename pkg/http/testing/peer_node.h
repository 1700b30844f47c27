// File: peer_node.h
//
// The other side of a PeerTransport, for tests: a listener that takes what it sends, and what it
// reports to its own node.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "pkg/http/envelope.h"
#include "pkg/http/testing/test_server.h"
#include "pkg/node/service.h"

namespace baton::http {

// The receiving side: takes envelopes and pieces as they come, and answers when its gates are open.
class PeerNode {
 public:
  explicit PeerNode(uint16_t port = 0) { Restart(port); }
  ~PeerNode() { Stop(); }

  void Restart(uint16_t port) {
    Router router;
    router.Handle("POST", "/peer/v1/messages",
                  [this](std::shared_ptr<Exchange> exchange) { OnMessages(exchange); });
    router.Handle("POST", "/peer/v1/snapshot",
                  [this](std::shared_ptr<Exchange> exchange) { OnPiece(exchange); });
    server_ = std::make_unique<TestServer>(std::move(router), [port](ListenOptions* options) {
      options->port = port;
      options->limits.body_bytes_max = 16 << 20;
    });
    port_ = server_->port();
  }
  void Stop() {
    if (server_ != nullptr) (*server_)->Stop(0);
    server_.reset();
    const std::lock_guard lock(mutex_);
    held_.clear();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  uint16_t port() const { return port_; }

  // Answers to appends, or to pieces of snapshots, are held back until OpenGates.
  void CloseAppendGate() { append_gate_closed_ = true; }
  void CloseSnapshotGate() { snapshot_gate_closed_ = true; }
  void OpenGates() {
    append_gate_closed_ = false;
    snapshot_gate_closed_ = false;
    std::vector<std::shared_ptr<Exchange>> held;
    {
      const std::lock_guard lock(mutex_);
      held.swap(held_);
    }
    for (const auto& exchange : held) Answer(exchange, 204);
  }
  void SetStatus(int status) { status_ = status; }
  // Whether it says that it reads CBOR.
  void TakeCbor(bool take) { takes_cbor_ = take; }
  std::atomic<int> cbor_requests{0};

  std::vector<node::PeerEnvelope> envelopes() {
    const std::lock_guard lock(mutex_);
    return envelopes_;
  }
  std::vector<SnapshotPiece> pieces() {
    const std::lock_guard lock(mutex_);
    return pieces_;
  }
  // The ids of all ForwardRequests, and the read counters of all heartbeats, in the order in which
  // they came.
  std::vector<uint64_t> forwards() {
    std::vector<uint64_t> ids;
    for (const auto& envelope : envelopes()) {
      for (const auto& message : envelope.messages) {
        if (const auto* request = std::get_if<node::ForwardRequest>(&message)) {
          ids.push_back(request->id);
        }
      }
    }
    return ids;
  }
  template <typename Body>
  std::vector<Body> bodies() {
    std::vector<Body> found;
    for (const auto& envelope : envelopes()) {
      for (const auto& message : envelope.messages) {
        const auto* raft_message = std::get_if<raft::Message>(&message);
        if (raft_message == nullptr) continue;
        if (const auto* body = std::get_if<Body>(&raft_message->body)) found.push_back(*body);
      }
    }
    return found;
  }

 private:
  void Answer(const std::shared_ptr<Exchange>& exchange, int status) {
    Response response;
    response.status = status;
    if (takes_cbor_) response.headers.emplace_back("Accept", kCborType);
    exchange->Respond(std::move(response));
  }
  void OnMessages(const std::shared_ptr<Exchange>& exchange) {
    const std::string* type = exchange->request().Header("content-type");
    const bool cbor = type != nullptr && *type == kCborType;
    if (cbor) ++cbor_requests;
    auto envelope =
        DecodeEnvelope(exchange->request().body, cbor ? WireForm::kCbor : WireForm::kJson);
    ASSERT_TRUE(envelope.ok()) << envelope.status().ToString();
    bool append = false;
    for (const auto& message : envelope->messages) {
      const auto* raft_message = std::get_if<raft::Message>(&message);
      append = append || (raft_message != nullptr &&
                          std::holds_alternative<raft::AppendRequest>(raft_message->body));
    }
    const std::lock_guard lock(mutex_);
    if (status_ == 204) envelopes_.push_back(*std::move(envelope));
    if (append && append_gate_closed_) return held_.push_back(exchange);
    Answer(exchange, status_);
  }
  void OnPiece(const std::shared_ptr<Exchange>& exchange) {
    auto piece = DecodeSnapshotPiece(exchange->request().body);
    ASSERT_TRUE(piece.ok()) << piece.status().ToString();
    const std::lock_guard lock(mutex_);
    if (status_ == 204) pieces_.push_back(*std::move(piece));
    if (snapshot_gate_closed_) return held_.push_back(exchange);
    Answer(exchange, status_);
  }

  std::unique_ptr<TestServer> server_;
  uint16_t port_ = 0;
  std::atomic<bool> append_gate_closed_{false};
  std::atomic<bool> snapshot_gate_closed_{false};
  std::atomic<int> status_{204};
  std::atomic<bool> takes_cbor_{true};
  std::mutex mutex_;
  std::vector<node::PeerEnvelope> envelopes_;
  std::vector<SnapshotPiece> pieces_;
  std::vector<std::shared_ptr<Exchange>> held_;
};

// What the transport reports to its node.
class Reports final : public node::Service {
 public:
  void OnUnreachable(NodeId, std::vector<uint64_t> undelivered_forwards) override {
    const std::lock_guard lock(undelivered_mutex_);
    undelivered_.insert(undelivered_.end(), undelivered_forwards.begin(),
                        undelivered_forwards.end());
    ++unreachable;
  }
  void OnSnapshotSent(NodeId, bool delivered) override {
    ++outcomes_begun;
    const std::lock_guard lock(outcome_gate);
    ++(delivered ? snapshots_delivered : snapshots_failed);
  }
  std::vector<uint64_t> undelivered() {
    const std::lock_guard lock(undelivered_mutex_);
    return undelivered_;
  }
  std::atomic<int> unreachable{0};
  std::atomic<int> snapshots_delivered{0};
  std::atomic<int> snapshots_failed{0};
  // While a test holds it, whoever reports an outcome waits.
  std::mutex outcome_gate;
  std::atomic<int> outcomes_begun{0};

  // Not asked by a transport.
  void Submit(coord::Command, int64_t, ReplyCallback) override {}
  uint64_t Acquire(coord::Command, int64_t, AcquireCallback) override { return 0; }
  void CancelAcquire(uint64_t) override {}
  void KeepAlive(SessionId, int64_t, std::function<void(Result<coord::SessionInfo>)>) override {}
  void Read(node::Consistency, Revision, int64_t, ReadCallback) override {}
  void OpenBackup(node::Consistency, Revision, int64_t, BackupCallback) override {}
  uint64_t Watch(coord::EventFilter, Revision, std::shared_ptr<node::WatchSink>) override {
    return 0;
  }
  void CancelWatch(uint64_t) override {}
  void TransferLeadership(NodeId, StatusCallback) override {}
  void ChangeMembers(node::MembershipRequest, int64_t, StatusCallback) override {}
  Status Deliver(node::PeerEnvelope) override { return Status::Ok(); }
  void OnSnapshotChunk(SnapshotChunk, StatusCallback) override {}
  void GetSnapshotReach(NodeId, uint64_t, ReachCallback) override {}
  std::shared_ptr<const node::StatusView> GetStatus() const override { return nullptr; }
  const node::NodeMetrics& metrics() const override { return metrics_; }

 private:
  std::mutex undelivered_mutex_;
  std::vector<uint64_t> undelivered_;
  node::NodeMetrics metrics_;
};

class FakeSnapshot final : public node::SnapshotReader {
 public:
  explicit FakeSnapshot(std::deque<std::string> chunks, std::atomic<int>* read = nullptr)
      : chunks_(std::move(chunks)), read_(read) {}
  Result<std::string> NextChunk(size_t) override {
    if (chunks_.empty()) return std::string();
    if (chunks_.front() == "broken") return Status(Code::kCorruption, "the table is damaged");
    std::string chunk = std::move(chunks_.front());
    chunks_.pop_front();
    if (read_ != nullptr) ++*read_;
    return chunk;
  }

 private:
  std::deque<std::string> chunks_;
  std::atomic<int>* read_;
};

}  // namespace baton::http
