#include "test/bench/table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "pkg/base/check.h"

namespace baton::bench {
namespace {

// Columns, not bytes.
size_t Width(const std::string& text) {
  const auto begins = [](char c) { return (c & 0xC0) != 0x80; };
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), begins));
}

}  // namespace

std::string MarkdownTable(const std::vector<Column>& columns,
                          const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const Column& column : columns) widths.push_back(Width(column.head));
  for (const auto& row : rows) {
    CHECK_EQ(row.size(), columns.size());
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string table;
  const auto add_cell = [&](size_t i, const std::string& text) {
    const std::string room(widths[i] - Width(text), ' ');
    table += "| " + (columns[i].is_number ? room + text : text + room) + " ";
  };
  for (size_t i = 0; i < columns.size(); ++i) add_cell(i, columns[i].head);
  table += "|\n";
  for (const size_t width : widths) table += "|" + std::string(width + 2, '-');
  table += "|\n";
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) add_cell(i, row[i]);
    table += "|\n";
  }
  return table;
}

std::string ThreeDigits(std::optional<double> value) {
  if (!value.has_value()) return "-";
  const double size = std::abs(*value);
  const int decimals = size >= 100 || size == 0 ? 0 : size >= 10 ? 1 : 2;
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.*f", decimals, *value);
  return text.data();
}

}  // namespace baton::bench
