// File: start_thread.h
//
// Threads that come and go while a process runs, where the system may have none left: its limit, or
// that of the container, is reached. std::thread throws then, and there is nobody to catch it.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "pkg/base/status.h"

namespace baton::http {

// Starts one into `thread`, unless that is one already. `name`: at most 15 characters.
// kResourceExhausted/"no_thread", saying which limits to raise: try again later.
Status StartThread(const std::string& name, std::function<void()> run, std::thread* thread);

}  // namespace baton::http
