#include "pkg/http/start_thread.h"

#include <pthread.h>

#include <system_error>
#include <utility>

namespace baton::http {

Status StartThread(const std::string& name, std::function<void()> run, std::thread* thread) {
  if (thread->joinable()) return Status::Ok();
  try {
    *thread = std::thread(std::move(run));
  } catch (const std::system_error& error) {
    return Status(Code::kResourceExhausted, "no_thread",
                  "No thread can be started (" + error.code().message() +
                      "): raise the limit, pids.max of the container or ulimit -u");
  }
  pthread_setname_np(thread->native_handle(), name.c_str());
  return Status::Ok();
}

}  // namespace baton::http
