// File: memory_tables.h
//
// The Tables that live in memory: what tests and the simulator use. A copy is a snapshot.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "pkg/coord/tables.h"

namespace baton::coord {

class MemoryTables final : public Tables {
 public:
  using Rows = std::map<std::string, std::string, std::less<>>;

  std::optional<std::string> Get(std::string_view key) const override;
  void Put(std::string_view key, std::string_view value) override;
  void Delete(std::string_view key) override;
  void Scan(std::string_view start, std::string_view end, const Visitor& visit) const override;

  // Every row, for comparing two machines.
  const Rows& rows() const { return rows_; }

 private:
  Rows rows_;
};

}  // namespace baton::coord
