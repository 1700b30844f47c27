// File: step_time.h
//
// The monotonic time of the step under way. The node sets it once before each batch of inputs, and
// everything that happens in the batch happens at that time.
#pragma once

#include <cstdint>

namespace baton::node {

struct StepTime {
  int64_t now_us = 0;
};

}  // namespace baton::node
