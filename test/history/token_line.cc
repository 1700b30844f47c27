#include "test/history/token_line.h"

#include <algorithm>

#include "test/history/words.h"

namespace baton::history {
namespace {

std::string Token(uint64_t token) { return "token " + std::to_string(token); }

std::string At(const Witness& witness) {
  return "at revision " + std::to_string(witness.revision) + ", says " + Describe(witness);
}

// Somebody was let through with the token, rather than told that it holds.
bool IsUse(const Witness& witness) {
  return witness.operation != nullptr && witness.operation->kind != Kind::kAcquire &&
         witness.operation->kind != Kind::kHolder;
}

}  // namespace

std::string TokenLine::Name() const { return std::string(SpaceName(space_)) + " " + Quoted(name_); }

void TokenLine::Live(uint64_t token, uint64_t session, const Witness& witness) {
  if (token == 0) return;
  TokenLife& life = tokens_[token];
  if (session != 0 && life.session != 0 && session != life.session) {
    Wrong("token_reused", [&] {
      return Token(token) + " belongs to session " + std::to_string(life.session) +
             " and to session " + std::to_string(session) + ", says " + Describe(witness);
    });
  }
  if (session != 0) life.session = session;
  const uint64_t revision = witness.revision;
  if (revision != 0 && (life.first.revision == 0 || revision < life.first.revision)) {
    life.first = witness;
  }
  if (revision > life.last.revision) life.last = witness;
  if (!life.has_live || witness.to_us < life.soonest.to_us) life.soonest = witness;
  if (!life.has_live || witness.from_us > life.latest.from_us) life.latest = witness;
  life.has_live = true;
}

void TokenLine::NotLive(uint64_t token, uint64_t session, const Witness& witness) {
  if (token != 0 && witness.revision != 0) not_live_.push_back({token, session, witness});
}

void TokenLine::Acquire(const Operation& operation) {
  const auto [first, added] = first_asked_us_.try_emplace(operation.session, operation.call_us);
  if (!added) first->second = std::min(first->second, operation.call_us);
  const bool hidden = operation.outcome == Outcome::kUnknown ||
                      (operation.outcome == Outcome::kOk && operation.granted_token == 0);
  if (hidden) hidden_grant_us_ = std::min(hidden_grant_us_, operation.call_us);
  if (operation.outcome != Outcome::kOk) return;
  if (operation.granted_token == 0) {
    if (operation.ticket != 0) queued_.push_back(&operation);
    return;
  }
  Live(operation.granted_token, operation.session, WitnessOf(operation));
  if (operation.ticket != 0) Ticket(operation.granted_token, operation.ticket);
}

void TokenLine::Check() {
  CheckGranted();
  CheckOneHolder();
  CheckNotLive();
  CheckNobody();
  CheckEnds();
  CheckLine();
  TellOthers();
}

// Who is let through with a token that nobody is known to hold: somebody may have got it.
void TokenLine::CheckGranted() {
  for (const auto& [token, life] : tokens_) {
    if (!life.has_live || life.session != 0 || life.soonest.to_us >= hidden_grant_us_) continue;
    Wrong("token_from_nowhere", [&, of = token] {
      return Token(of) + " was live, says " + Describe(life.soonest) +
             "; but nobody can have been granted it";
    });
  }
}

void TokenLine::TwoHolders(uint64_t older, uint64_t newer, const Witness& old_live,
                           const Witness& new_live) {
  const bool use = IsUse(old_live);
  Wrong(use ? "stale_token_accepted" : "two_holders", [&] {
    return (use ? "a stale token was accepted: "
                : "two hold at once, or an older token follows: ") +
           Token(older) + " was live " + At(old_live) + "; but the later " + Token(newer) +
           " was live " + At(new_live);
  });
}

void TokenLine::CheckOneHolder() {
  uint64_t reached = 0;  // the token that was live at the greatest revision
  uint64_t latest = 0;   // the token that was live at the latest call
  for (const auto& [token, life] : tokens_) {
    if (!life.has_live) continue;
    if (reached != 0 && life.first.revision != 0 &&
        tokens_[reached].last.revision >= life.first.revision) {
      TwoHolders(reached, token, tokens_[reached].last, life.first);
    } else if (latest != 0 && tokens_[latest].latest.from_us > life.soonest.to_us) {
      TwoHolders(latest, token, tokens_[latest].latest, life.soonest);
    }
    if (reached == 0 || life.last.revision > tokens_[reached].last.revision) reached = token;
    if (latest == 0 || life.latest.from_us > tokens_[latest].latest.from_us) latest = token;
  }
}

void TokenLine::CheckNotLive() {
  for (const Dead& dead : not_live_) {
    const auto found = tokens_.find(dead.token);
    if (found == tokens_.end() || !found->second.has_live) continue;
    const TokenLife& life = found->second;
    if (dead.session != 0 && life.session != 0 && dead.session != life.session) continue;
    const uint64_t revision = dead.witness.revision;
    if (life.first.revision == 0 || revision < life.first.revision) continue;
    if (revision > life.last.revision) continue;
    const bool refused =
        dead.witness.operation != nullptr && dead.witness.operation->outcome == Outcome::kRefused;
    Wrong(refused ? "wrong_refusal" : "released_lived_on", [&] {
      return (refused ? "a live token was refused: " : "a token lived on after its end: ") +
             Token(dead.token) + " was not live " + At(dead.witness) + "; but it was live " +
             At(life.first) + ", and " + At(life.last);
    });
  }
}

void TokenLine::CheckNobody() {
  for (const Witness& witness : nobody_) {
    for (const auto& [token, life] : tokens_) {
      if (life.first.revision == 0 || witness.revision < life.first.revision) continue;
      if (witness.revision > life.last.revision) continue;
      Wrong("wrong_holder", [&] {
        return "nobody was said to hold while somebody did: " + Describe(witness) + "; but " +
               Token(token) + " was live " + At(life.first) + ", and " + At(life.last);
      });
      break;
    }
  }
}

// Each holder that is known to have ended had a reason to.
void TokenLine::CheckEnds() {
  std::map<uint64_t, Witness> ended;  // by token: the first sign
  const auto sign = [&ended](uint64_t token, const Witness& witness) {
    const auto [first, added] = ended.try_emplace(token, witness);
    if (!added && witness.revision < first->second.revision) first->second = witness;
  };
  uint64_t before = 0;
  for (const auto& [token, life] : tokens_) {
    if (life.first.revision == 0) continue;
    if (before != 0) sign(before, life.first);
    before = token;
  }
  for (const Dead& dead : not_live_) {
    const auto found = tokens_.find(dead.token);
    if (found == tokens_.end() || found->second.last.revision == 0) continue;
    const TokenLife& life = found->second;
    if (dead.session != 0 && life.session != 0 && dead.session != life.session) continue;
    if (dead.witness.revision > life.last.revision) sign(dead.token, dead.witness);
  }
  for (const Witness& witness : nobody_) {
    uint64_t last = 0;  // before nobody held
    for (const auto& [token, life] : tokens_) {
      if (life.last.revision >= witness.revision) break;
      if (life.last.revision != 0) last = token;
    }
    if (last != 0) sign(last, witness);
  }
  for (const auto& [token, witness] : ended) EndedBy(tokens_[token], witness);
}

// Released, or else its session has ended.
void TokenLine::EndedBy(const TokenLife& life, const Witness& witness) {
  for (const Operation* release : life.releases) {
    if (release->call_us > witness.to_us) continue;
    if (release->outcome == Outcome::kUnknown) return;
    if (release->revision == 0 || release->revision <= witness.revision) return;
  }
  parts_.lives->Dead(life.session, witness);
}

void TokenLine::CheckLine() {
  uint64_t last_ticket = 0;
  uint64_t last_token = 0;
  std::map<uint64_t, uint64_t> token_of;  // by ticket
  for (const auto& [token, life] : tokens_) {
    if (life.ticket == 0) continue;
    token_of[life.ticket] = token;
    if (life.ticket <= last_ticket) {
      Wrong("line_jumped", [&] {
        return "the line was not served in its order: ticket " + std::to_string(last_ticket) +
               " got " + Token(last_token) + ", and then ticket " + std::to_string(life.ticket) +
               " got " + Token(token);
      });
    }
    last_ticket = std::max(last_ticket, life.ticket);
    last_token = token;
  }
  for (const Operation* waiting : queued_) {
    const auto served = token_of.find(waiting->ticket);
    if (served != token_of.end()) CheckJumped(*waiting, served->second);
  }
}

// Who was told its place, and later got `token` in it, was in line all the time between.
void TokenLine::CheckJumped(const Operation& waiting, uint64_t token) {
  for (const auto& [other, life] : tokens_) {
    if (other >= token) break;
    const auto asked = first_asked_us_.find(life.session);
    if (life.session == 0 || asked == first_asked_us_.end()) continue;
    if (!waiting.return_us || asked->second <= *waiting.return_us) continue;
    Wrong("line_jumped", [&] {
      return "somebody was served before who had come before: session " +
             std::to_string(life.session) + " first asked at " + Seconds(asked->second) +
             " and got " + Token(other) + ", but " + Describe(waiting) + " got only " +
             Token(token);
    });
    break;
  }
  const uint64_t served_at = tokens_[token].first.revision;
  for (const Witness& witness : nobody_) {
    if (waiting.revision == 0 || witness.revision < waiting.revision) continue;
    if (witness.revision >= served_at) continue;
    Wrong("lost_wakeup", [&] {
      return "nobody held while somebody waited: " + Describe(witness) + "; but " +
             Describe(waiting) + " was in line until " + Token(token) + " at revision " +
             std::to_string(served_at);
    });
  }
}

// What follows for sessions and watches.
void TokenLine::TellOthers() {
  uint64_t free_after = 0;  // where the holder before was last seen
  for (const auto& [token, life] : tokens_) {
    if (!life.has_live) continue;
    if (life.session != 0) {
      parts_.lives->Alive(life.session, life.last);
      parts_.lives->Alive(life.session, life.latest);
    }
    if (life.first.revision == 0) continue;
    if (parts_.known != nullptr && life.first.revision > free_after) {
      parts_.known->push_back(
          {space_, name_, token, free_after + 1, life.first.revision, life.first});
    }
    free_after = std::max(free_after, life.last.revision);
  }
}

}  // namespace baton::history
