// How the CUDA pointwise kernels cut their work: every row and channel is one block's, shared memory and blocks stay within
// what the kernels are written for.
#include "cuda/pointwise_plan.h"

#include <algorithm>

#include "tests/cuda/b0_pointwise_layers.h"
#include "tests/cuda/pointwise_example.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;
using cuda::PointwisePlan;

namespace {

// Counts each row over all warps of all parts, as device/strip.h does.
void check_cover(const PointwiseShape& shape, const PointwisePlan& plan, Index channels) {
  INFO(name_of(shape));
  const cuda::StripPlan& walk = plan.walk;
  CHECK(static_cast<Index>(walk.pictures) * walk.pixels == shape.rows());
  std::vector<int> seen(static_cast<std::size_t>(shape.rows()));
  for (int warp = 0; warp < walk.parts * cuda::kStripsABlock; ++warp) {
    for (int round = 0; round < walk.rounds; ++round) {
      const int part = warp / cuda::kStripsABlock;
      const int item = (part * walk.rounds + round) * cuda::kStripsABlock + warp % cuda::kStripsABlock;
      if (item >= walk.items) continue;
      const Index picture = item / walk.segments;
      const int first = item % walk.segments * walk.strips * cuda::kStripRows;
      for (int row = first; row < std::min(first + walk.strips * cuda::kStripRows, walk.pixels); ++row)
        ++seen[static_cast<std::size_t>(picture * walk.pixels + row)];
    }
  }
  CHECK(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; }));
  CHECK(plan.width % 8 == 0);
  CHECK(static_cast<Index>(plan.width) * plan.chunks >= channels);
  CHECK(static_cast<Index>(plan.width) * (plan.chunks - 1) < channels);
}

}  // namespace

TEST_CASE("pointwise plan: every row and channel once") {
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    for (const bool gated : {false, true}) {
      for (const PointwiseShape& shape :
           {PointwiseShape{1, 1, 8, 8}, PointwiseShape{5, 49, 40, 232}, PointwiseShape{3, 1000, 144, 24},
            PointwiseShape{700, 33, 1152, 320}, PointwiseShape{2100, 4, 320, 2560}}) {
        check_cover(shape, cuda::plan_forward(shape, storage, gated), shape.out_channels);
        check_cover(shape, cuda::plan_backward(shape, storage, gated), shape.in_channels);
      }
    }
  }
}

TEST_CASE("pointwise plan: blocks, panels and shared memory of B0's layers at a batch of 1 and of 256") {
  constexpr std::size_t kOneOfAnA100 = 163 * 1024;  // of 164 KiB a processor, 1 KiB a block
  for (const Index batch : {1, 256}) {
    for (const PointwiseLayer& layer : b0_pointwise_layers(batch)) {
      INFO(name_of(layer.shape));
      for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
        const int panel = storage == Storage::kFloat ? 32 : 64;
        const PointwisePlan forward = cuda::plan_forward(layer.shape, storage, layer.projects);
        const PointwisePlan backward = cuda::plan_backward(layer.shape, storage, layer.projects);
        CHECK(forward.shared_bytes <= kOneOfAnA100);
        CHECK(backward.shared_bytes <= kOneOfAnA100);
        CHECK(forward.width <= 2 * panel);
        CHECK(backward.width <= panel);
        CHECK(forward.panels * panel >= layer.shape.in_channels);
        CHECK(backward.panels * panel >= layer.shape.out_channels);
        CHECK(backward.splits * cuda::kSumPanels >= backward.panels);
        CHECK(forward.walk.parts * forward.blocks_across() <= 264);
        CHECK(backward.walk.parts * backward.blocks_across() <= 132);
        if (batch == 256 &&
            storage == Storage::kBfloat16) {  // at least three quarters of an H100's processors have a block
          CHECK(forward.walk.parts * forward.blocks_across() >= 99);
          CHECK(backward.walk.parts * backward.blocks_across() >= 99);
        }
      }
    }
  }
}
