// The bytes that the CUDA kernels move, counted in sectors by the emulator, against their model.
#include "tests/cuda/traffic.h"

#include "cuda/norm_finish.h"
#include "tests/cuda/b0_layers.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;

namespace {

// A row of a part may begin within a sector.
constexpr double kFewer = 0.999, kMore = 1.005;
// How often a value of a map is asked for: once, and again where it lies at a border of tiles or of segments of 8 rows.
constexpr double kAskedForward = 1.4, kAskedBackward = 1.6;

}  // namespace

TEST_CASE(
    "depthwise traffic: the model's bytes and no more, on B0's layers, each read little more than once") {
  for (const DepthwiseShape& shape : b0_depthwise_layers(1)) {
    INFO(name_of(shape));
    const CountedTraffic there = forward_traffic(shape, Storage::kBfloat16);
    CHECK(there.ratio() >= kFewer);
    CHECK(there.ratio() <= kMore);
    CHECK(there.maps_asked <= kAskedForward);
    const CountedTraffic back = backward_traffic(shape, Storage::kBfloat16);
    CHECK(back.ratio() >= kFewer);
    CHECK(back.ratio() <= kMore);
    CHECK(back.maps_asked <= kAskedBackward);
  }
}

TEST_CASE("depthwise traffic: what is not a map is little beside the maps, at a batch of 256") {
  double maps = 0, rest = 0;
  float wanted = 0;
  for (const DepthwiseShape& shape : b0_depthwise_layers(256)) {
    const cuda::BytesModel forward = bytes_of(cuda::DepthwiseForward{
        .shape = shape, .storage = Storage::kBfloat16, .scale = &wanted, .moments = &wanted});
    const cuda::BytesModel backward = bytes_of(cuda::DepthwiseBackward{
        .shape = shape, .storage = Storage::kBfloat16, .y = &wanted, .scale = &wanted, .sums = &wanted});
    // Level b of the traffic model: forward reads x and writes y, back reads d, y and x and writes d1.
    const double x = 2.0 * static_cast<double>(shape.in_rows() * shape.channels);
    const double y = 2.0 * static_cast<double>(shape.out_rows() * shape.channels);
    CHECK(forward.maps_read + forward.maps_written == x + y);
    CHECK(backward.maps_read + backward.maps_written == 2 * x + 2 * y);
    maps += 3 * (x + y);
    rest += forward.rest_read + forward.rest_written + backward.rest_read + backward.rest_written;
  }
  CHECK(rest < 0.01 * maps);
}

TEST_CASE("depthwise traffic: channels that share sectors with other blocks' are counted as they are") {
  const CountedTraffic odd = forward_traffic(same_shape(2, 40, 13, 11, 3, 1), Storage::kBfloat16);
  CHECK(odd.ratio() >= kFewer);
  CHECK(odd.ratio() <= 1.05);
  const CountedTraffic floats = backward_traffic(same_shape(2, 24, 17, 19, 5, 2), Storage::kFloat);
  CHECK(floats.ratio() >= kFewer);
  CHECK(floats.ratio() <= 1.05);
}

TEST_CASE("norm finish traffic: the model's bytes, with moments and from running statistics") {
  const Index channels = 96, parts = 40;
  const DeviceBuffer<float> parts_of(std::vector<float>(parts * 3 * channels, 1.0F));
  const DeviceBuffer<float> channel_numbers(std::vector<float>(12 * channels, 1.0F));
  const auto numbers_of = [&](Index i) { return channel_numbers.data() + i * channels; };
  const auto check = [&](const cuda::BytesModel& model, const auto& launch) {
    emulator::clear_launches();
    launch();
    CHECK(counted(model, {}).ratio() == 1);
  };
  cuda::NormForwardFinish forward{.channels = channels,
                                  .parts = parts,
                                  .moments = parts_of.data(),
                                  .weight = numbers_of(0),
                                  .bias = numbers_of(1),
                                  .running_mean = numbers_of(2),
                                  .running_var = numbers_of(3),
                                  .mean = numbers_of(4),
                                  .inverse = numbers_of(5),
                                  .scale = numbers_of(6),
                                  .offset = numbers_of(7)};
  check(bytes_of(forward), [&] { cuda::norm_forward_finish(forward, nullptr); });
  forward.moments = nullptr;
  forward.parts = 0;
  check(bytes_of(forward), [&] { cuda::norm_forward_finish(forward, nullptr); });
  const cuda::NormBackwardFinish backward{.channels = channels,
                                          .parts = parts,
                                          .rows = 1000,
                                          .sums = parts_of.data(),
                                          .mean = numbers_of(4),
                                          .inverse = numbers_of(5),
                                          .scale = numbers_of(6),
                                          .weight_gradient = numbers_of(7),
                                          .bias_gradient = numbers_of(8),
                                          .a = numbers_of(9),
                                          .b = numbers_of(10),
                                          .c = numbers_of(11)};
  check(bytes_of(backward), [&] { cuda::norm_backward_finish(backward, nullptr); });
}
