#include "test/chaos/recorder.h"

#include <utility>
#include <variant>

#include "pkg/base/system_clock.h"

namespace baton::chaos {

int64_t NowUs() { return SystemClock().MonotonicUs(); }

void Recorder::Add(history::Record record) {
  if (const auto* operation = std::get_if<history::Operation>(&record)) {
    ++operations_;
    if (operation->outcome == history::Outcome::kOk) ++acknowledged_;
  }
  const std::lock_guard lock(mutex_);
  history_.Add(std::move(record));
}

history::History Recorder::Take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(history_, {});
}

}  // namespace baton::chaos
