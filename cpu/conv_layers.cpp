#include "cpu/conv_layers.h"

#include "cpu/workspace.h"

namespace effnet::cpu {

MapSize ConvLayer::bind(MapSize in) {
  conv_.bind(in);
  return conv_.out_size();
}

void ConvLayer::run(const LayerRun& run, const float* in, float* out) const {
  conv_.run(run.parallel,
            {.in = conv_.padded(in, run.picture), .addend = residual_ ? in : nullptr, .out = out});
}

void ConvLayer::run_sum(const LayerRun& run, const float* in, float* sum) const {
  conv_.run(run.parallel,
            {.in = conv_.padded(in, run.picture), .addend = residual_ ? in : nullptr, .sum = sum});
}

MapSize FusedLayer::bind(MapSize in) {
  expand_.bind(in);
  project_.bind(expand_.out_size());
  return project_.out_size();
}

Index FusedLayer::picture_memory() const {
  return Carver::size_of(expand_.padded_size()) + Carver::size_of(expand_.out_size_in_floats());
}

void FusedLayer::run(const LayerRun& run, const float* in, float* out) const {
  Carver carver(run.picture);
  const float* padded = expand_.padded(in, carver.take(expand_.padded_size()));
  float* wide = carver.take(expand_.out_size_in_floats());
  expand_.run(run.parallel, {.in = padded, .out = wide});
  project_.run(run.parallel, {.in = wide, .addend = residual_ ? in : nullptr, .out = out});
}

}  // namespace effnet::cpu
