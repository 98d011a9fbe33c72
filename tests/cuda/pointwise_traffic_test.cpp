// The bytes that the CUDA pointwise kernels move, counted in sectors by the emulator, against their model.
#include "tests/cuda/pointwise_traffic.h"

#include "tests/cuda/b0_pointwise_layers.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;

namespace {

constexpr double kFewer = 0.999, kMore = 1.005;

// How often a block across asks for the maps again, of B0's layers: x for each two panels of y, d and y for each panel of
// x. Blocks across come one after another on the same rows, so it is the second level cache that is asked.
constexpr double kAskedForward = 10, kAskedBackward = 12;

}  // namespace

TEST_CASE("pointwise traffic: the model's bytes and no more, on B0's layers at half the resolution") {
  for (auto [shape, projects] : b0_pointwise_layers(1)) {
    shape.pixels /= 4;
    INFO(name_of(shape));
    const PointwiseSurroundings around{.gate = projects};
    const CountedTraffic there = forward_traffic(shape, Storage::kBfloat16, around);
    CHECK(there.ratio() >= kFewer);
    CHECK(there.ratio() <= kMore);
    CHECK(there.maps_asked ==
          static_cast<double>(cuda::plan_forward(shape, Storage::kBfloat16, projects).blocks_across()));
    CHECK(there.maps_asked <= kAskedForward);
    const CountedTraffic back = backward_traffic(shape, Storage::kBfloat16, around);
    CHECK(back.ratio() >= kFewer);
    CHECK(back.ratio() <= kMore);
    CHECK(back.maps_asked <= kAskedBackward);
  }
}

TEST_CASE("pointwise traffic: maps beside the rest and the traffic model, at a batch of 256") {
  double maps = 0, rest = 0;
  float wanted = 0;
  for (const auto& [shape, projects] : b0_pointwise_layers(256)) {
    const float* gate = projects ? &wanted : nullptr;
    const cuda::BytesModel forward = bytes_of(cuda::PointwiseForward{
        .shape = shape, .storage = Storage::kBfloat16, .scale = &wanted, .gate = gate, .moments = &wanted});
    const cuda::BytesModel backward = bytes_of(cuda::PointwiseBackward{.shape = shape,
                                                                       .storage = Storage::kBfloat16,
                                                                       .y = &wanted,
                                                                       .scale = &wanted,
                                                                       .gate = gate,
                                                                       .mean = &wanted,
                                                                       .sums = projects ? nullptr : &wanted});
    // Level b of the traffic model: forward reads x and writes y, back reads d, y and x and writes the gradient of x.
    const double x = 2.0 * static_cast<double>(shape.rows() * shape.in_channels);
    const double y = 2.0 * static_cast<double>(shape.rows() * shape.out_channels);
    CHECK(forward.maps_read + forward.maps_written == x + y);
    CHECK(backward.maps_read + backward.maps_written == 2 * x + 2 * y);
    maps += 3 * (x + y);
    rest += forward.rest_read + forward.rest_written + backward.rest_read + backward.rest_written;
  }
  CHECK(rest < 0.06 * maps);
}

TEST_CASE("pointwise traffic: floats, addends and residuals are counted as they are") {
  const PointwiseShape shape{2, 143, 40, 72};
  const CountedTraffic forward = forward_traffic(shape, Storage::kFloat, {.bias = true, .residual = true});
  CHECK(forward.ratio() >= kFewer);
  CHECK(forward.ratio() <= kMore);
  const CountedTraffic backward = backward_traffic(shape, Storage::kFloat, {.addend = true});
  CHECK(backward.ratio() >= kFewer);
  CHECK(backward.ratio() <= kMore);
}
