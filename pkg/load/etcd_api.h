// File: etcd_api.h
//
// etcd's HTTP gateway (3.4 and later: https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway), as
// api.h wants it: keys and values in base64, a lease for a session, a stream for a keepalive.
#pragma once

#include <string>
#include <vector>

#include "pkg/load/api.h"

namespace baton::load {

class EtcdApi final : public Api {
 public:
  explicit EtcdApi(const Settings& settings);

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

  // gRPC's codes are "grpc_N".
  std::string ErrorOf(Ask ask, const AnswerView& answer) const override;
  std::string_view SessionOf(const AnswerView& answer) const override;
  std::string_view GrantOf(const AnswerView& answer) const override;
  // A keepalive of a lease that has ended is no error of gRPC: its answer lacks the TTL.
  bool IsGone(const AnswerView& answer) const override;
  WatchLine ReadWatchLine(std::string_view line, uint64_t* write,
                          std::string* reason) const override;
  bool WatchBeginsWithLine() const override { return true; }

 private:
  void AppendKey(uint64_t number, std::string* to) const;
  uint64_t key_size() const;  // in base64
  void PutHead(uint64_t number, Outgoing to) const;
  void Range(uint64_t number, std::string_view end, Outgoing to) const;

  const KeyNames keys_;
  // The common part of the keys, as far as it makes whole groups of base64, and the rest of it.
  const std::string front_base64_;
  const std::string front_rest_;
  const std::vector<std::string> values_base64_;
  const std::string read_end_;
  const std::string create_body_;
  const std::vector<std::string> locks_base64_;
};

}  // namespace baton::load
