#include "test/chaos/recorder.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "pkg/base/system_clock.h"

namespace baton::chaos {

int64_t NowUs() { return SystemClock().MonotonicUs(); }

void Recorder::Add(history::Record record) {
  const std::lock_guard lock(mutex_);
  if (const auto* operation = std::get_if<history::Operation>(&record)) {
    ++operations_;
    if (operation->outcome == history::Outcome::kOk) {
      ++acknowledged_;
      newest_revision_ = std::max<uint64_t>(newest_revision_, operation->revision);
    }
  }
  history_.Add(std::move(record));
}

history::History Recorder::Take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(history_, {});
}

}  // namespace baton::chaos
