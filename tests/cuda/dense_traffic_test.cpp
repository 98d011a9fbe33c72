// The bytes that the CUDA dense kernels move, counted in sectors by the emulator, against their model.
#include "tests/cuda/dense_traffic.h"

#include "tests/cuda/traffic_checks.h"

using namespace effnet;
using namespace effnet::tests;

TEST_CASE("dense traffic: the model's bytes and no more, on layers of fused and residual nets") {
  for (const ConvShape& shape : dense_traffic_layers()) {
    INFO(name_of(shape));
    const DenseTraffic traffic = dense_traffic(shape, Storage::kBfloat16, {});
    for (const CountedTraffic& launch : {traffic.forward, traffic.input_gradient, traffic.weight_gradient})
      check_bytes(launch);
    // Each tap and each chunk of the other side's channels asks the caches again; what is padded asks nothing.
    const double taps = shape.kernel * shape.kernel;
    const cuda::DensePlan plan = cuda::plan_dense_forward(shape, Storage::kBfloat16);
    CHECK(traffic.forward.maps_asked <= taps / (shape.stride * shape.stride) * plan.chunks * 1.2);
  }
}

TEST_CASE("dense traffic: floats, finished maps, a stride wider than the kernel") {
  for (const DenseSize& size : {DenseSize{2, 16, 24, 9, 8}, DenseSize{1, 8, 16, 9, 8, 1, 2}}) {
    for (const bool norm : {true, false}) {
      const DenseTraffic traffic =
          dense_traffic(dense_shape(size), Storage::kFloat, {.norm_before = norm, .norm_behind = norm});
      for (const CountedTraffic& launch : {traffic.forward, traffic.input_gradient, traffic.weight_gradient})
        check_bytes(launch);
    }
  }
}
