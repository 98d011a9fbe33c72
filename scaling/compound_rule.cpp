#include "scaling/compound_rule.h"

#include <algorithm>
#include <cmath>

#include "scaling/rounding.h"

namespace effnet::scaling {
namespace {

void scale_width(spec::Stage& stage, double width, int divisor) {
  if (stage.op == spec::Op::kMaxPool) return;
  stage.channels = round_channels(stage.channels, width, divisor);
  if (stage.op != spec::Op::kBottleneck) return;
  const int multiple = std::max(divisor, stage.groups);
  stage.mid_channels = round_channels(stage.mid_channels, width, multiple);
}

}  // namespace

Multipliers multipliers(const CompoundRule& rule, double phi) {
  return {std::pow(rule.alpha, phi), std::pow(rule.beta, phi), std::pow(rule.gamma, phi)};
}

double implied_phi(double base, double multiplier) {
  if (base == 1) return 0;
  return std::log(multiplier) / std::log(base);
}

spec::ArchSpec scale(const spec::ArchSpec& baseline, const Multipliers& by) {
  spec::ArchSpec scaled = baseline;
  const int divisor = baseline.channel_divisor;
  if (!baseline.fixed_ends) {
    for (spec::Stage& stage : scaled.stem) scale_width(stage, by.width, divisor);
    for (spec::Stage& stage : scaled.head) scale_width(stage, by.width, divisor);
  }
  for (std::size_t i = 0; i < scaled.stages.size(); ++i) {
    spec::Stage& stage = scaled.stages[i];
    scale_width(stage, by.width, divisor);
    const bool end = i == 0 || i + 1 == scaled.stages.size();
    if (!(baseline.fixed_ends && end)) stage.repeats = round_repeats(stage.repeats, by.depth);
  }
  scaled.resolution = round_resolution(baseline.resolution, by.resolution);
  return scaled;
}

}  // namespace effnet::scaling
