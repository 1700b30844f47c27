// File: api.h
//
// How a coordination service is asked over HTTP/1.1 and how its answers are read: what the load
// generator must know of Baton, and of etcd's gateway, so that both get the same load. Requests are
// appended as bytes that are ready to be sent; all that does not change from one to the next was
// made before. Constant after construction: any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/load/settings.h"

namespace baton::load {

// Where a request is written to, and who it is for.
struct Outgoing {
  std::string_view host;  // the Host header
  std::string* bytes = nullptr;
};

enum class Ask {
  kPut,
  kGet,
  kDelete,
  kCreate,  // a session
  kKeepalive,
  kClose,
  kAcquire,
  kRelease,
  kWatch,
};

struct AnswerView {
  int status = 0;
  std::string_view body;  // its beginning (AnswerReader::kBodyKeptMax)
};

class Api {
 public:
  // `settings` must be good (CheckSettings).
  static std::unique_ptr<Api> Create(const Settings& settings);
  virtual ~Api() = default;

  // Key `number` of the run, below settings.keys. `variant` chooses one of a few prepared values.
  virtual void Put(uint64_t number, uint64_t variant, Outgoing to) const = 0;
  // A value that begins with `write` in twelve digits (ReadWriteNumber).
  virtual void PutNumbered(uint64_t number, uint64_t write, Outgoing to) const = 0;
  virtual void Get(uint64_t number, Outgoing to) const = 0;
  // Never stale, whatever the settings say.
  virtual void GetNewest(uint64_t number, Outgoing to) const = 0;
  virtual void Delete(uint64_t number, Outgoing to) const = 0;
  virtual void Watch(uint64_t number, Outgoing to) const = 0;
  virtual void CreateSession(Outgoing to) const = 0;
  virtual void KeepSession(std::string_view session, Outgoing to) const = 0;
  virtual void CloseSession(std::string_view session, Outgoing to) const = 0;
  // Waits in line for settings.timeout_ms.
  virtual void Acquire(uint64_t lock, std::string_view session, Outgoing to) const = 0;
  virtual void Release(uint64_t lock, std::string_view session, std::string_view grant,
                       Outgoing to) const = 0;

  // Empty: the answer says that it was done. Else the reason, for counting.
  virtual std::string ErrorOf(Ask ask, const AnswerView& answer) const = 0;
  // Of an answer without an error: what Release, KeepSession and CloseSession are given. Empty: it
  // is not there.
  virtual std::string_view SessionOf(const AnswerView& answer) const = 0;
  virtual std::string_view GrantOf(const AnswerView& answer) const = 0;
  // Whether an error means that what was to be undone is not there any more.
  virtual bool IsGone(const AnswerView& answer) const = 0;

  // One line of a watch.
  enum class WatchLine { kBegun, kEvent, kOther, kEnded };
  // `*write`: the number of a kEvent. `*reason`: of a kEnded.
  virtual WatchLine ReadWatchLine(std::string_view line, uint64_t* write,
                                  std::string* reason) const = 0;
  // Whether the first line of a watch says that it has begun; else the head of the answer does.
  virtual bool WatchBeginsWithLine() const = 0;
};

// The keys of a run: prefix, zeros, number, all of one size.
class KeyNames {
 public:
  KeyNames(const std::string& prefix, uint64_t keys, uint64_t key_size);

  void Append(uint64_t number, std::string* to) const;
  const std::string& front() const { return front_; }  // what all have in common
  uint64_t width() const { return width_; }
  uint64_t size() const { return front_.size() + width_; }

 private:
  std::string front_;
  uint64_t width_ = 0;
};

// A few values of one size, of letters that do not repeat, so that no compression flatters the
// server. At most 16, and no more than 4 MiB together unless it is one.
std::vector<std::string> MakeValues(uint64_t size, uint64_t seed);

inline constexpr uint64_t kWriteDigits = 12;
// `number` in so many digits, with zeros in front.
void AppendDigits(uint64_t number, uint64_t digits, std::string* to);
// The number of the write that a value begins with. False: it begins with something else.
bool ReadWriteNumber(std::string_view value, uint64_t* write);

// The name of lock `number`: the prefix in one segment of a path, and the number.
std::string LockName(const std::string& prefix, uint64_t number);

}  // namespace baton::load
