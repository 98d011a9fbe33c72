// How fast a net trains here: pictures a second of whole training steps (forward, backward, optimizer,
// average) on synthetic pictures. The shortest step counts, because machines are shared and noise only ever
// adds.
#pragma once

#include <atomic>

#include "spec/arch_spec.h"
#include "spec/recipe.h"
#include "training/compute.h"

namespace effnet::training {

struct MeasureOptions {
  spec::ArchSpec arch;
  spec::Recipe recipe;  // its batch_size is the step's
  double seconds = 3;   // wall clock in all; at least three steps are made
  Compute compute;
};

struct Throughput {
  double pictures_per_second = 0;         // of the shortest step
  double median_pictures_per_second = 0;  // of the middle one
  int steps = 0;
};

Throughput measure_training(const MeasureOptions& options);

}  // namespace effnet::training
