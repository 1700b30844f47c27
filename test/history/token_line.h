// File: token_line.h
//
// One lock or election by its tokens. Internal to lock_check.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "test/history/lock_check.h"

namespace baton::history {

// A holder, as far as anybody saw it hold.
struct TokenLife {
  uint64_t session = 0;  // 0: nobody said
  uint64_t ticket = 0;
  Witness first;    // live, at the least revision
  Witness last;     // live, at the greatest
  Witness soonest;  // live, with the least to_us
  Witness latest;   // live, with the greatest from_us
  bool has_live = false;
  std::vector<const Operation*> releases;  // that may have happened
};

class TokenLine {
 public:
  TokenLine(Space space, std::string_view name, const LockParts& parts)
      : space_(space), name_(name), parts_(parts) {}

  // What answers and events say.
  void Live(uint64_t token, uint64_t session, const Witness& witness);
  void NotLive(uint64_t token, uint64_t session, const Witness& witness);
  void Nobody(const Witness& witness) { nobody_.push_back(witness); }
  void Release(uint64_t token, const Operation& operation) {
    tokens_[token].releases.push_back(&operation);
  }
  void Ticket(uint64_t token, uint64_t ticket) { tokens_[token].ticket = ticket; }
  void Acquire(const Operation& operation);

  void Check();

  Space space() const { return space_; }
  std::string_view name() const { return name_; }
  const std::map<uint64_t, TokenLife>& tokens() const { return tokens_; }

 private:
  struct Dead {
    uint64_t token = 0;
    uint64_t session = 0;  // of whom it was said; 0: of anybody
    Witness witness;
  };

  void CheckGranted();
  void CheckOneHolder();
  void TwoHolders(uint64_t older, uint64_t newer, const Witness& old_live, const Witness& new_live);
  void CheckNotLive();
  void CheckNobody();
  void CheckEnds();
  void EndedBy(const TokenLife& life, const Witness& witness);
  void CheckLine();
  void CheckJumped(const Operation& waiting, uint64_t token);
  void TellOthers();
  std::string Name() const;

  template <typename Sentence>
  void Wrong(std::string_view what, Sentence sentence) {
    parts_.findings->Add(what, [&] { return sentence() + ": " + Name(); });
  }

  Space space_;
  std::string_view name_;
  const LockParts& parts_;
  std::map<uint64_t, TokenLife> tokens_;
  std::vector<Dead> not_live_;
  std::vector<Witness> nobody_;
  std::vector<const Operation*> queued_;        // answered with a place in line
  std::map<uint64_t, int64_t> first_asked_us_;  // by session: its first acquire
  // The first acquire that may have been granted a token that nobody was told.
  int64_t hidden_grant_us_ = std::numeric_limits<int64_t>::max();
};

}  // namespace baton::history
