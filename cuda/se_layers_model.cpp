// The work of the squeeze-and-excite layers in bytes and flops.
#include "cuda/se_layers.h"

namespace effnet::cuda {
namespace {

// Numbers of (N, C), of (N, Cs), and of a weight.
struct Sizes {
  double wide, narrow, weight, channels, squeezed;

  explicit Sizes(const SqueezeExciteShape& s)
      : wide(static_cast<double>(s.batch * s.channels)),
        narrow(static_cast<double>(s.batch * s.squeezed_channels)),
        weight(static_cast<double>(s.channels * s.squeezed_channels)),
        channels(static_cast<double>(s.channels)),
        squeezed(static_cast<double>(s.squeezed_channels)) {}
};

}  // namespace

double flops_of(const SeLayersForward& work) {
  return 4 * static_cast<double>(work.shape.batch) * Sizes(work.shape).weight;
}

double flops_of(const SeLayersBackward& work) {
  return 8 * static_cast<double>(work.shape.batch) * Sizes(work.shape).weight;
}

BytesModel bytes_of(const SeLayersForward& work) {
  const Sizes s(work.shape);
  return {
      .rest_read = 4 * (s.wide * static_cast<double>(work.parts) + 2 * s.weight + s.channels + s.squeezed),
      .rest_written = 4 * (2 * s.wide + s.narrow)};
}

BytesModel bytes_of(const SeLayersBackward& work) {
  const Sizes s(work.shape);
  const double sums = s.wide * static_cast<double>(3 * work.gate_parts + 2 * work.pool_parts);
  const double a_picture = sums + s.wide + s.narrow + 2 * s.weight, of_weights = 2 * s.wide + 2 * s.narrow;
  return {.rest_read = 4 * (a_picture + of_weights),
          .rest_written = 4 * (4 * s.wide + s.narrow + 2 * s.weight + s.channels + s.squeezed)};
}

}  // namespace effnet::cuda
