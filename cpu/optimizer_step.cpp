#include "cpu/optimizer_step.h"

#include <algorithm>

namespace effnet::cpu {
namespace {

constexpr Index kPiece = 32 * 1024;

float* moved(float* pointer, Index by) {
  return pointer ? pointer + by : nullptr;
}

OptimizerStep part_of(const OptimizerStep& all, Range range) {
  OptimizerStep part = all;
  part.count = range.size();
  for (float** pointer :
       {&part.parameters, &part.gradients, &part.momentum, &part.mean_square, &part.average})
    *pointer = moved(*pointer, range.first);
  return part;
}

}  // namespace

void optimizer_step(const ParallelFor& parallel, void (*kernel)(const OptimizerStep&),
                    const OptimizerStep& all, Index decayed) {
  parallel.run((all.count + kPiece - 1) / kPiece, [&](Index piece, int) {
    const Range range{piece * kPiece, std::min((piece + 1) * kPiece, all.count)};
    const Index border = std::clamp(decayed, range.first, range.last);
    kernel(part_of(all, {range.first, border}));
    OptimizerStep spared = part_of(all, {border, range.last});
    spared.weight_decay = 0;
    kernel(spared);
  });
}

}  // namespace effnet::cpu
