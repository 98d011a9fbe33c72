// What effnet-bench cuda-kernels --inference times: the launches of nets at inference and their bytes, and all of them run by
// the emulator in memory that is exactly as large as it was said to be.
#include "apps/effnet_bench/inference_cases.h"

#include <map>

#include "scaling/families.h"
#include "tests/support/catch.h"
#include "tests/support/device_memory.h"
#include "tests/support/expect_error.h"

using namespace effnet;
using apps::LaunchCase;
using apps::NetOnDevice;
using kernels::Index;

TEST_CASE("inference cases: three launches a bottleneck of B0, and a stem, a head and a mean") {
  std::map<std::string, int> launches;
  for (const LaunchCase& of : apps::inference_cases({scaling::find_net("b0").arch, 256}, nullptr)) {
    if (!of.whole_layer()) launches[of.kernel] += of.repeats;
  }
  CHECK(launches == std::map<std::string, int>{{"stem_forward", 1},
                                               {"expand_depthwise", 16},
                                               {"se_layers_forward", 16},
                                               {"pointwise_forward", 16 + 1},
                                               {"head_pool_forward", 1}});
}

TEST_CASE("inference cases: all launches are the distinct ones, each as often as the net has it") {
  double whole = 0, single = 0;
  for (const LaunchCase& of : apps::inference_cases({scaling::find_net("b1").arch, 8}, nullptr))
    (of.whole_layer() ? whole : single) += of.repeats * cuda::bytes_of(of.work).total();
  CHECK(whole > 0);
  CHECK(single == Approx(whole).epsilon(1e-12));
}

TEST_CASE("inference cases: all launches stay in the memory that was asked for") {
  using cuda::Storage;
  constexpr const char* kTiny =
      "conv_k3_s2_c8 conv_k3_s1_c8 | mb_k3_s1_e1_c16_r1_se0.25 mb_k5_s2_e3_c16_r3 "
      "mb_k3_s2_e2_c704_r2_se0.01 | "
      "conv_k1_s1_c40 | fc4 @3x15 silu";
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    const NetOnDevice net{spec::parse_arch(kTiny, "test"), 3, storage};
    const std::size_t bytes = apps::inference_memory(net, "test");
    const tests::DeviceBuffer<std::byte> memory(std::vector<std::byte>(bytes, std::byte{0x3C}));
    for (const LaunchCase& of : apps::inference_cases(net, memory.data())) {
      INFO(of.layer << " " << of.kernel);
      CHECK_NOTHROW(cuda::run(of.work, nullptr));
    }
  }
}

namespace {

double megabytes_a_picture(const char* net, Index batch) {
  return apps::inference_bytes({scaling::find_net(net).arch, batch}).total() / 1e6 /
         static_cast<double>(batch);
}

}  // namespace

// Two kernels a block (docs/kernels.md), nothing but maps counted: 13.9 MB a picture for B0, 53.0 for B3 and 689 for B7.
TEST_CASE(
    "bytes of inference: B0 and B3 within a tenth of two kernels a block, B7 with some expanded maps "
    "stored") {
  const auto between = [](double bytes, double least, double most) { return bytes > least && bytes < most; };
  CHECK(between(megabytes_a_picture("b0", 256), 13.9, 13.9 * 1.1));
  CHECK(between(megabytes_a_picture("b3", 128), 53.0, 53.0 * 1.1));
  CHECK(between(megabytes_a_picture("b7", 64), 689, 689 * 1.6));
}

TEST_CASE("inference cases: a net with other layers, and channels without a kernel, are refused in words") {
  const auto refused = [](const char* text) {
    const NetOnDevice net{spec::parse_arch(text, "test"), 2};
    return tests::error_of([&] { apps::inference_memory(net, "--net"); });
  };
  CHECK(
      tests::contains(refused("conv_k3_s2_c8 | basic_k3_s1_c8_r1 | - | fc4 @3x16 relu").message(), "layer"));
  const spec::Error error = refused("conv_k3_s2_c16 | mb_k3_s1_e1_c12_r1 | - | fc4 @3x16 silu");
  CHECK(error.where() == "--net");
  CHECK(tests::contains(error.message(), "8"));
}
