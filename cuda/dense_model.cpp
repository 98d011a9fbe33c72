// The work of the dense convolution's kernels in bytes and flops.
#include "cuda/dense_forward.h"
#include "cuda/dense_input_gradient.h"
#include "cuda/dense_weight_gradient.h"

namespace effnet::cuda {
namespace {

// Rows (or columns) of x of `size` that lie under a tap: those between windows and behind the last do not.
Index rows_seen(Index size, Index outs, int kernel, int stride, Index pad) {
  Index seen = 0;
  for (Index at = 0; at < size; ++at) {
    for (Index tap = (at + pad) % stride; tap < kernel; tap += stride) {
      const Index out = (at + pad - tap) / stride;
      if (out < 0 || out >= outs) continue;
      ++seen;
      break;
    }
  }
  return seen;
}

// Numbers of the shape in double; maps in bytes.
struct Counts {
  double in, out, weights, x, seen_of_x, y;

  Counts(const ConvShape& s, Storage storage)
      : in(static_cast<double>(s.in_channels)),
        out(static_cast<double>(s.out_channels)),
        weights(static_cast<double>(s.patch() * s.out_channels)),
        x(static_cast<double>(s.batch * s.in_pixels() * s.in_channels)),
        seen_of_x(static_cast<double>(s.batch * s.in_channels *
                                      rows_seen(s.height, s.out_height, s.kernel, s.stride, s.pad_top) *
                                      rows_seen(s.width, s.out_width, s.kernel, s.stride, s.pad_left))),
        y(static_cast<double>(s.batch * s.out_pixels() * s.out_channels)) {
    const auto size = static_cast<double>(bytes_of(storage));
    x *= size;
    seen_of_x *= size;
    y *= size;
  }
};

double stored_weights(const Counts& n, Storage storage) {
  return n.weights * static_cast<double>(bytes_of(storage));
}

}  // namespace

Index moment_parts(const DenseForward& work) {
  return plan_dense_forward(work.shape, work.storage).walk.parts;
}

Index gradient_parts(const DenseInputGradient& work) {
  return plan_dense_input_gradient(work.shape, work.storage).walk.parts;
}

Index weight_gradient_parts(const DenseWeightGradient& work) {
  return plan_dense_weight_gradient(work.shape, work.storage).walk.parts;
}

double flops_of(const DenseForward& work) {
  return work.shape.flops();
}

double flops_of(const DenseInputGradient& work) {
  return work.shape.flops();
}

double flops_of(const DenseWeightGradient& work) {
  return work.shape.flops();
}

BytesModel bytes_of(const DenseForward& work) {
  const Counts n(work.shape, work.storage);
  BytesModel bytes{.maps_read = n.seen_of_x,
                   .maps_written = n.y,
                   .rest_read = stored_weights(n, work.storage) + 4 * n.in * (work.scale ? 2 : 0)};
  if (work.moments) bytes.rest_written = 4 * 3 * n.out * static_cast<double>(moment_parts(work));
  return bytes;
}

BytesModel bytes_of(const DenseInputGradient& work) {
  const Counts n(work.shape, work.storage);
  BytesModel bytes{.maps_read = n.y * (work.y ? 2 : 1) + (work.scale ? n.x : 0),
                   .maps_written = n.x,
                   .rest_read = stored_weights(n, work.storage) + 4 * n.out * (work.y ? 3 : 0) +
                                4 * n.in * ((work.scale ? 2 : 0) + (work.sums ? 1 : 0))};
  if (work.sums) bytes.rest_written = 4 * 2 * n.in * static_cast<double>(gradient_parts(work));
  return bytes;
}

BytesModel bytes_of(const DenseWeightGradient& work) {
  const Counts n(work.shape, work.storage);
  const double parts = 4 * n.weights * static_cast<double>(weight_gradient_parts(work));
  return {.maps_read = n.y * (work.y ? 2 : 1) + n.seen_of_x,
          .rest_read = 4 * n.out * (work.y ? 3 : 0) + 4 * n.in * (work.scale ? 2 : 0) + parts,
          .rest_written = parts + 4 * n.weights};
}

}  // namespace effnet::cuda
