// File: data_verify.h
//
// Looks at everything in a data directory and says of each part whether it is what a node wrote.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/raft/types.h"
#include "pkg/storage/data_reader.h"

namespace baton::storage {

struct Finding {
  std::string part;          // "identity", "watermark", "log files", ...
  bool damaged = false;      // or repaired, and lacking what was acknowledged
  std::string found = {};    // one sentence: what is there, or where it is damaged
  std::string meaning = {};  // only when damaged: what the node makes of it
  std::string advice = {};   // only when damaged: what to do
};

struct VerifyReport {
  std::optional<Identity> identity;
  std::vector<Finding> findings;  // in the order of the parts of data_dir.h, one line each
  bool damaged() const;
};

// What only those know who wrote the bytes.
struct ContentChecks {
  // Not OK: the data of this entry is nothing that a node proposes.
  std::function<Status(const raft::Entry&)> entry;
  // Not OK: a row that no state machine writes.
  std::function<Status(std::string_view key, std::string_view value)> row;
  // The applied index, if this row holds it.
  std::function<std::optional<Index>(std::string_view key, std::string_view value)> applied;
};

// Reads all of it, in bounded memory: as long as the disk takes.
VerifyReport VerifyDataDir(DataReader* reader, const ContentChecks& checks);

}  // namespace baton::storage
