#include "test/chaos/event_log.h"

#include <time.h>

#include <array>
#include <cstdio>

#include "pkg/base/system_clock.h"
#include "test/chaos/recorder.h"

namespace baton::chaos {

void EventLog::Write(const std::string& what) {
  const int64_t wall_ms = SystemClock().WallMs();
  const auto seconds = static_cast<time_t>(wall_ms / 1000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> clock{};
  std::snprintf(clock.data(), clock.size(), "%02d:%02d:%02d.%03d", parts.tm_hour, parts.tm_min,
                parts.tm_sec, static_cast<int>(wall_ms % 1000));
  file_ << NowUs() << " " << clock.data() << " " << what << std::endl;
}

}  // namespace baton::chaos
