// The CUDA kernels of the stem against the loops in double.
#include "cuda/stem.h"

#include "tests/cuda/example_values.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;
using kernels::ConvShape;
using kernels::Padding;

namespace {

ConvShape stem_shape(Index batch, Index in, Index out, Index height, Index width, int stride,
                     Padding padding = Padding::kSame) {
  return {.batch = batch,
          .in_channels = in,
          .out_channels = out,
          .height = height,
          .width = width,
          .out_height = kernels::size_after(height, 3, stride, padding),
          .out_width = kernels::size_after(width, 3, stride, padding),
          .kernel = 3,
          .stride = stride,
          .pad_top = kernels::padding_of(height, 3, stride, padding).before,
          .pad_left = kernels::padding_of(width, 3, stride, padding).before};
}

void check_forward(const ConvShape& s, Storage storage, const std::vector<double>& pictures,
                   double rounding) {
  const StoredMap x(storage, pictures), y(storage, as_size(s.batch * s.out_pixels() * s.out_channels));
  const std::vector<double> weights = wide(narrow(numbers(as_size(s.out_channels * s.patch()), 2)));
  const DeviceBuffer<float> stored_weights(narrow(weights)),
      moments(as_size(cuda::stem_moment_parts(s, storage) * 3 * s.out_channels));
  cuda::stem_forward({.shape = s,
                      .storage = storage,
                      .x = x.data(),
                      .weights = stored_weights.data(),
                      .y = y.data(),
                      .moments = moments.data()},
                     nullptr);
  std::vector<double> expected(as_size(s.batch * s.out_pixels() * s.out_channels));
  kernels::conv_forward(s, x.values().data(), weights.data(), expected.data());
  const std::vector<double> got = y.values();
  CHECK(error_beyond(storage, rounding, got, expected) == 0);

  // The moments must be those of the map that was stored.
  const auto rows = static_cast<double>(s.batch * s.out_pixels());
  for (Index c = 0; c < s.out_channels; ++c) {
    double mean = 0, variance = 0;
    for (std::size_t i = as_size(c); i < got.size(); i += as_size(s.out_channels)) mean += got[i] / rows;
    for (std::size_t i = as_size(c); i < got.size(); i += as_size(s.out_channels))
      variance += (got[i] - mean) * (got[i] - mean) / rows;
    const JoinedMoments joint = joined(moments.values(), s.out_channels, c);
    CHECK(joint.count == rows);
    CHECK(std::abs(joint.mean - mean) <= 1e-6 * (1 + std::abs(mean)));
    CHECK(std::abs(joint.variance - variance) <= 1e-4 * variance + 1e-12);
  }
}

void check_backward(const ConvShape& s, Storage storage) {
  const std::size_t map = as_size(s.batch * s.out_pixels() * s.out_channels),
                    channels = as_size(s.out_channels);
  const StoredMap x(storage, numbers(as_size(s.batch * s.in_pixels() * s.in_channels), 3)),
      d(storage, numbers(map, 4)), y(storage, numbers(map, 5));
  const std::vector<double> a = wide(narrow(numbers(channels, 6))), b = wide(narrow(numbers(channels, 7))),
                            c = wide(narrow(numbers(channels, 8)));
  const DeviceBuffer<float> stored_a(narrow(a)), stored_b(narrow(b)), stored_c(narrow(c)),
      parts(as_size(cuda::stem_gradient_parts(s) * s.patch() * s.out_channels)),
      gradient(as_size(s.out_channels * s.patch()));
  cuda::stem_backward({.shape = s,
                       .storage = storage,
                       .y_gradient = d.data(),
                       .y = y.data(),
                       .a = stored_a.data(),
                       .b = stored_b.data(),
                       .c = stored_c.data(),
                       .x = x.data(),
                       .weight_parts = parts.data(),
                       .weight_gradient = gradient.data()},
                      nullptr);
  std::vector<double> dy = d.values();
  const std::vector<double> raw = y.values();
  for (std::size_t i = 0; i < map; ++i)
    dy[i] = a[i % channels] * dy[i] + b[i % channels] * raw[i] + c[i % channels];
  std::vector<double> weights(as_size(s.out_channels * s.patch())), expected(weights.size()),
      to_x(as_size(s.batch * s.in_pixels() * s.in_channels));
  kernels::conv_backward(s, x.values().data(), weights.data(), dy.data(), to_x.data(), expected.data());
  const double rows = static_cast<double>(s.batch * s.out_pixels());
  CHECK(error_beyond(Storage::kFloat, 1e-5 + 2e-6 * std::sqrt(rows), wide(gradient.values()), expected) == 0);
}

void check(const ConvShape& s, Storage storage) {
  INFO(s.batch << "x" << s.height << "x" << s.width << "x" << s.in_channels << " to " << s.out_channels
               << " stride " << s.stride << (storage == Storage::kFloat ? " float" : " bfloat16"));
  check_forward(s, storage, numbers(as_size(s.batch * s.in_pixels() * s.in_channels), 1), 3e-5);
  check_backward(s, storage);
}

}  // namespace

TEST_CASE("stem: one and three channels, strides, paddings, odd and tiny pictures, tails of channels") {
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    for (const int stride : {1, 2}) {
      for (const Index in : {1, 3}) {
        check(stem_shape(2, in, 8, 9, 7, stride), storage);
        check(stem_shape(1, in, 40, 6, 8, stride, Padding::kSymmetric), storage);
        check(stem_shape(3, in, 24, 1, 1, stride), storage);
      }
    }
    check(stem_shape(2, 3, 272, 3, 5, 1), storage);  // channels in two chunks
    check(stem_shape(1, 3, 8, 90, 75, 1), storage);  // several segments
  }
}

TEST_CASE("stem: a mean far larger than deviations does not cancel") {
  const ConvShape s = stem_shape(2, 3, 8, 12, 12, 2);
  std::vector<double> pictures = numbers(as_size(s.batch * s.in_pixels() * s.in_channels), 1);
  for (double& value : pictures) value = 1000 + value;
  check_forward(s, Storage::kFloat, pictures, 0.02);
}

TEST_CASE("stem: what there is no kernel for is refused") {
  for (const ConvShape& shape :
       {stem_shape(1, 4, 8, 4, 4, 1), stem_shape(1, 3, 12, 4, 4, 1), stem_shape(0, 3, 8, 4, 4, 1)})
    CHECK_THROWS_AS(cuda::stem_forward({.shape = shape}, nullptr), std::invalid_argument);
}
