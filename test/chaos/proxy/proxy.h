// File: proxy.h
//
// A TCP proxy with faults: one listener for each link, all on one thread of the proxy's own. What a
// source says to the listener of a link reaches the link's target, changed by the faults that the
// link has at that moment.
//
//   auto proxy = Proxy::Start(7);
//   Result<Proxy::Link> link = proxy->AddLink("127.0.0.1", {"127.0.0.1", 7401});
//   // connect to 127.0.0.1:link->port instead of 127.0.0.1:7401
//   proxy->SetFaults(link->id, {.delay_min_ms = 50, .delay_max_ms = 100});
//
// Each call may come from any thread and returns when it is done, so that bytes sent afterwards
// meet it. What requests are, request_frames.h says.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "pkg/base/status.h"
#include "test/chaos/proxy/link_faults.h"

namespace baton::chaos {

class Proxy {
 public:
  struct Endpoint {
    std::string address;  // an IP address
    uint16_t port = 0;
  };
  using LinkId = size_t;
  struct Link {
    LinkId id = 0;
    uint16_t port = 0;
  };

  // `seed`: of which requests are met, and of the delays.
  static std::unique_ptr<Proxy> Start(uint64_t seed);
  virtual ~Proxy() = default;  // resets all connections

  // kIo: it cannot listen on that address, and why.
  virtual Result<Link> AddLink(const std::string& listen_address, const Endpoint& target) = 0;
  // With `faults` as they were by default all is well again: what was held goes on, and the
  // connections that cannot (LinkFaults) are reset.
  virtual void SetFaults(LinkId link, const LinkFaults& faults) = 0;
  // All connections of the link, both sides.
  virtual void Reset(LinkId link) = 0;
  // The target sees its end of each connection closed; the source is not told, and what it says
  // from now on is thrown away. Until the faults are set to none, which resets them.
  virtual void Abandon(LinkId link) = 0;
  virtual LinkCounts Counts(LinkId link) const = 0;
};

}  // namespace baton::chaos
