#include "pkg/http/message_sender.h"

#include <algorithm>
#include <utility>

#include "pkg/http/envelope.h"
#include "pkg/http/start_thread.h"

namespace baton::http {
namespace {

PipelineOptions WithTarget(PipelineOptions options) {
  options.target = "/peer/v1/messages";
  return options;
}

}  // namespace

Result<std::unique_ptr<MessageSender>> MessageSender::Create(const MessageSenderOptions& options,
                                                             PeerLink* link,
                                                             const SharedStamp* stamp) {
  const Result<HostAndPort> server = ParseBaseUrl(link->Url());
  if (!server.ok()) return server.status();
  return std::unique_ptr<MessageSender>(new MessageSender(options, link, stamp, *server));
}

MessageSender::MessageSender(const MessageSenderOptions& options, PeerLink* link,
                             const SharedStamp* stamp, const HostAndPort& server)
    : options_(options),
      link_(link),
      stamp_(stamp),
      outbox_(options.outbox, &wakeup_),
      pipeline_(WithTarget(options.pipeline), server, link, &wakeup_,
                [this] { return outbox_.closed(); }),
      pause_ms_(options.backoff_first_ms) {}

Status MessageSender::Start() {
  BATON_RETURN_IF_ERROR(wakeup_.Open());
  return StartThread(
      options_.thread_name, [this] { Run(); }, &thread_);
}

bool MessageSender::Push(node::PeerMessage message) {
  const bool pushed = outbox_.Push(std::move(message));
  if (!pushed) link_->dropped_messages.Add();
  return pushed;
}

void MessageSender::Stop() {
  outbox_.Close();
  if (thread_.joinable()) thread_.join();
}

void MessageSender::Run() {
  uint64_t answered = 0;
  while (true) {
    const Status advanced = pipeline_.Advance();
    if (outbox_.closed()) return;
    if (std::exchange(answered, pipeline_.answered_total()) != answered) {
      pause_ms_ = options_.backoff_first_ms;
    }
    if (!advanced.ok()) {
      if (!Fail(advanced)) return;
      continue;
    }
    if (pipeline_.empty()) outbox_.Settle();
    if (pipeline_.HasRoom()) {
      std::vector<node::PeerMessage> batch = outbox_.Take(options_.batch_bytes_max);
      if (!batch.empty()) {
        Add(std::move(batch));
        continue;
      }
    }
    pipeline_.Wait();
  }
}

bool MessageSender::Fail(const Status& why) {
  link_->OnFailed(why.message());
  LostCargo lost = pipeline_.Clear();
  const std::vector<node::PeerMessage> waited = outbox_.Clear();
  const std::vector<uint64_t> forwards = node::ForwardsOf(waited);
  lost.undelivered_forwards.insert(lost.undelivered_forwards.end(), forwards.begin(),
                                   forwards.end());
  link_->dropped_messages.Add(lost.messages + waited.size());
  link_->service->OnUnreachable(link_->peer, std::move(lost.undelivered_forwards));
  const bool open = outbox_.Pause(pause_ms_);
  pause_ms_ = std::min(pause_ms_ * 2, options_.backoff_max_ms);
  return open;
}

void MessageSender::Add(std::vector<node::PeerMessage> batch) {
  Cargo cargo = {batch.size(), node::ForwardsOf(batch)};
  node::PeerEnvelope envelope;
  envelope.cluster_id = link_->cluster_id;
  envelope.from = link_->self;
  envelope.to = link_->peer;
  envelope.stamp = stamp_->Get();
  envelope.messages = std::move(batch);
  const bool cbor = pipeline_.takes_cbor();
  std::string body = EncodeEnvelope(envelope, cbor ? WireForm::kCbor : WireForm::kJson);
  link_->sent_bytes.Add(body.size());
  link_->sent_envelopes.Add();
  pipeline_.Add(cbor ? kCborType : "application/octet-stream", std::move(body), std::move(cargo));
}

}  // namespace baton::http
