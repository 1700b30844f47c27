// File: no_threads.h
//
// While it lives, this process can start no thread: each would get a stack larger than the address
// space. For tests; of one at a time.
#pragma once

#include <pthread.h>

#include "pkg/base/check.h"

namespace baton::http {

class NoThreads {
 public:
  NoThreads() {
    CHECK_EQ(pthread_getattr_default_np(&before_), 0);
    pthread_attr_t huge;
    CHECK_EQ(pthread_getattr_default_np(&huge), 0);
    CHECK_EQ(pthread_attr_setstacksize(&huge, size_t{1} << 48), 0);
    CHECK_EQ(pthread_setattr_default_np(&huge), 0);
    pthread_attr_destroy(&huge);
  }
  ~NoThreads() {
    CHECK_EQ(pthread_setattr_default_np(&before_), 0);
    pthread_attr_destroy(&before_);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_;
};

}  // namespace baton::http
