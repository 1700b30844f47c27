// File: panels.h
//
// Small pictures beside each other, each of how something grows: a line for each thing measured,
// above the same few marks. The axis begins at 0, so that what looks flat is flat.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace baton::bench {

struct PanelLine {
  std::string name;
  std::vector<double> values;  // one above each mark, from the left; at least 0
};

struct Panel {
  std::string title;
  std::vector<std::string> marks;
  std::vector<PanelLine> lines;
};

// An SVG with `columns` panels side by side. The names of the first panel's lines are the legend,
// and lines of one name have one color.
std::string PictureOfPanels(const std::vector<Panel>& panels, size_t columns,
                            const std::string& title);

// The least of 1, 2, 2.5, 5 times a power of ten that is not below `value`; 1 for nothing.
double AxisEnd(double value);

}  // namespace baton::bench
