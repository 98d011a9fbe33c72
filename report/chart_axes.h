// Explicit axes: limits and ticks are chosen here and not by the renderer, so that pixel positions are known
// while labels are placed.
#pragma once

#include <vector>

namespace effnet::report {

struct Axis {
  double low = 0, high = 1;
  std::vector<double> ticks;
};

// For positive values, logarithmic: limits on 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten with
// room on both sides.
Axis log_axis(const std::vector<double>& values);

// Ticks of 1, 2 or 5 times a power of ten, limits on a tick or half way, with room on both sides; spans at
// least `least_span`, so that noise is not blown up, and stays within `floor`..`ceiling`.
Axis linear_axis(const std::vector<double>& values, double least_span, double floor, double ceiling);

// Percent: linear within 0..100.
Axis percent_axis(const std::vector<double>& values, double least_span);

double log_position(const Axis& axis, double value, double length);     // pixels from the low end
double linear_position(const Axis& axis, double value, double length);  // pixels from the low end

}  // namespace effnet::report
