#include "pkg/storage/sealed_text.h"

#include <charconv>
#include <cstdio>

#include "pkg/base/crc32c.h"

namespace baton::storage {
namespace {

constexpr size_t kChecksumLineBytes = 16;  // "crc32c 01234567\n"

std::string ChecksumLine(std::string_view text) {
  char line[kChecksumLineBytes + 1];
  std::snprintf(line, sizeof(line), "crc32c %08x\n", Crc32c(text));
  return line;
}

Status Corrupt(std::string_view path, std::string_view what) {
  return Status(Code::kCorruption, std::string(path) + " " + std::string(what) + ".");
}

// Whole lines of "name value" only.
bool SplitLines(std::string_view text, TextLines* lines) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return false;
    const std::string_view line = text.substr(0, end);
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) return false;
    lines->emplace_back(line.substr(0, space), line.substr(space + 1));
    text.remove_prefix(end + 1);
  }
  return !lines->empty();
}

}  // namespace

std::string SealText(std::string_view kind, uint32_t format, const TextLines& lines) {
  std::string text = std::string(kind) + " " + std::to_string(format) + "\n";
  for (const auto& [name, value] : lines) text += name + " " + value + "\n";
  return text + ChecksumLine(text);
}

Result<TextLines> UnsealText(std::string_view kind, uint32_t format, std::string_view text,
                             std::string_view path) {
  if (text.size() < kChecksumLineBytes) return Corrupt(path, "is too short");
  const std::string_view body = text.substr(0, text.size() - kChecksumLineBytes);
  if (ChecksumLine(body) != text.substr(body.size())) {
    return Corrupt(path, "has a wrong checksum");
  }
  TextLines lines;
  if (!SplitLines(body, &lines) || lines[0].first != kind) return Corrupt(path, "is malformed");
  uint32_t found = 0;
  const std::string& number = lines[0].second;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), found);
  if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size() || found == 0) {
    return Corrupt(path, "is malformed");
  }
  if (found > format) {
    return Status(Code::kInvalidArgument, "newer_format",
                  std::string(path) + " has format " + number +
                      ", written by a newer Baton; this "
                      "build reads up to " +
                      std::to_string(format) +
                      "; start the newer Baton, or give another directory.");
  }
  lines.erase(lines.begin());
  return lines;
}

}  // namespace baton::storage
