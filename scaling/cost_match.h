// A net of somebody else's shape at the size of ours: published shapes are shrunk or grown until their cost
// is nearest to a wanted one, so that nets of different design are compared at equal cost.
#pragma once

#include "scaling/coefficient_grid.h"
#include "scaling/compound_rule.h"

namespace effnet::scaling {

// `arch` scaled by `rule` at the phi (steps of 0.02 within -40 .. 40) whose realised cost is nearest to
// `wanted` (in log); ties go to the smaller |phi|. The resolution stays: gamma of `rule` is not used.
spec::ArchSpec match_cost(const spec::ArchSpec& arch, const CompoundRule& rule, spec::CostKind kind,
                          double wanted);

}  // namespace effnet::scaling
