#include "pkg/http/message_sender.h"

#include <algorithm>
#include <utility>

#include "pkg/http/envelope.h"
#include "pkg/http/start_thread.h"

namespace baton::http {

Result<std::unique_ptr<MessageSender>> MessageSender::Create(const MessageSenderOptions& options,
                                                             PeerLink* link,
                                                             const SharedStamp* stamp) {
  Result<std::unique_ptr<Client>> client = link->MakeClient(options.client);
  if (!client.ok()) return client.status();
  return std::unique_ptr<MessageSender>(
      new MessageSender(options, link, stamp, *std::move(client)));
}

Status MessageSender::Start() {
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
  client_->Abort();
  if (thread_.joinable()) thread_.join();
}

void MessageSender::Run() {
  int64_t pause_ms = options_.backoff_first_ms;
  while (true) {
    std::vector<node::PeerMessage> batch = outbox_.Take(options_.batch_bytes_max);
    if (batch.empty()) return;
    const size_t count = batch.size();
    const Status sent = SendBatch(std::move(batch));
    if (outbox_.closed()) return;
    if (sent.ok()) {
      pause_ms = options_.backoff_first_ms;
      continue;
    }
    link_->OnFailed(sent.message());
    link_->dropped_messages.Add(count + outbox_.Clear());
    link_->service->OnUnreachable(link_->peer);
    if (!outbox_.Pause(pause_ms)) return;
    pause_ms = std::min(pause_ms * 2, options_.backoff_max_ms);
  }
}

Status MessageSender::SendBatch(std::vector<node::PeerMessage> batch) {
  node::PeerEnvelope envelope;
  envelope.cluster_id = link_->cluster_id;
  envelope.from = link_->self;
  envelope.to = link_->peer;
  envelope.stamp = stamp_->Get();
  envelope.messages = std::move(batch);
  std::string body = EncodeEnvelope(envelope);
  link_->sent_bytes.Add(body.size());
  link_->sent_envelopes.Add();
  const int64_t start_us = link_->clock->MonotonicUs();
  Status sent = PostToPeer(client_.get(), "/peer/v1/messages", std::move(body));
  if (sent.ok()) {
    link_->OnDelivered();
    link_->round_trip.ObserveUs(link_->clock->MonotonicUs() - start_us);
  }
  return sent;
}

}  // namespace baton::http
