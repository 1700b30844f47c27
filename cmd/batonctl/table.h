// File: table.h
//
// Answers for people: a header line, aligned columns, nothing that a value could break.
#pragma once

#include <string>
#include <vector>

namespace baton::batonctl {

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // each as long as `columns`
};

// Columns are two spaces apart; the last one is not padded. Cells are shown as cli::Printable shows
// them, so that a stored value cannot steer a terminal.
std::string RenderTable(const Table& table);

}  // namespace baton::batonctl
