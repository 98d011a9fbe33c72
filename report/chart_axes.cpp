#include "report/chart_axes.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

namespace effnet::report {
namespace {

constexpr double kRoom = 0.05;  // of the values' span, on each side
constexpr std::array<double, 11> kLogLimits{1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10};

double log_limit_below(double value) {
  const double decade = std::pow(10, std::floor(std::log10(value)));
  double limit = decade;
  for (const double step : kLogLimits)
    if (step * decade <= value * (1 + 1e-12)) limit = step * decade;
  return limit;
}

double log_limit_above(double value) {
  const double decade = std::pow(10, std::floor(std::log10(value)));
  for (const double step : kLogLimits)
    if (step * decade >= value * (1 - 1e-12)) return step * decade;
  return 10 * decade;
}

std::vector<double> log_ticks(double low, double high, const std::vector<double>& steps) {
  std::vector<double> ticks;
  for (double decade = std::pow(10, std::floor(std::log10(low))); decade <= high; decade *= 10) {
    for (const double step : steps) {
      const double tick = step * decade;
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push_back(tick);
    }
  }
  return ticks;
}

// The finest of 1, 2, 5 times a power of ten that divides the span into at most eight.
double tick_step(double span) {
  const double rough = span / 8;
  const double decade = std::pow(10, std::floor(std::log10(rough)));
  for (const double step : {1.0, 2.0, 5.0})
    if (step * decade >= rough * (1 - 1e-9)) return step * decade;
  return 10 * decade;
}

}  // namespace

Axis log_axis(const std::vector<double>& values) {
  assert(!values.empty());
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  assert(*least > 0);
  const double room = std::max(std::pow(*most / *least, kRoom), 1.12);
  Axis axis{log_limit_below(*least / room), log_limit_above(*most * room), {}};
  const std::vector<std::vector<double>> choices{
      {1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 5, 7}, {1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8}};
  for (const auto& steps : choices) {
    axis.ticks = log_ticks(axis.low, axis.high, steps);
    if (axis.ticks.size() >= 5) break;
  }
  return axis;
}

Axis linear_axis(const std::vector<double>& values, double least_span, double floor, double ceiling) {
  assert(!values.empty());
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double missing = std::max(0.0, least_span - (*most - *least)) / 2;
  const double room = kRoom * std::max(*most - *least, least_span);
  const double low = *least - missing - room, high = *most + missing + room;
  const double step = tick_step(high - low);
  const double grain = step / 2;
  Axis axis{std::max(floor, std::floor(low / grain + 1e-9) * grain),
            std::min(ceiling, std::ceil(high / grain - 1e-9) * grain),
            {}};
  for (double tick = std::ceil(axis.low / step - 1e-9); tick * step <= axis.high + 1e-9 * step; ++tick)
    axis.ticks.push_back(tick * step);
  return axis;
}

Axis percent_axis(const std::vector<double>& values, double least_span) {
  return linear_axis(values, least_span, 0, 100);
}

double log_position(const Axis& axis, double value, double length) {
  return std::log(value / axis.low) / std::log(axis.high / axis.low) * length;
}

double linear_position(const Axis& axis, double value, double length) {
  return (value - axis.low) / (axis.high - axis.low) * length;
}

}  // namespace effnet::report
