#include "models/same_conv.h"

#include <algorithm>
#include <limits>

#include "models/depthwise_conv.h"

namespace effnet::models {
namespace {

struct MapPadding {
  SidePadding rows, columns;

  bool even() const { return rows.before == rows.after && columns.before == columns.after; }
};

MapPadding map_padding(const torch::Tensor& x, int kernel, int stride, spec::Padding padding) {
  return {padding_of(x.size(2), kernel, stride, padding), padding_of(x.size(3), kernel, stride, padding)};
}

torch::Tensor pad(const torch::Tensor& x, const MapPadding& by, double value) {
  return at::constant_pad_nd(x, {by.columns.before, by.columns.after, by.rows.before, by.rows.after}, value);
}

}  // namespace

SidePadding padding_of(std::int64_t size, int kernel, int stride, spec::Padding padding) {
  if (padding == spec::Padding::kSymmetric) return {(kernel - 1) / 2, (kernel - 1) / 2};
  const std::int64_t out = (size + stride - 1) / stride;
  const std::int64_t total = std::max<std::int64_t>((out - 1) * stride + kernel - size, 0);
  return {total / 2, total - total / 2};
}

SameConv2dImpl::SameConv2dImpl(const ConvOptions& options, spec::Padding padding)
    : options_(options), padding_(padding) {
  weight =
      register_parameter("weight", torch::zeros({options.out_channels, options.in_channels / options.groups,
                                                 options.kernel, options.kernel})
                                       .contiguous(at::MemoryFormat::ChannelsLast));
}

torch::Tensor SameConv2dImpl::forward(const torch::Tensor& x) {
  const MapPadding by = map_padding(x, options_.kernel, options_.stride, padding_);
  const auto convolve = [&](const torch::Tensor& map, std::int64_t rows, std::int64_t columns) {
    if (prefers_depthwise_conv(map, weight, options_.groups))
      return depthwise_conv(map, weight, options_.stride, rows, columns);
    return at::conv2d(map, weight, {}, {options_.stride, options_.stride}, {rows, columns}, {1, 1},
                      options_.groups);
  };
  if (by.even()) return convolve(x, by.rows.before, by.columns.before);
  return convolve(pad(x, by, 0), 0, 0);
}

torch::Tensor max_pool(const torch::Tensor& x, int kernel, int stride, spec::Padding padding) {
  const MapPadding by = map_padding(x, kernel, stride, padding);
  const auto pool = [&](const torch::Tensor& map, std::int64_t rows, std::int64_t columns) {
    return at::max_pool2d(map, {kernel, kernel}, {stride, stride}, {rows, columns});
  };
  if (by.even()) return pool(x, by.rows.before, by.columns.before);
  return pool(pad(x, by, -std::numeric_limits<double>::infinity()), 0, 0);
}

}  // namespace effnet::models
