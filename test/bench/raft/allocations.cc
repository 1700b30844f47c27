#include "test/bench/raft/allocations.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace baton::bench {
namespace {

std::atomic<uint64_t> count{0};

}  // namespace

uint64_t Allocations() { return count.load(std::memory_order_relaxed); }

}  // namespace baton::bench

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

// A sanitizer brings its own operator new, and calls these for each. Of its interface; GCC does not
// install the header.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*,
                                                                             size_t),
                                                         void (*free_hook)(const volatile void*));

namespace baton::bench {
namespace {

const int installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, size_t) { count.fetch_add(1, std::memory_order_relaxed); },
    [](const volatile void*) {});

}  // namespace
}  // namespace baton::bench

#else

namespace baton::bench {
namespace {

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

#endif
