// File: baton_api.h
//
// Baton's own API (docs/api.md), as api.h wants it.
#pragma once

#include <string>
#include <vector>

#include "pkg/load/api.h"

namespace baton::load {

class BatonApi final : public Api {
 public:
  explicit BatonApi(const Settings& settings);

  void Put(uint64_t number, uint64_t variant, Outgoing to) const override;
  void PutNumbered(uint64_t number, uint64_t write, Outgoing to) const override;
  void Get(uint64_t number, Outgoing to) const override;
  void GetNewest(uint64_t number, Outgoing to) const override;
  void Delete(uint64_t number, Outgoing to) const override;
  void Watch(uint64_t number, Outgoing to) const override;
  void CreateSession(Outgoing to) const override;
  void KeepSession(std::string_view session, Outgoing to) const override;
  void CloseSession(std::string_view session, Outgoing to) const override;
  void Acquire(uint64_t lock, std::string_view session, Outgoing to) const override;
  void Release(uint64_t lock, std::string_view session, std::string_view grant,
               Outgoing to) const override;

  std::string ErrorOf(Ask ask, const AnswerView& answer) const override;
  std::string_view SessionOf(const AnswerView& answer) const override;
  std::string_view GrantOf(const AnswerView& answer) const override;
  bool IsGone(const AnswerView& answer) const override { return answer.status == 404; }
  WatchLine ReadWatchLine(std::string_view line, uint64_t* write,
                          std::string* reason) const override;
  bool WatchBeginsWithLine() const override { return false; }

 private:
  void KeyHead(std::string_view method, uint64_t number, std::string_view query, Outgoing to) const;

  const KeyNames keys_;
  const std::vector<std::string> values_;
  const std::string value_length_;  // the header line
  const std::string read_query_;
  const std::string lock_prefix_;
  const std::string wait_;  // the field of an acquire, and the end of its body
  const std::string create_body_;
};

}  // namespace baton::load
