// How the stem's work is cut, and what it is in bytes and flops.
#include <stdexcept>
#include <string>

#include "cuda/stem.h"

namespace effnet::cuda {
namespace {

RowPlan plan_of(const ConvShape& s, Storage storage) {
  if (const char* why = stem_refusal(s)) throw std::invalid_argument(std::string("CUDA stem: ") + why);
  return plan_rows({s.batch, s.out_pixels(), s.out_channels}, storage, RowCut::kMap);
}

double size_of(Storage storage) {
  return static_cast<double>(bytes_of(storage));
}

double picture_values(const ConvShape& s) {
  return static_cast<double>(s.batch * s.in_pixels() * s.in_channels);
}

double map_values(const ConvShape& s) {
  return static_cast<double>(s.batch * s.out_pixels() * s.out_channels);
}

double weight_values(const ConvShape& s) {
  return static_cast<double>(s.patch() * s.out_channels);
}

}  // namespace

const char* stem_refusal(const ConvShape& s) {
  constexpr Index kMost = Index{1} << 31;
  if (s.kernel != 3 || (s.in_channels != 1 && s.in_channels != 3))
    return "only 3 x 3 on one or three channels has a kernel";
  if (s.out_channels % 8 != 0) return "only channels that are multiples of 8 have a kernel";
  if (s.in_pixels() * s.in_channels >= kMost || s.out_pixels() * s.out_width >= kMost)
    return "pictures are too large for the kernel";
  return nullptr;
}

RowPlan stem_forward_plan(const ConvShape& shape, Storage storage) {
  return plan_of(shape, storage);
}

RowPlan stem_backward_plan(const ConvShape& shape) {
  return plan_of(shape, Storage::kFloat);
}

Index stem_moment_parts(const ConvShape& shape, Storage storage) {
  return stem_forward_plan(shape, storage).parts;
}

Index stem_gradient_parts(const ConvShape& shape) {
  return stem_backward_plan(shape).parts;
}

double flops_of(const StemForward& work) {
  return work.shape.flops();
}

double flops_of(const StemBackward& work) {
  return work.shape.flops();
}

BytesModel bytes_of(const StemForward& work) {
  const ConvShape& s = work.shape;
  BytesModel bytes{.maps_read = picture_values(s) * size_of(work.storage),
                   .maps_written = map_values(s) * size_of(work.storage),
                   .rest_read = 4 * weight_values(s)};
  if (work.moments)
    bytes.rest_written = 4 * 3 * static_cast<double>(stem_moment_parts(s, work.storage) * s.out_channels);
  return bytes;
}

BytesModel bytes_of(const StemBackward& work) {
  const ConvShape& s = work.shape;
  const double parts = 4 * weight_values(s) * static_cast<double>(stem_gradient_parts(s));
  return {.maps_read = (picture_values(s) + 2 * map_values(s)) * size_of(work.storage),
          .rest_read = 4 * 3 * static_cast<double>(s.out_channels) + parts,  // the second stage's too
          .rest_written = parts + 4 * weight_values(s)};
}

}  // namespace effnet::cuda
