#include "test/dashboards/units.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace baton::dashboards {
namespace {

// Three digits that mean something, and no zeros behind them.
std::string Digits(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g", value);
  std::string digits = text.data();
  if (digits.find('e') != std::string::npos) {
    std::snprintf(text.data(), text.size(), "%.0f", value);
    digits = text.data();
  }
  return digits;
}

std::string Scaled(double value, double base, std::string_view first, std::string_view units) {
  size_t step = 0;
  while (std::abs(value) >= base && step < units.size()) {
    value /= base;
    ++step;
  }
  std::string text = Digits(value);
  if (step > 0) {
    if (!first.empty()) text += ' ';
    text += units[step - 1];
    if (base == 1024) text += 'i';
  } else if (!first.empty()) {
    text += ' ';
  }
  return text + std::string(first);
}

std::string Seconds(double value) {
  const double size = std::abs(value);
  if (size == 0) return "0 s";
  if (size < 1e-3) return Digits(value * 1e6) + " µs";
  if (size < 1) return Digits(value * 1e3) + " ms";
  if (size < 120) return Digits(value) + " s";
  if (size < 7200) return Digits(value / 60) + " min";
  if (size < 172'800) return Digits(value / 3600) + " h";
  return Digits(value / 86'400) + " d";
}

}  // namespace

std::string FormatValue(std::string_view unit, double value) {
  if (unit == "s") return Seconds(value);
  if (unit == "bytes") return Scaled(value, 1024, "B", "KMGT");
  if (unit == "Bps") return Scaled(value, 1024, "B/s", "KMGT");
  if (unit == "percentunit") return Digits(value * 100) + " %";
  if (unit == "reqps" || unit == "ops") return Scaled(value, 1000, "/s", "kMG");
  if (unit == "none") return Digits(value);
  return Scaled(value, 1000, "", "kMG");
}

}  // namespace baton::dashboards
