// File: table.h
//
// Tables of text that are Markdown as well: what a program prints can go into a page as it is.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace baton::bench {

struct Column {
  std::string head;
  bool is_number = false;  // to the right
};

// All columns of one width; a row has as many cells as there are columns (CHECK).
std::string MarkdownTable(const std::vector<Column>& columns,
                          const std::vector<std::vector<std::string>>& rows);

// Three digits that count: "12345", "123", "1.23". Nothing: "-".
std::string ThreeDigits(std::optional<double> value);

}  // namespace baton::bench
