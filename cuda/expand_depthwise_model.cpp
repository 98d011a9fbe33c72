// The work of expand_depthwise in bytes and flops.
#include "cuda/expand_depthwise.h"

namespace effnet::cuda {
namespace {

ExpandDepthwisePlan plan_of(const ExpandDepthwise& work) {
  return plan_expand_depthwise(work.shape, work.in_channels, work.storage);
}

}  // namespace

Index sum_parts(const ExpandDepthwise& work) {
  return plan_of(work).tiles();
}

double flops_of(const ExpandDepthwise& work) {
  const ExpandDepthwisePlan plan = plan_of(work);
  const double pixels = static_cast<double>(plan.pixels) * plan.picture_groups * plan.tiles();
  return 2 * pixels * static_cast<double>(work.in_channels * work.shape.channels) + work.shape.flops();
}

BytesModel bytes_of(const ExpandDepthwise& work) {
  const DepthwiseShape& s = work.shape;
  const double channels = static_cast<double>(s.channels), size = static_cast<double>(bytes_of(work.storage));
  const double in = static_cast<double>(work.expand ? work.in_channels : s.channels);
  const double numbers = s.kernel * s.kernel + (work.scale ? 2 : 0) + 2;
  BytesModel bytes{.maps_read = static_cast<double>(s.in_rows()) * in * size,
                   .maps_written = static_cast<double>(s.out_rows()) * channels * size,
                   .rest_read = 4 * channels * numbers + (work.expand ? channels * in * size : 0)};
  if (work.sums) bytes.rest_written = 4 * channels * static_cast<double>(s.batch * sum_parts(work));
  return bytes;
}

}  // namespace effnet::cuda
