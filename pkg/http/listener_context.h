// File: listener_context.h
//
// What all connections of one server share. Everything but the queue, the counters and the budget
// belongs to the loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "pkg/base/logger.h"
#include "pkg/base/system_clock.h"
#include "pkg/http/event_loop.h"
#include "pkg/http/loop_queue.h"
#include "pkg/http/server.h"
#include "pkg/http/server_counters.h"
#include "pkg/http/stream_buffer.h"

namespace baton::http {

// Bytes read at once. One buffer serves all connections, so that an idle one holds none.
inline constexpr size_t kReadBytesMax = 64 * 1024;

struct ListenerContext {
  ListenerContext(ListenOptions listen_options, Router listen_router, Logger* listen_logger);

  // The answer to an error found before or beside a handler.
  Response ErrorResponse(const Status& status, int http_status,
                         const std::string& request_id) const;
  // Unique among the servers of a cluster, as far as 64 random bits go.
  std::string NextRequestId();
  // The client's id if it is short and plain, else a new one.
  std::string RequestIdFor(const std::string* from_client);
  const std::string& Date();

  const ListenOptions options;
  const Router router;
  Logger* const logger;
  const std::unique_ptr<EventLoop> loop;
  const std::shared_ptr<LoopQueue> queue;
  const std::shared_ptr<StreamBudget> stream_budget;
  ServerCounters counters;
  SystemClock clock;
  std::array<char, kReadBytesMax> scratch{};
  size_t buffered_bytes = 0;  // of unanswered requests, all connections
  bool draining = false;
  bool connection_at_work = false;  // some connection is taking steps, or closes

 private:
  std::string request_id_prefix_;
  uint64_t next_request_number_ = 1;
  int64_t date_second_ = -1;
  std::string date_;
};

}  // namespace baton::http
