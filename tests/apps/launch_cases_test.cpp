// What effnet-bench cuda-kernels times: the layers of a net, their launches and bytes, and all of them run by the emulator
// in memory that is exactly as large as it was said to be.
#include "apps/effnet_bench/launch_cases.h"

#include <map>

#include "scaling/families.h"
#include "tests/support/catch.h"
#include "tests/support/device_memory.h"
#include "tests/support/expect_error.h"

using namespace effnet;
using apps::LaunchCase;
using apps::NetOnDevice;
using kernels::Index;

namespace {

// With and without expansion, squeeze-and-excite, residual; both strides; a head.
constexpr const char* kTiny =
    "conv_k3_s2_c8 | mb_k3_s1_e1_c8_r1_se0.25 mb_k5_s2_e3_c16_r3 mb_k3_s2_e4_c24_r1_se0.25 | conv_k1_s1_c40 "
    "| fc4 "
    "@3x15 silu";

// A dense convolution behind the stem.
constexpr const char* kDense =
    "conv_k3_s2_c8 conv_k3_s2_c16 | mb_k3_s1_e1_c24_r1 | conv_k1_s1_c40 | fc4 @3x15 silu";

NetOnDevice tiny(cuda::Storage storage, const char* arch = kTiny) {
  return {spec::parse_arch(arch, "test"), 2, storage};
}

}  // namespace

TEST_CASE("launch cases: each distinct layer once, with what the net has of it") {
  std::map<std::string, int> layers;
  for (const LaunchCase& of : apps::launch_cases(tiny(cuda::Storage::kBfloat16), nullptr))
    layers[of.layer] = of.repeats;
  CHECK(layers == std::map<std::string, int>{{"mb k3 s1 8-8-8 +x @8", 1},
                                             {"mb k5 s2 8-24-16 @8, raw out", 1},
                                             {"mb k5 s1 16-48-16 +x @4, raw in", 1},
                                             {"mb k5 s1 16-48-16 +x @4", 1},
                                             {"mb k3 s2 16-64-24 @4, raw out", 1},
                                             {"mean 40 @2, raw in", 1},
                                             {"conv k3 s2 3-8 @15", 1},
                                             {"conv k1 s1 24-40 @2, raw in, raw out", 1},
                                             {"optimizer", 1}});
}

TEST_CASE("launch cases: a layer is its launches forward and back, and its convolutions have peers") {
  std::vector<std::string> launches;
  int peers = 0;
  double whole = 0, single = 0;
  for (const LaunchCase& of : apps::launch_cases(tiny(cuda::Storage::kBfloat16), nullptr)) {
    if (of.layer != "mb k3 s2 16-64-24 @4, raw out") continue;
    launches.push_back(of.kernel);
    (of.whole_layer() ? whole : single) += cuda::bytes_of(of.work).total();
    if (!of.peer) continue;
    ++peers;
    const cudnn::Convolution& c = of.peer->convolution;
    CHECK(c.groups == (of.kernel.starts_with("depthwise") ? 64 : 1));
    CHECK(of.peer->backward == of.kernel.ends_with("backward"));
  }
  CHECK(whole == single);
  CHECK(peers == 6);
  CHECK(launches == std::vector<std::string>{
                        "forward", "pointwise_forward", "norm_forward_finish", "depthwise_forward",
                        "norm_forward_finish", "se_pool", "se_layers_forward", "pointwise_forward",
                        "norm_forward_finish",  //
                        "backward", "pointwise_backward", "se_layers_backward", "norm_backward_finish",
                        "depthwise_backward", "norm_backward_finish", "pointwise_backward"});
}

TEST_CASE("launch cases: a dense convolution goes back to its input and to its weights") {
  std::vector<std::string> launches;
  for (const LaunchCase& of : apps::launch_cases(tiny(cuda::Storage::kBfloat16, kDense), nullptr)) {
    if (of.layer != "conv k3 s2 8-16 @8, raw in, raw out" || of.whole_layer()) continue;
    launches.push_back(of.kernel);
    CHECK(of.peer.has_value() == (of.kernel == "dense_forward" || of.kernel == "dense_weight_gradient"));
  }
  CHECK(launches == std::vector<std::string>{"dense_forward", "norm_forward_finish", "dense_input_gradient",
                                             "norm_backward_finish", "dense_weight_gradient"});
}

TEST_CASE("launch cases: all launches stay in the memory that was asked for") {
  using cuda::Storage;
  for (const NetOnDevice& net : {tiny(Storage::kFloat), tiny(Storage::kBfloat16),
                                 tiny(Storage::kFloat, kDense), tiny(Storage::kBfloat16, kDense)}) {
    const std::size_t bytes = apps::launch_memory(net, "test");
    const tests::DeviceBuffer<std::byte> memory(std::vector<std::byte>(bytes, std::byte{0x3C}));
    for (const LaunchCase& of : apps::launch_cases(net, memory.data())) {
      INFO(of.layer << " " << of.kernel);
      CHECK_NOTHROW(cuda::run(of.work, nullptr));
      if (!of.peer) continue;
      const auto* const first = memory.data();
      for (const void* pointer : {of.peer->x, of.peer->weights, of.peer->y}) {
        CHECK(pointer >= first);
        CHECK(pointer < first + bytes);
      }
    }
  }
}

TEST_CASE("launch cases: B0 has 16 blocks, a stem and a head") {
  int blocks = 0, convolutions = 0;
  for (const LaunchCase& of : apps::launch_cases({scaling::find_net("b0").arch, 256}, nullptr)) {
    if (of.kernel != "forward") continue;
    if (of.layer.starts_with("mb")) blocks += of.repeats;
    if (of.layer.starts_with("conv")) convolutions += of.repeats;
  }
  CHECK(blocks == 16);
  CHECK(convolutions == 2);
}

namespace {

double megabytes_a_picture(const char* net, Index batch) {
  return apps::step_bytes({scaling::find_net(net).arch, batch}).total() / 1e6 / static_cast<double>(batch);
}

}  // namespace

// Level b of the traffic model (docs/kernels.md), in which nothing but maps is counted and each crosses memory as seldom as
// exact batch statistics allow, is 87.4 MB a picture for B0, 316 for B3 and 3,924 for B7.
TEST_CASE(
    "bytes of a step: at most 95 MB a picture for B0, in proportion for B3 and B7, none below the model") {
  const auto between = [](double bytes, double least, double most) { return bytes > least && bytes < most; };
  CHECK(between(megabytes_a_picture("b0", 256), 87.4, 95));
  CHECK(between(megabytes_a_picture("b3", 128), 316, 316 * 95 / 87.4));
  CHECK(between(megabytes_a_picture("b7", 64), 3924, 3924 * 95 / 87.4));
}

TEST_CASE("launch cases: a net without such blocks, and channels without a kernel, are refused in words") {
  const auto refused = [](const char* text) {
    const NetOnDevice net{spec::parse_arch(text, "test"), 2};
    return tests::error_of([&] { apps::launch_memory(net, "--net"); });
  };
  CHECK(refused("conv_k3_s2_c8 | basic_k3_s1_c8_r1 | - | fc4 @3x16 relu").message().find("no MBConv block") !=
        std::string::npos);
  const spec::Error error = refused("conv_k3_s2_c12 | mb_k3_s1_e1_c12_r1 | - | fc4 @3x16 silu");
  CHECK(error.where() == "--net");
  CHECK(tests::contains(error.message(), "8"));
}
