#include "kernels/mbconv.h"

namespace effnet::kernels {

double MBConvShape::forward_flops() const {
  const auto product = [](Index rows, Index in, Index out) {
    return 2.0 * static_cast<double>(rows * in * out);
  };
  double flops = depthwise.flops() + product(out_rows(), expanded(), out_channels);
  if (expands) flops += product(in_rows(), in_channels, expanded());
  if (squeezes()) flops += 2 * product(batch(), expanded(), squeezed_channels);
  return flops;
}

double MBConvShape::backward_flops() const {
  return 2 * forward_flops();
}

}  // namespace effnet::kernels
