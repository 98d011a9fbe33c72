#include "scaling/cost_match.h"

#include <cmath>
#include <limits>

#include "scaling/cost_model.h"

namespace effnet::scaling {

spec::ArchSpec match_cost(const spec::ArchSpec& arch, const CompoundRule& rule, spec::CostKind kind,
                          double wanted) {
  constexpr int kSteps = 2000;
  constexpr double kStep = 0.02;
  spec::ArchSpec best = arch;
  double best_distance = std::numeric_limits<double>::infinity();
  const auto consider = [&](double phi) {
    Multipliers by = multipliers(rule, phi);
    by.resolution = 1;
    const spec::ArchSpec scaled = scale(arch, by);
    for (const spec::Stage& stage : scaled.stages) {
      if (stage.channels > 65536 || stage.repeats > 1024) return;
    }
    const double distance =
        std::abs(std::log(static_cast<double>(spec::cost_of(count(scaled).total, kind)) / wanted));
    if (distance < best_distance - 1e-12) {
      best_distance = distance;
      best = scaled;
    }
  };
  for (int i = 0; i <= kSteps; ++i) {
    consider(-i * kStep);
    consider(i * kStep);
  }
  return best;
}

}  // namespace effnet::scaling
