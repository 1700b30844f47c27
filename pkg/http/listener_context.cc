#include "pkg/http/listener_context.h"

#include <algorithm>
#include <random>
#include <utility>

#include "pkg/base/bytes.h"
#include "pkg/http/response_head.h"

namespace baton::http {
namespace {

constexpr size_t kRequestIdBytesMax = 64;

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

std::string RandomPrefix() {
  std::random_device entropy;
  std::string bytes;
  ByteWriter writer(&bytes);
  writer.U32(entropy());
  writer.U32(entropy());
  return ToHex(bytes) + "-";
}

}  // namespace

ListenerContext::ListenerContext(ListenOptions listen_options, Router listen_router,
                                 Logger* listen_logger)
    : options(std::move(listen_options)),
      router(std::move(listen_router)),
      logger(listen_logger),
      loop(EventLoop::Create()),
      queue(std::make_shared<LoopQueue>(
          [this] { loop->Post([pending = queue] { pending->RunPending(); }); })),
      stream_budget(std::make_shared<StreamBudget>(options.limits.buffered_bytes_max)),
      request_id_prefix_(RandomPrefix()) {}

Response ListenerContext::ErrorResponse(const Status& status, int http_status,
                                        const std::string& request_id) const {
  if (options.on_error) return options.on_error(status, http_status, request_id);
  return Response::Text(http_status, status.message() + "\n");
}

std::string ListenerContext::NextRequestId() {
  return request_id_prefix_ + std::to_string(next_request_number_++);
}

std::string ListenerContext::RequestIdFor(const std::string* from_client) {
  const bool sane = from_client != nullptr && !from_client->empty() &&
                    from_client->size() <= kRequestIdBytesMax &&
                    std::all_of(from_client->begin(), from_client->end(), IsPlain);
  return sane ? *from_client : NextRequestId();
}

const std::string& ListenerContext::Date() {
  const int64_t second = clock.WallMs() / 1000;
  if (second != date_second_) {
    date_second_ = second;
    date_ = HttpDate(second);
  }
  return date_;
}

}  // namespace baton::http
