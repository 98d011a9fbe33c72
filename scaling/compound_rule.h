// Compound scaling (arXiv 1905.11946 eq. 3): depth alpha^phi, width beta^phi, resolution gamma^phi, with
// alpha * beta^2 * gamma^2 ~ 2, so that the cost of an unrounded net grows as 2^phi. Rounding breaks that
// (phi = 1 of the published rule costs 2.57 times B0, not 1.92), so the cost that counts is always that of
// the realised net.
#pragma once

#include "spec/arch_spec.h"

namespace effnet::scaling {

struct Multipliers {
  double depth = 1;
  double width = 1;
  double resolution = 1;
};

struct CompoundRule {
  double alpha = 1.2;
  double beta = 1.1;
  double gamma = 1.15;

  double product() const { return alpha * beta * beta * gamma * gamma; }
  bool operator==(const CompoundRule&) const = default;
};

Multipliers multipliers(const CompoundRule& rule, double phi);

// log_base(multiplier); 0 where the base is 1 (that dimension does not scale).
double implied_phi(double base, double multiplier);

// Rounds as scaling/rounding.h does. With arch.fixed_ends stem, head and the depth of the first and last
// stage stay.
spec::ArchSpec scale(const spec::ArchSpec& baseline, const Multipliers& multipliers);

}  // namespace effnet::scaling
