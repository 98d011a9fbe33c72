// A step of an optimizer over all parameters of a net (training/flat_state.h), cut into pieces that threads share. What
// comes out does not depend on their number: no parameter sees another.
#pragma once

#include "cpu/parallel_for.h"

namespace effnet::cpu {

// `kernel` is KernelTable's sgd or rmsprop_tf. Weight decay reaches the first `decayed` parameters only.
void optimizer_step(const ParallelFor& parallel, void (*kernel)(const OptimizerStep&),
                    const OptimizerStep& all, Index decayed);

}  // namespace effnet::cpu
