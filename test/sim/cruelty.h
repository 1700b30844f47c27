// File: cruelty.h
//
// Makes the cruel sites of the product (pkg/base/cruel.h) cruel by chance: of each run some sites,
// and each of those now and then. One at a time in a process: the hook is the process's.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "pkg/base/cruel.h"
#include "pkg/base/random.h"

namespace baton::sim {

class Cruelty {
 public:
  // percent: how many of the sites take part; 0: none.
  Cruelty(uint64_t seed, uint64_t percent);
  ~Cruelty() { Stop(); }
  Cruelty(const Cruelty&) = delete;
  Cruelty& operator=(const Cruelty&) = delete;

  bool takes_part(std::string_view site) const;
  // From now on nothing is cruel.
  void Stop();

  using Hits = std::array<uint32_t, kCruelSites.size()>;
  const Hits& hits() const { return hits_; }

 private:
  static bool IsCruel(size_t site);

  Random random_;
  std::array<bool, kCruelSites.size()> takes_part_{};
  Hits hits_{};
};

}  // namespace baton::sim
