// File: baton_writers.h
//
// What `batonctl bench` does not do: writers that tell how long none of them got through, as the
// driver of etcd has them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "test/bench/etcd/side.h"

namespace baton::bench {

// See Side::StartWriters.
Result<std::unique_ptr<Writers>> StartBatonWriters(const std::vector<std::string>& urls,
                                                   double seconds);

}  // namespace baton::bench
