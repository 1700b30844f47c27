// File: birth.h
//
// What a node knows before it has data: the id that was drawn for its disk, and with whom it has
// promised to found a cluster (pkg/node/founding.h). Kept in the data directory, which counts as
// empty with it:
//
//   DIR/BIRTH
//     baton-birth 1
//     id 4503599627370497
//     name baton-0
//     member 4503599627370497 baton-0 baton-0.baton:7401 http://baton-0.baton:7400   (promised)
//     member ...
//     cluster 1f2e3d4c5b6a7988   (if it has heard of one)
//     begun yes                  (once there were data)
//     crc32c 1b0ac9f4
//
// It stays when there are data. If those are lost and it is not, the disk has lost its past and
// must not be taken for what it was: another id is drawn.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/node/founding.h"
#include "pkg/storage/identity.h"

namespace leveldb {
class FileLock;
}

namespace baton::storage {

class DurableEnv;

struct Birth {
  NodeId id;
  std::string name;
  node::FoundingRoster roster{};  // empty: nothing is promised
  std::string cluster_id{};       // that it has heard of: it founds no other; empty: none
  bool begun = false;             // there were data here, so without any they are lost
  friend bool operator==(const Birth&, const Birth&) = default;
};

std::string EncodeBirth(const Birth& birth);
// kCorruption; kInvalidArgument/"newer_format".
Result<Birth> DecodeBirth(std::string_view text, std::string_view path);

// A data directory, locked, before a node opens it.
class Birthplace {
 public:
  // Makes the directory if need be. Errors as DataDir::Open.
  static Result<std::unique_ptr<Birthplace>> Open(const std::string& path,
                                                  DurableEnv* env = nullptr);
  // Gives the lock back, so that DataDir::Open can take it.
  ~Birthplace();
  Birthplace(const Birthplace&) = delete;
  Birthplace& operator=(const Birthplace&) = delete;

  // Whose data are here; nothing: there are none.
  const std::optional<Identity>& identity() const { return identity_; }
  const std::optional<Birth>& birth() const { return birth_; }
  // Durable when it returns.
  Status Keep(const Birth& birth);
  // The same for `begun`, in a directory that a node has open: before that says anything.
  static Status MarkBegun(const std::string& path, DurableEnv* env = nullptr);

 private:
  Birthplace(DurableEnv* env, std::string path) : env_(env), path_(std::move(path)) {}
  Status Read();

  DurableEnv* const env_;
  const std::string path_;
  leveldb::FileLock* lock_ = nullptr;
  std::optional<Identity> identity_;
  std::optional<Birth> birth_;
};

}  // namespace baton::storage
