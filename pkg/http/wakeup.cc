#include "pkg/http/wakeup.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace baton::http {

Wakeup::~Wakeup() {
  if (descriptor() >= 0) close(descriptor());
}

Status Wakeup::Open() {
  if (descriptor() >= 0) return Status::Ok();
  const int opened = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (opened < 0) {
    return Status(Code::kResourceExhausted, "no_descriptor",
                  "No descriptor is left: raise the limit, ulimit -n");
  }
  descriptor_.store(opened, std::memory_order_release);
  return Status::Ok();
}

void Wakeup::Ring() {
  const uint64_t one = 1;
  // It fails only when it has been rung 2^64 - 2 times and is readable anyway.
  if (descriptor() >= 0) (void)!write(descriptor(), &one, sizeof(one));
}

void Wakeup::Clear() {
  uint64_t count = 0;
  if (descriptor() >= 0) (void)!read(descriptor(), &count, sizeof(count));
}

}  // namespace baton::http
