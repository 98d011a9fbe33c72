// The bytes that the CUDA kernel of an inverted bottleneck's first half moves, counted in sectors by the emulator, against
// its model.
#include "tests/cuda/expand_depthwise_traffic.h"

#include "tests/cuda/traffic_checks.h"

using namespace effnet;
using namespace effnet::tests;

TEST_CASE("expand depthwise traffic: the model's bytes and no more on B0's layers, the expanded map never") {
  for (const ExpandedLayer& layer : b0_expanded_layers(1)) {
    INFO(name_of(layer.shape) << ", from " << layer.in_channels);
    const ExpandTraffic traffic =
        expand_traffic(layer.shape, Storage::kBfloat16, {.in_channels = layer.in_channels});
    check_bytes(traffic.counted);
    // One picture is cut into more tiles than a batch: blocks that share its channels ask for x, too.
    const cuda::ExpandDepthwisePlan plan =
        cuda::plan_expand_depthwise(layer.shape, layer.in_channels, Storage::kBfloat16);
    const int shares = layer.in_channels > 0 ? plan.blocks_across : 1;
    CHECK(traffic.counted.maps_asked <= (layer.in_channels > 0 ? 1.5 : 1.8) * shares);
    if (layer.in_channels > 0) CHECK(traffic.weights_asked == plan.tiles());
  }
}

TEST_CASE("expand depthwise traffic: floats, finished maps, without sums, several pictures") {
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    check_bytes(expand_traffic(same_shape(3, 40, 9, 8, 3, 2), storage, {.in_channels = 24}).counted);
    check_bytes(
        expand_traffic(same_shape(3, 32, 9, 8, 5, 1), storage, {.in_channels = 16, .sums = false}).counted);
    check_bytes(expand_traffic(same_shape(3, 32, 9, 8, 5, 1), storage, {.norm_before = false}).counted);
  }
}
