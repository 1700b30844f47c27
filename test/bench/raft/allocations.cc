#include "test/bench/raft/allocations.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace baton::bench {
namespace {

std::atomic<uint64_t> count{0};

void* Allocate(size_t size, size_t alignment) {
  count.fetch_add(1, std::memory_order_relaxed);
  if (size == 0) size = 1;
  void* const memory =
      alignment <= alignof(std::max_align_t)
          ? std::malloc(size)
          : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

uint64_t Allocations() { return count.load(std::memory_order_relaxed); }

}  // namespace baton::bench

// The array and nothrow forms of the library call these.
void* operator new(size_t size) { return baton::bench::Allocate(size, 1); }
void* operator new(size_t size, std::align_val_t alignment) {
  return baton::bench::Allocate(size, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
