#include "test/sim/cruelty.h"

#include "pkg/base/check.h"

namespace baton::sim {
namespace {

Cruelty* present = nullptr;

}  // namespace

Cruelty::Cruelty(uint64_t seed, uint64_t percent) : random_(seed ^ 0xc4e1) {
  if (percent == 0) return;
  for (bool& takes_part : takes_part_) takes_part = random_.Chance(percent, 100);
  CHECK(present == nullptr) << "one simulation at a time";
  present = this;
  SetCruelHook(&Cruelty::IsCruel);
}

bool Cruelty::takes_part(std::string_view site) const {
  for (size_t i = 0; i < kCruelSites.size(); ++i) {
    if (kCruelSites[i].name == site) return takes_part_[i];
  }
  CHECK(false) << "no cruel site is called " << site;
  return false;
}

void Cruelty::Stop() {
  if (present != this) return;
  SetCruelHook(nullptr);
  present = nullptr;
}

bool Cruelty::IsCruel(size_t site) {
  if (!present->takes_part_[site]) return false;
  if (!present->random_.Chance(1, kCruelSites[site].one_in)) return false;
  ++present->hits_[site];
  return true;
}

}  // namespace baton::sim
