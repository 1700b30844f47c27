// File: source.h
//
// What the rules look at: the project's files as git lists them, and what a rule has to say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton::tidy {

struct Source {
  std::string path;  // from the root, with '/'
  std::string text;

  bool HasSuffix(std::string_view suffix) const { return path.ends_with(suffix); }
  bool IsUnder(std::string_view folder) const { return path.starts_with(folder); }
  bool IsCpp() const { return HasSuffix(".cc") || HasSuffix(".h"); }
  bool IsBuild() const { return path == "BUILD" || HasSuffix("/BUILD"); }
  bool IsBash() const { return HasSuffix(".sh") || IsRunBy("bash"); }
  // Whether its first line says that `interpreter` runs it.
  bool IsRunBy(std::string_view interpreter) const {
    return text.starts_with("#!") && FirstLine().ends_with(interpreter);
  }
  // Code that never ships: tests, and what only tests link.
  bool IsTest() const;
  // "pkg/raft/log.h" -> "pkg/raft"; "" for what lies in no room.
  std::string Room() const;
  std::string_view FirstLine() const { return std::string_view(text).substr(0, text.find('\n')); }
};

struct Finding {
  std::string path;
  int line = 0;         // 0: the file as a whole
  std::string message;  // what is wrong and what to do instead
};

std::string Describe(const Finding& finding);

// "pkg/raft/log.h" -> "pkg/raft"; "" for a path with less than two folders.
std::string RoomOf(std::string_view path);

// The lines without their ends.
std::vector<std::string_view> Lines(std::string_view text);

// Every text file below `root`, a git checkout, that git tracks or would add.
std::vector<Source> ReadTree(const std::string& root);

// What a shell command prints, standard error included, and its exit code.
struct CommandOutcome {
  int exit_code = -1;
  std::string output;
};
CommandOutcome RunCommand(const std::string& command);

}  // namespace baton::tidy
