// File: picture.h
//
// A dashboard as one picture: its panels where the dashboard puts them, with the answers of a
// survey. For the pages of docs/; Grafana draws nicer ones.
#pragma once

#include <string>

#include "test/dashboards/survey.h"

namespace baton::dashboards {

// The text of an SVG file.
std::string DrawDashboard(const Survey& survey, const Window& window);

}  // namespace baton::dashboards
