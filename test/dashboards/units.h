// File: units.h
//
// Numbers as a dashboard writes them, by Grafana's names of units.
#pragma once

#include <string>
#include <string_view>

namespace baton::dashboards {

// FormatValue("bytes", 3 << 20) is "3 MiB". Units: "none", "short", "s", "bytes", "Bps",
// "percentunit", "reqps", "ops"; others are written as "short" is.
std::string FormatValue(std::string_view unit, double value);

}  // namespace baton::dashboards
