// The work of the pointwise kernels in bytes and flops.
#include "cuda/pointwise_backward.h"
#include "cuda/pointwise_forward.h"

namespace effnet::cuda {
namespace {

PointwisePlan plan_of(const PointwiseForward& work) {
  return plan_forward(work.shape, work.storage, work.gate != nullptr);
}

PointwisePlan plan_of(const PointwiseBackward& work) {
  return plan_backward(work.shape, work.storage, work.gate != nullptr);
}

// Numbers of the shape in double.
struct Counts {
  double batch, in, out, rows, size;

  Counts(const PointwiseShape& s, Storage storage)
      : batch(static_cast<double>(s.batch)),
        in(static_cast<double>(s.in_channels)),
        out(static_cast<double>(s.out_channels)),
        rows(static_cast<double>(s.rows())),
        size(static_cast<double>(bytes_of(storage))) {}
};

}  // namespace

Index moment_parts(const PointwiseForward& work) {
  return plan_of(work).walk.parts;
}

Index gradient_parts(const PointwiseBackward& work) {
  const PointwisePlan plan = plan_of(work);
  return static_cast<Index>(plan.walk.parts) * plan.splits;
}

Index gate_parts(const PointwiseBackward& work) {
  const PointwisePlan plan = plan_of(work);
  return static_cast<Index>(plan.walk.segments) * plan.splits;
}

Index weight_gradient_parts(const PointwiseBackward& work) {
  return plan_of(work).walk.parts;
}

double flops_of(const PointwiseForward& work) {
  return work.shape.flops();
}

double flops_of(const PointwiseBackward& work) {
  return 2 * work.shape.flops();
}

BytesModel bytes_of(const PointwiseForward& work) {
  const Counts n(work.shape, work.storage);
  BytesModel bytes;
  bytes.maps_read = n.rows * n.size * (n.in + (work.residual ? n.out : 0));
  bytes.maps_written = n.rows * n.size * n.out;
  bytes.rest_read = n.in * n.out * n.size + 4 * n.in * (work.scale ? 2 : 0) +
                    4 * n.batch * n.in * (work.gate ? 1 : 0) + 4 * n.out * (work.bias ? 1 : 0);
  if (work.moments) bytes.rest_written = 4 * 3 * n.out * static_cast<double>(moment_parts(work));
  return bytes;
}

BytesModel bytes_of(const PointwiseBackward& work) {
  const Counts n(work.shape, work.storage);
  const double weight_parts = n.in * n.out * static_cast<double>(weight_gradient_parts(work));
  BytesModel bytes;
  bytes.maps_read = n.rows * n.size * (n.out * (work.y ? 2 : 1) + n.in * (work.addend ? 2 : 1));
  bytes.maps_written = n.rows * n.size * n.in;
  const double numbers = (work.scale ? 2 : 0) + (work.mean ? 1 : 0);
  bytes.rest_read = n.in * n.out * n.size + 4 * n.out * (work.y ? 3 : 0) + 4 * n.in * numbers +
                    4 * n.batch * n.in * (work.gate ? 1 : 0) + 4 * weight_parts;  // the second stage's too
  bytes.rest_written = 4 * (weight_parts + n.in * n.out);
  if (work.sums) bytes.rest_written += 4 * 2 * n.in * static_cast<double>(gradient_parts(work));
  if (work.gate) bytes.rest_written += 4 * 3 * n.in * n.batch * static_cast<double>(gate_parts(work));
  return bytes;
}

}  // namespace effnet::cuda
