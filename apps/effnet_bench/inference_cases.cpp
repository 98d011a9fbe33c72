#include "apps/effnet_bench/inference_cases.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/effnet_bench/kernel_names.h"
#include "cuda/conv_norm_act.h"
#include "cuda/inference_net.h"
#include "models/kernel_terms.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

using kernels::Index;

// Lays out a net's weights and the memory that its launches work in.
class NetInMemory {
 public:
  NetInMemory(const NetOnDevice& net, void* memory)
      : storage_(net.storage), padding_(models::kernel_term(net.arch.padding)), memory_(memory) {
    cuda::InferenceNet layers{.storage = storage_};
    Index channels = 0;
    for (const DeviceLayer& layer : layers_in_order(net)) {
      if (std::holds_alternative<WithoutKernels>(layer.shape))
        throw std::invalid_argument("the net has a layer that cuda-kernels --inference does not know");
      if (const auto* block = std::get_if<cuda::MBConvShape>(&layer.shape))
        layers.layers.emplace_back(of(*block));
      if (const auto* conv = std::get_if<kernels::ConvShape>(&layer.shape))
        layers.layers.emplace_back(of(*conv));
      if (const auto* mean = std::get_if<HeadMean>(&layer.shape)) channels = mean->shape.channels;
    }
    for (const cuda::InferenceLayer& layer : layers.layers) {
      if (const char* reason = cuda::inference_refusal(layer)) throw std::invalid_argument(reason);
    }
    const Index side = net.arch.resolution;
    const cuda::InferenceCall call{.batch = net.batch,
                                   .height = side,
                                   .width = side,
                                   .pictures = map(net.batch * side * side * net.arch.input_channels),
                                   .pooled = floats(net.batch * channels)};
    list_ = cuda::work_of(layers, call, memory_);
  }

  const cuda::WorkList& list() const { return list_; }
  std::size_t bytes() const { return memory_.most(); }

 private:
  float* floats(Index count) { return memory_.take<float>(count); }
  void* map(Index values) { return memory_.take<std::byte>(values * static_cast<Index>(bytes_of(storage_))); }
  cuda::FixedNorm norm(Index channels) { return {floats(channels), floats(channels)}; }

  cuda::InferenceConv of(const kernels::ConvShape& s) {
    const Index weights = s.patch() * s.out_channels;
    const bool is_stem = cuda::kind_of(s) == cuda::ConvKind::kStem;
    return {.shape = s,
            .padding = padding_,
            .weights = is_stem ? floats(weights) : map(weights),
            .norm = norm(s.out_channels)};
  }

  cuda::InferenceMBConv of(const cuda::MBConvShape& s) {
    const Index wide = s.expanded(), taps = static_cast<Index>(s.depthwise.kernel) * s.depthwise.kernel;
    cuda::InferenceMBConv block{.shape = s,
                                .padding = padding_,
                                .depthwise = floats(wide * taps),
                                .project = map(wide * s.out_channels),
                                .depthwise_norm = norm(wide),
                                .project_norm = norm(s.out_channels),
                                .folded = cuda::folds_norm(s)};
    if (s.expands) {
      block.expand = map(wide * s.in_channels);
      block.expand_norm = norm(wide);
    }
    if (s.squeezes()) {
      block.reduce = floats(wide * s.squeezed_channels);
      block.reduce_bias = floats(s.squeezed_channels);
      block.gate = floats(wide * s.squeezed_channels);
      block.gate_bias = floats(wide);
    }
    return block;
  }

  cuda::Storage storage_;
  kernels::Padding padding_;
  cuda::Carver memory_;
  cuda::WorkList list_;
};

// What distinguishes launches of one kernel.
class Shape {
 public:
  std::string operator()(const cuda::ExpandDepthwise& work) const {
    const kernels::DepthwiseShape& s = work.shape;
    return fmt::format("k{} s{} {}{} @{}", s.kernel, s.stride,
                       work.expand ? fmt::format("{}-", work.in_channels) : "", s.channels, s.height);
  }
  std::string operator()(const cuda::PointwiseForward& work) const {
    return fmt::format("{}-{}{}{} x{}", work.shape.in_channels, work.shape.out_channels,
                       work.gate ? ", gated" : "", work.residual ? " +x" : "", work.shape.pixels);
  }
  std::string operator()(const cuda::SeLayersForward& work) const {
    return fmt::format("{}-{}", work.shape.channels, work.shape.squeezed_channels);
  }
  std::string operator()(const cuda::StemForward& work) const { return name_of(work.shape); }
  std::string operator()(const cuda::DenseForward& work) const { return name_of(work.shape); }
  std::string operator()(const cuda::BlockOutputForward& work) const { return name_of(work.shape); }
  std::string operator()(const cuda::HeadPoolForward& work) const { return name_of(work.shape); }
  template <class Other>
  std::string operator()(const Other&) const {
    return "";
  }

 private:
  static std::string name_of(const kernels::ConvShape& s) {
    return fmt::format("k{} s{} {}-{} @{}", s.kernel, s.stride, s.in_channels, s.out_channels, s.height);
  }
  static std::string name_of(const cuda::RowShape& s) { return fmt::format("{} x{}", s.channels, s.pixels); }
};

}  // namespace

std::size_t inference_memory(const NetOnDevice& net, std::string_view where) {
  try {
    return NetInMemory(net, nowhere()).bytes();
  } catch (const std::invalid_argument& error) {
    throw spec::Error(spec::ErrorKind::kUsage, where, error.what());
  }
}

std::vector<LaunchCase> inference_cases(const NetOnDevice& net, void* memory) {
  const NetInMemory prepared(net, memory ? memory : nowhere());
  std::vector<LaunchCase> cases{{"all launches", 1, "inference", prepared.list(), {}}};
  for (const cuda::Work& work : prepared.list()) {
    const std::string shape = std::visit(Shape(), work), kernel = kernel_name(work);
    const auto same = std::find_if(cases.begin(), cases.end(), [&](const LaunchCase& other) {
      return other.layer == shape && other.kernel == kernel;
    });
    if (same == cases.end()) {
      cases.push_back({shape, 1, kernel, {work}, {}});
    } else {
      ++same->repeats;
    }
  }
  return cases;
}

cuda::BytesModel inference_bytes(const NetOnDevice& net) {
  return cuda::bytes_of(NetInMemory(net, nowhere()).list());
}

}  // namespace effnet::apps
