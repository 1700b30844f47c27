#include "cmd/batond/process_setup.h"

#include <sys/random.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <system_error>

#include "pkg/base/check.h"

// tcmalloc's, which only what ships is linked with. Its headers are in a package of their own.
extern "C" __attribute__((weak)) int MallocExtension_SetNumericProperty(const char* property,
                                                                        size_t value);

namespace baton::batond {
namespace {

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

uint64_t RaiseFileLimit() {
  rlimit limit{};
  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit raised = limit;
  raised.rlim_cur = limit.rlim_max;
  // Refused (a sandbox may): the old limit still holds.
  return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

void BoundAllocator() {
  if (MallocExtension_SetNumericProperty == nullptr) return;
  const bool known = MallocExtension_SetNumericProperty("tcmalloc.max_total_thread_cache_bytes",
                                                        kAllocatorCacheBytesMax) != 0;
  CHECK(known) << "the allocator has no such bound";
}

void ExplainTermination() {
  std::set_terminate([] {
    std::string why = "an error that nobody handles";
    try {
      if (std::current_exception()) std::rethrow_exception(std::current_exception());
    } catch (const std::system_error& error) {
      why = error.what();
      if (error.code() == std::errc::resource_unavailable_try_again) {
        why +=
            ": no thread can be started; raise the limit, pids.max of the container or ulimit -u";
      }
    } catch (const std::exception& error) {
      why = error.what();
    } catch (...) {
    }
    std::fprintf(stderr, "batond: fatal: %s\n", why.c_str());
    std::abort();
  });
}

uint64_t DrawSeed() {
  uint64_t seed = 0;
  CHECK_EQ(getrandom(&seed, sizeof seed, 0), static_cast<ssize_t>(sizeof seed));
  return seed;
}

void BlockStopSignals() {
  signal(SIGPIPE, SIG_IGN);
  const sigset_t set = StopSignals();
  CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, nullptr), 0);
}

int WaitForStopSignal() {
  const sigset_t set = StopSignals();
  int number = 0;
  CHECK_EQ(sigwait(&set, &number), 0);
  return number;
}

}  // namespace baton::batond
