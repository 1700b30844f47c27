// File: test_model.h
//
// The state machine told again as simply as possible: plain containers, whole scans, no rows, no
// indexes, no limits. The random tests hold it beside the real one; where they differ, one of them
// is wrong.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pkg/coord/command.h"
#include "pkg/coord/reply.h"

namespace baton::coord {

class Model {
 public:
  // The reply the command should get. Messages are not told, codes and reasons are.
  Reply Apply(int64_t stamp_ms, const Command& command);

  struct Line {
    std::optional<Holder> holder;
    std::vector<Waiter> waiters;
  };
  using LineName = std::pair<QueueKind, std::string>;

  const std::map<std::string, KeyValue>& keys() const { return keys_; }
  const std::map<SessionId, SessionInfo>& sessions() const { return sessions_; }
  const std::map<LineName, Line>& lines() const { return lines_; }
  Revision revision() const { return revision_; }
  int tickets_spent() const { return tickets_spent_; }  // retries that were executed anew

 private:
  struct Answer {
    Status status;
    ReplyBody body;
  };
  Answer Do(const AdvanceTime&) { return {}; }
  Answer Do(const KvPut& put);
  Answer Do(const KvDelete& del);
  Answer Do(const SessionCreate& create);
  Answer Do(const SessionRenew& renew);
  Answer Do(const SessionDestroy& destroy);
  Answer Do(const SessionExpire& expire);
  Answer Do(const Acquire& acquire);
  Answer Do(const Release& release);
  Answer Do(const CancelWait& cancel);
  Answer Do(const WaitExpire& expire);
  Answer Do(const Proclaim& proclaim);
  Answer Do(const CompactHistory& compact);
  Answer Do(const RaiseVersion&) { return {}; }  // all are in force

  void ListenToo(const Command& command, const Reply& reply);
  bool IsSpentTicket(const Command& command, const std::pair<CommandBody, Reply>& remembered);
  std::optional<Answer> Refuse(const std::string& key, const Precondition& precondition,
                               const std::optional<Guard>& guard) const;
  std::optional<KeyValue> Find(const std::string& key) const;
  void End(const std::vector<SessionId>& ids);
  Holder Take(SessionId session, Ticket ticket, const std::string& value);
  void HandOn(Line* line);
  Line* HeldBy(QueueKind kind, const std::string& name, SessionId session, Token token);

  std::map<std::string, KeyValue> keys_;
  std::map<SessionId, SessionInfo> sessions_;
  std::map<LineName, Line> lines_;
  std::map<std::pair<std::string, std::string>, std::pair<CommandBody, Reply>> replies_;
  Revision revision_;
  Revision compact_revision_;
  Token last_token_;
  Ticket last_ticket_;
  int64_t now_ms_ = 0;
  int64_t stamp_ms_ = 0;
  bool changed_ = false;
  int tickets_spent_ = 0;
};

}  // namespace baton::coord
