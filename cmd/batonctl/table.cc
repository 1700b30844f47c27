#include "cmd/batonctl/table.h"

#include <algorithm>

#include "cmd/cli/printable.h"
#include "pkg/base/check.h"

namespace baton::batonctl {
namespace {

// Columns of a terminal, near enough: one for each code point.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

}  // namespace

std::string RenderTable(const Table& table) {
  std::vector<std::vector<std::string>> lines = {table.columns};
  for (const auto& row : table.rows) {
    CHECK_EQ(row.size(), table.columns.size());
    lines.emplace_back();
    for (const std::string& cell : row) lines.back().push_back(cli::Printable(cell));
  }
  std::vector<size_t> widths(table.columns.size(), 0);
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], Width(line[i]));
  }
  std::string out;
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      out += line[i];
      if (i + 1 < line.size()) out.append(widths[i] - Width(line[i]) + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

}  // namespace baton::batonctl
