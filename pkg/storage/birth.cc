#include "pkg/storage/birth.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "pkg/storage/directory.h"
#include "pkg/storage/env.h"
#include "pkg/storage/files.h"
#include "pkg/storage/log_database.h"
#include "pkg/storage/sealed_text.h"

namespace baton::storage {
namespace {

constexpr std::string_view kKind = "baton-birth";
constexpr uint32_t kFormat = 1;
constexpr size_t kBytesMax = 64 * 1024;
constexpr char kNothing[] = "-";

std::string OrNothing(const std::string& text) { return text.empty() ? kNothing : text; }

NodeId ParseId(std::string_view text) {
  uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc() && end == text.data() + text.size() ? NodeId(id) : NodeId();
}

// "ID NAME ADDRESS URL".
node::HelloMember ParseMember(std::string_view text) {
  std::string words[4];
  for (std::string& word : words) {
    const size_t end = std::min(text.find(' '), text.size());
    word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word == kNothing) word.clear();
  }
  return {.id = ParseId(words[0]), .info = {words[1], words[2], words[3]}};
}

}  // namespace

std::string EncodeBirth(const Birth& birth) {
  TextLines lines = {{"id", std::to_string(birth.id.value())}, {"name", birth.name}};
  for (const node::HelloMember& member : birth.roster) {
    lines.emplace_back("member", std::to_string(member.id.value()) + " " +
                                     OrNothing(member.info.name) + " " +
                                     OrNothing(member.info.peer_address) + " " +
                                     OrNothing(member.info.client_url));
  }
  if (!birth.cluster_id.empty()) lines.emplace_back("cluster", birth.cluster_id);
  if (birth.begun) lines.emplace_back("begun", "yes");
  return SealText(kKind, kFormat, lines);
}

Result<Birth> DecodeBirth(std::string_view text, std::string_view path) {
  const Result<TextLines> lines = UnsealText(kKind, kFormat, text, path);
  if (!lines.ok()) return lines.status();
  Birth birth;
  bool good = true;
  for (const auto& [name, value] : *lines) {
    if (name == "id") {
      birth.id = ParseId(value);
    } else if (name == "name") {
      birth.name = value;
    } else if (name == "cluster") {
      birth.cluster_id = value;
    } else if (name == "begun") {
      birth.begun = true;
    } else if (name == "member") {
      birth.roster.push_back(ParseMember(value));
      const node::HelloMember& member = birth.roster.back();
      good = good && member.id && node::CheckMemberInfo(member.info).ok();
    }
  }
  // One form only: what it means must be written exactly so.
  if (!good || !birth.id || EncodeBirth(birth) != text) {
    return Status(Code::kCorruption, std::string(path) + " is malformed.");
  }
  return birth;
}

Result<std::unique_ptr<Birthplace>> Birthplace::Open(const std::string& path, DurableEnv* env) {
  if (path.empty()) return Status(Code::kInvalidArgument, "The data directory has no name.");
  if (env == nullptr) env = PosixEnv();
  BATON_RETURN_IF_ERROR(MakeDirectories(env, path));
  std::unique_ptr<Birthplace> place(new Birthplace(env, path));
  // Look before the lock: LOCK must not be made in a directory that is not ours.
  const Result<DirectoryContent> content = ClassifyDirectory(env, path);
  if (!content.ok()) return content.status();
  BATON_RETURN_IF_ERROR(LockDirectory(env, path, &place->lock_));
  BATON_RETURN_IF_ERROR(place->Read());
  return place;
}

Birthplace::~Birthplace() {
  if (lock_ != nullptr) (void)env_->UnlockFile(lock_);
}

Status Birthplace::Read() {
  const Result<DirectoryContent> content = ClassifyDirectory(env_, path_);
  if (!content.ok()) return content.status();
  if (*content == DirectoryContent::kHalfRestored) return RestoreInterrupted(path_);
  const std::string birth_path = JoinPath(path_, kBirthName);
  if (env_->FileExists(birth_path)) {
    const Result<std::string> text = ReadWholeFile(env_, birth_path, kBytesMax);
    if (!text.ok()) return text.status();
    Result<Birth> birth = DecodeBirth(*text, birth_path);
    // With data beside it, it is needed no more; without, nothing was promised that is not known
    // under this id alone, and a new disk begins with a new one.
    if (!birth.ok() && birth.status().code() != Code::kCorruption) return birth.status();
    if (birth.ok()) birth_ = *std::move(birth);
  }
  if (*content != DirectoryContent::kBaton) return Status::Ok();
  const std::string path = JoinPath(path_, kIdentityName);
  const Result<std::string> text = ReadWholeFile(env_, path, kSealedTextBytesMax);
  Result<Identity> identity =
      text.ok() ? DecodeIdentityFile(*text, path) : Result<Identity>(text.status());
  if (!identity.ok() && identity.status().reason() != "newer_format") {
    identity = OwnerOfLog(env_, path_);
  }
  if (!identity.ok()) return identity.status();
  identity_ = *std::move(identity);
  return Status::Ok();
}

Status Birthplace::MarkBegun(const std::string& path, DurableEnv* env) {
  if (env == nullptr) env = PosixEnv();
  const std::string birth_path = JoinPath(path, kBirthName);
  if (!env->FileExists(birth_path)) return Status::Ok();  // known by a number given by hand
  const Result<std::string> text = ReadWholeFile(env, birth_path, kBytesMax);
  if (!text.ok()) return text.status();
  Result<Birth> birth = DecodeBirth(*text, birth_path);
  if (birth.status().code() == Code::kCorruption) return Status::Ok();  // draws another id, too
  if (!birth.ok()) return birth.status();
  if (birth->begun) return Status::Ok();
  birth->begun = true;
  return WriteFileDurably(env, path, kBirthName, EncodeBirth(*birth));
}

Status Birthplace::Keep(const Birth& birth) {
  BATON_RETURN_IF_ERROR(KeepDirectoryName(env_, path_));
  BATON_RETURN_IF_ERROR(WriteFileDurably(env_, path_, kBirthName, EncodeBirth(birth)));
  birth_ = birth;
  return Status::Ok();
}

}  // namespace baton::storage
