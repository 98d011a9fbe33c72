// The work of the depthwise kernels in bytes and flops.
#include "cuda/depthwise_backward.h"
#include "cuda/depthwise_forward.h"

namespace effnet::cuda {

Index moment_parts(const DepthwiseShape& shape) {
  return plan_forward(shape).parts;
}

Index gradient_parts(const DepthwiseShape& shape) {
  return plan_backward(shape).parts;
}

double flops_of(const DepthwiseForward& work) {
  return work.shape.flops();
}

double flops_of(const DepthwiseBackward& work) {
  return 2 * work.shape.flops();
}

BytesModel bytes_of(const DepthwiseForward& work) {
  const DepthwiseShape& s = work.shape;
  const auto channels = static_cast<double>(s.channels), size = static_cast<double>(bytes_of(work.storage));
  const double taps = static_cast<double>(s.kernel) * s.kernel;
  BytesModel bytes;
  bytes.maps_read = static_cast<double>(s.in_rows()) * channels * size;
  bytes.maps_written = static_cast<double>(s.out_rows()) * channels * size;
  bytes.rest_read = 4 * channels * (taps + (work.scale ? 2 : 0));
  if (work.moments) bytes.rest_written = 4 * 3 * channels * static_cast<double>(moment_parts(s));
  return bytes;
}

BytesModel bytes_of(const DepthwiseBackward& work) {
  const DepthwiseShape& s = work.shape;
  const auto channels = static_cast<double>(s.channels), size = static_cast<double>(bytes_of(work.storage));
  const double taps = static_cast<double>(s.kernel) * s.kernel,
               parts = static_cast<double>(gradient_parts(s));
  const double x = static_cast<double>(s.in_rows()) * channels * size;
  const double y = static_cast<double>(s.out_rows()) * channels * size;
  BytesModel bytes;
  bytes.maps_read = y * (work.y ? 2 : 1) + x * (work.addend ? 2 : 1);
  bytes.maps_written = x;
  const double numbers = (work.y ? 3 : 0) + (work.scale ? 2 : 0) + (work.sums ? 1 : 0) + (work.gate ? 2 : 0);
  const double of_pictures = work.gate ? 2 * static_cast<double>(s.batch) : 0;
  bytes.rest_read =
      4 * channels * (taps + numbers + of_pictures) + 4 * channels * taps * parts;  // the second stage's too
  bytes.rest_written = 4 * channels * ((taps + (work.sums ? 2 : 0)) * parts + taps);
  return bytes;
}

}  // namespace effnet::cuda
