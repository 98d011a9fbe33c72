// How the CUDA dense kernels cut their work: every row and channel is one block's, and shared memory stays within what the
// kernels are written for.
#include "cuda/dense_plan.h"

#include <algorithm>

#include "tests/cuda/dense_example.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;
using cuda::DensePlan;

namespace {

void check_cover(const DensePlan& plan, Index rows, Index channels) {
  const cuda::StripPlan& walk = plan.walk;
  const Index of_item = static_cast<Index>(walk.strips) * cuda::kStripRows;
  CHECK(walk.pixels == rows);
  CHECK(walk.items * of_item >= rows);
  CHECK((walk.items - 1) * of_item < rows);
  CHECK(static_cast<Index>(walk.parts) * walk.rounds * cuda::kStripsABlock >= walk.items);
  CHECK(static_cast<Index>(plan.chunks) * plan.width >= channels);
  CHECK(static_cast<Index>(plan.chunks - 1) * plan.width < channels);
  CHECK(plan.width % 8 == 0);
  CHECK(plan.shared_bytes <= cuda::kMostShared);
}

}  // namespace

TEST_CASE("dense plan: rows and channels once, within a processor's shared memory") {
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    for (const int kernel : {1, 3, 5}) {
      for (const int stride : {1, 2}) {
        for (const Index channels : {8, 24, 64, 136, 512}) {
          for (const Index side : {1, 7, 56}) {
            const ConvShape s = dense_shape({32, channels, 2 * channels, side, side + 1, kernel, stride});
            INFO(name_of(s));
            const Index out = s.batch * s.out_pixels();
            check_cover(cuda::plan_dense_forward(s, storage), out, s.out_channels);
            check_cover(cuda::plan_dense_weight_gradient(s, storage), out, s.in_channels);
            const Index phase =
                s.batch * ((s.height + stride - 1) / stride) * ((s.width + stride - 1) / stride);
            check_cover(cuda::plan_dense_input_gradient(s, storage), phase, s.in_channels);
          }
        }
      }
    }
  }
}

TEST_CASE("dense plan: weights of 3 x 3 on 64 channels stay in shared memory, those of 128 are read again") {
  const ConvShape small = dense_shape({64, 64, 64, 56, 56}), large = dense_shape({64, 128, 128, 28, 28});
  CHECK(!cuda::plan_dense_forward(small, Storage::kBfloat16).streams);
  CHECK(!cuda::plan_dense_input_gradient(small, Storage::kBfloat16).streams);
  CHECK(cuda::plan_dense_forward(large, Storage::kBfloat16).streams);
  CHECK(cuda::plan_dense_input_gradient(large, Storage::kBfloat16).streams);
}
