// The grid of arXiv 1905.11946 step 1 (its range and step were never published): all (alpha, beta, gamma) on
// a decimal grid with |alpha * beta^2 * gamma^2 - target| <= tolerance, in exact integer arithmetic, boundary
// included; then the nets these coefficients really make at phi = 1, and which of them may be compared at
// equal cost.
#pragma once

#include <string>
#include <vector>

#include "scaling/compound_rule.h"
#include "scaling/decimal.h"
#include "spec/cost.h"

namespace effnet::scaling {

struct Range {
  Decimal low, high;
};

// "1:2" -> 1 .. 2; "1.2" -> 1.2 .. 1.2.
Range parse_range(std::string_view text, std::string_view where);

struct CoefficientGrid {
  Range alpha{{10'000}, {20'000}};
  Range beta{{10'000}, {15'000}};
  Range gamma{{10'000}, {15'000}};
  Decimal step{500};
  Decimal tolerance{800};
  Decimal target{20'000};
};

// In order of alpha, then beta, then gamma. Error{kUsage} for an empty or senseless range.
std::vector<CompoundRule> grid_points(const CoefficientGrid& grid);

// One net that grid points make of a baseline at phi = 1; several points may round to the same net.
struct RealisedNet {
  spec::ArchSpec arch;
  spec::Cost cost;
  double cost_ratio = 1;            // to the baseline, in the chosen kind
  std::vector<CompoundRule> rules;  // the points that make it; the first is the nearest to the target product
};

// Distinct nets in order of their cost, then text.
std::vector<RealisedNet> realise(const spec::ArchSpec& baseline, const CoefficientGrid& grid,
                                 spec::CostKind kind);

// The nets that may be compared as equals, out of nets in order of cost: a window whose dearest net costs at most
// `spread` (0.05: 5 %) more than its cheapest. Among the windows of at least `enough` nets the one nearest to
// `wanted_ratio`; where no window has so many, the one with the most. `enough` 0 stands for the most there is.
std::vector<RealisedNet> comparable(const std::vector<RealisedNet>& nets, double spread, double wanted_ratio,
                                    std::size_t enough);

// At most `limit` nets that differ most in how the cost was spent: starts at the most even split between the
// three dimensions, then adds the net farthest (in log alpha, 2 log beta, 2 log gamma) from those taken.
std::vector<RealisedNet> spread_out(const std::vector<RealisedNet>& nets, std::size_t limit);

}  // namespace effnet::scaling
