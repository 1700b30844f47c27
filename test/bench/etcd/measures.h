// File: measures.h
//
// What is measured: the rows of the table, in its order.
#pragma once

#include <string>
#include <vector>

#include "test/bench/comparison.h"
#include "test/bench/etcd/load_report.h"
#include "test/bench/etcd/side.h"

namespace baton::bench {

enum class Kind {
  kLoad,    // one run of the load generators
  kMemory,  // resident, after the same load on both
  kKill,    // of the leader: the longest time without a successful write
  kStop,    // the same when the leader is told to stop
};

// One row of a measure that has several.
struct Value {
  std::string suffix;  // " p99"
  std::string unit;
  Better better = Better::kLess;
  double LoadReport::*field = nullptr;
};

struct Measure {
  std::string name;  // how --measures calls it, say "put-64"
  Kind kind = Kind::kLoad;
  bool gateway = false;  // etcd over its HTTP gateway instead of gRPC
  std::string title;     // "put"
  Parameters parameters = {};
  Load load = {};
  std::vector<Value> values = {};
};

std::vector<Measure> AllMeasures();

// Those whose names are, or begin with one of `names` and a "-": "put" is put-1, put-1-follower and
// so on. All when there are no names. kInvalidArgument: a name that nothing has.
Result<std::vector<Measure>> ChooseMeasures(const std::vector<std::string>& names);

}  // namespace baton::bench
