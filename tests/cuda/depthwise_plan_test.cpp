// How the CUDA depthwise kernels cut their work: every cell is one block's and one thread's, shared memory and parts stay
// within what the kernels are written for.
#include "cuda/depthwise_plan.h"

#include <algorithm>
#include <map>

#include "tests/cuda/b0_layers.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;
using cuda::DepthwisePlan;

namespace {

// Counts each cell of each picture over all items and threads, as the kernels' loops do.
void check_cover(const DepthwiseShape& shape, const DepthwisePlan& plan, int lanes) {
  INFO(name_of(shape));
  std::map<std::array<int, 3>, int> seen;
  for (int part = 0; part < plan.parts; ++part) {
    for (int item = part * plan.items_a_part; item < std::min((part + 1) * plan.items_a_part, plan.items);
         ++item) {
      const int tile = item % plan.tiles_across, segment = item / plan.tiles_across % plan.segments;
      const int picture = item / plan.tiles_across / plan.segments * plan.pictures;
      for (int row = segment * plan.segment_rows;
           row < std::min((segment + 1) * plan.segment_rows, plan.rows); ++row) {
        for (int thread = 0; thread < plan.threads; thread += lanes) {
          const int column = thread / lanes, side = column / plan.tile_width;
          const int at = tile * plan.tile_width + column % plan.tile_width;
          if (side < plan.pictures && picture + side < shape.batch && at < plan.columns)
            ++seen[{picture + side, row, at}];
        }
      }
    }
  }
  CHECK(static_cast<Index>(seen.size()) == shape.batch * plan.rows * plan.columns);
  CHECK(std::all_of(seen.begin(), seen.end(), [](const auto& cell) { return cell.second == 1; }));
}

}  // namespace

TEST_CASE("depthwise plan: every cell once") {
  for (const int kernel : {3, 5, 7}) {
    for (const int stride : {1, 2}) {
      for (const DepthwiseShape& shape :
           {same_shape(1, 8, 1, 1, kernel, stride), same_shape(11, 64, 7, 7, kernel, stride),
            same_shape(3, 40, 30, 75, kernel, stride)}) {
        check_cover(shape, cuda::plan_forward(shape), cuda::kChunk / cuda::forward_channels(kernel));
        check_cover(shape, cuda::plan_backward(shape), cuda::kChunk / cuda::backward_channels(kernel));
      }
    }
  }
}

TEST_CASE("depthwise plan: blocks, parts and shared memory of B0's layers at a batch of 1 and of 256") {
  constexpr std::size_t kTwoOfAnA100 = 82 * 1024,
                        kOneOfAnA100 = 163 * 1024;  // of 164 KiB a processor, 1 KiB a block
  for (const Index batch : {1, 256}) {
    for (const DepthwiseShape& shape : b0_depthwise_layers(batch)) {
      INFO(name_of(shape));
      for (const DepthwisePlan& plan : {cuda::plan_forward(shape), cuda::plan_backward(shape)}) {
        CHECK(plan.threads <= cuda::kThreads);
        CHECK(plan.pictures <= batch);
        CHECK(plan.parts * plan.chunks <= cuda::kTargetBlocks);
        CHECK(plan.parts * plan.items_a_part >= plan.items);
        if (batch == 256)
          CHECK(plan.parts * plan.chunks >= 300);  // two for each of an H100's processors, and more
        CHECK(plan.staged_pixels() * 4 <= 32 * plan.threads);  // a bit of a word for each piece of a thread
      }
      CHECK(cuda::forward_shared_bytes(shape, cuda::Storage::kBfloat16) < kTwoOfAnA100);
      CHECK(cuda::backward_shared_bytes(shape, cuda::Storage::kBfloat16, 2, true) < kTwoOfAnA100);
      CHECK(cuda::forward_shared_bytes(shape, cuda::Storage::kFloat) < kTwoOfAnA100);
      CHECK(cuda::backward_shared_bytes(shape, cuda::Storage::kFloat, 2, true) < kOneOfAnA100);
    }
  }
}

TEST_CASE("fast divisor: all that is divided, for every divisor up to a row of staged pixels") {
  for (int divisor = 1; divisor <= 512; ++divisor) {
    const cuda::FastDivisor by(divisor);
    int wrong = 0;
    for (int n = 0; n < 8192; ++n) wrong += by.divide(n) != n / divisor;
    CHECK(wrong == 0);
  }
  CHECK(cuda::FastDivisor(65535).divide(32767) == 0);
  CHECK(cuda::FastDivisor(32767).divide(65535) == 2);
}
