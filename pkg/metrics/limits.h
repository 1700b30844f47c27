// File: limits.h
//
// The bounds of what one scrape can hold, whatever clients send. Beyond a bound the rest is added
// up under the label value "other", so that sums stay right.
#pragma once

#include <cstddef>

namespace baton::metrics {

inline constexpr size_t kRoutesMax = 64;           // routes with a latency histogram, per listener
inline constexpr size_t kRequestSeriesMax = 256;   // route, method and code, per listener; and of
                                                   // calls by etcd's names
inline constexpr size_t kPeersMax = 64;            // peers with series of their own
inline constexpr size_t kThreadsMax = 64;          // names of threads
inline constexpr size_t kLabelValueBytesMax = 96;  // longer label values become "other"

}  // namespace baton::metrics
