// File: values_table.h
//
// values.yaml as the table of the chart's README: each value with its comment. A comment stands
// above its key and begins with the key's name and a dash: "# replicas - how many ...".
#pragma once

#include <string>
#include <vector>

namespace baton::charts {

struct ValueLine {
  std::string path;   // "image.tag"
  std::string text;   // the comment, without the name
  std::string value;  // as in the file; empty: more values lie below it
  int line = 0;
};

// Each key that has a comment, in order. A key without one is a part of the one above it, which is
// the case in pieces that are Kubernetes' own; elsewhere it is told in `problems`.
std::vector<ValueLine> ReadValues(const std::string& text, std::vector<std::string>* problems);

std::string RenderTable(const std::vector<ValueLine>& values);

// `page` with its table of values, which begins at the line "| value |", replaced.
std::string WithTable(const std::string& page, const std::string& table);

}  // namespace baton::charts
