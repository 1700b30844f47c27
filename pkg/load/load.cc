#include "pkg/load/load.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace baton::load {

void Load::Publish() {
  {
    const std::lock_guard lock(mutex_);
    published_.Merge(news_);
  }
  total_.Merge(news_);
  news_.Clear();
}

void Load::TakeNews(Recorder* to) {
  const std::lock_guard lock(mutex_);
  to->Merge(published_);
  published_.Clear();
}

double ThreadCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void WakeOnTime() { (void)prctl(PR_SET_TIMERSLACK, 1); }

}  // namespace baton::load
