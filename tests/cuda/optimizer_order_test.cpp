// The optimizer's CUDA kernels on the emulator: the same bits in any order of threads and blocks, and the bytes of their
// model.
#include "tests/cuda/optimizer_step_example.h"
#include "tests/cuda/traffic.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;

TEST_CASE("optimizer: the same bits in any order of threads and blocks") {
  const auto all = [](std::uint64_t seed) {
    emulator::set_order(seed);
    const OptimizerExample example(OptimizerRule::kRmspropTf, 9001, 8000);
    cuda::gradient_norm(example.norm(1), nullptr);
    cuda::optimizer_step(example.work, nullptr);
    emulator::set_order(0);
    std::vector<float> values = example.parameters.values();
    values.push_back(example.scalars.values()[0].gradient_norm);
    return values;
  };
  const std::vector<float> once = all(0);
  for (const std::uint64_t seed : {0, 1, 2, 3}) CHECK(all(seed) == once);
}

TEST_CASE("optimizer: every number is read once") {
  for (const OptimizerRule rule : {OptimizerRule::kSgd, OptimizerRule::kRmspropTf}) {
    const OptimizerExample example(rule, 8192, 8000);
    emulator::clear_launches();
    cuda::optimizer_step(example.work, nullptr);
    const CountedTraffic step = counted(bytes_of(example.work), {});
    CHECK(step.ratio() >= 0.999);
    CHECK(step.ratio() <= 1.001);
    const auto arrays = emulator::launches()[0].allocation.at(example.parameters.data());
    CHECK(arrays.bytes_asked_read == 4 * 8192);
    emulator::clear_launches();
    cuda::gradient_norm(example.norm(1), nullptr);
    const CountedTraffic norm = counted(bytes_of(example.norm(1)), {});
    CHECK(norm.ratio() >= 0.999);
    CHECK(norm.ratio() <= 1.005);
  }
}
