#include "apps/effnet_bench/launch_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/effnet_bench/kernel_names.h"
#include "cuda/conv_norm_act.h"
#include "cuda/head_mean.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

using cuda::Carver;
using kernels::Index;

template <class T, class... Of>
constexpr bool kIsOneOf = (std::is_same_v<T, Of> || ...);

// Lays out the memory of one layer and makes its lists of work.
class LayerOnDevice {
 public:
  LayerOnDevice(const NetOnDevice& net, void* memory) : storage_(net.storage), memory_(memory) {}

  std::size_t bytes() const { return memory_.most(); }

  std::vector<LaunchCase> cases(const DeviceLayer& layer) {
    raw_ = layer.raw;
    const Lists lists = std::visit([&](const auto& shape) { return lists_of(shape); }, layer.shape);
    // As much as the largest matrix of weights, each.
    peer_weights_ = map(most_weights_);
    peer_weight_gradient_ = map(most_weights_);
    std::vector<LaunchCase> cases;
    const auto add = [&](const cuda::Work& work) {
      std::visit(
          [&](const auto& of) {
            cases.push_back({layer.name, layer.repeats, kernel_name(work), {work}, peer_of(of)});
          },
          work);
    };
    for (const auto& [name, list] : lists) {
      cases.push_back({layer.name, layer.repeats, name, list, {}});
      for (const cuda::Work& work : list) add(work);
    }
    return cases;
  }

 private:
  using Lists = std::vector<std::pair<const char*, cuda::WorkList>>;

  float* floats(Index count) { return memory_.take<float>(count); }
  void* map(Index values) { return memory_.take<std::byte>(values * static_cast<Index>(bytes_of(storage_))); }
  // Stored as the maps are.
  void* matrix(Index values) {
    most_weights_ = std::max(most_weights_, values);
    return map(values);
  }
  cuda::NormWeights norm(Index channels) {
    return {floats(channels), floats(channels), floats(channels), floats(channels)};
  }
  cuda::NormState state(Index channels) {
    return cuda::NormState::in(floats(cuda::NormState::size(channels)), channels);
  }
  cuda::RawInput raw_x(Index channels) {
    return raw_.in ? cuda::RawInput{state(channels), raw_.activation} : cuda::RawInput{};
  }
  cuda::NormFactors factors(Index channels) { return cuda::take_factors(memory_, channels); }
  cuda::NormGradients norm_gradients(Index channels) { return {floats(channels), floats(channels)}; }

  Lists lists_of(const cuda::MBConvShape& s) {
    const Index wide = s.expanded(), taps = static_cast<Index>(s.depthwise.kernel) * s.depthwise.kernel;
    const Index out = s.out_rows() * s.out_channels, middle = s.out_rows() * wide;
    cuda::MBConvForward forward{.shape = s, .storage = storage_};
    cuda::MBConvBackward backward;
    most_weights_ = wide * taps;
    if (s.expands) {
      forward.weights.expand = matrix(wide * s.in_channels);
      forward.weights.expand_norm = norm(wide);
      forward.saved.expanded = map(s.in_rows() * wide);
      forward.saved.expand_norm = state(wide);
      backward.gradients.expand = floats(wide * s.in_channels);
      backward.gradients.expand_norm = norm_gradients(wide);
    }
    forward.weights.depthwise = floats(wide * taps);
    forward.weights.depthwise_norm = norm(wide);
    forward.saved.depthwise = map(middle);
    forward.saved.depthwise_norm = state(wide);
    backward.gradients.depthwise = floats(wide * taps);
    backward.gradients.depthwise_norm = norm_gradients(wide);
    if (s.squeezes()) {
      const Index layer = wide * s.squeezed_channels;
      forward.weights.reduce = floats(layer);
      forward.weights.reduce_bias = floats(s.squeezed_channels);
      forward.weights.gate = floats(layer);
      forward.weights.gate_bias = floats(wide);
      forward.saved.pool_sums = floats(pool_sums_size(s, storage_));
      forward.saved.pooled = floats(s.batch() * wide);
      forward.saved.squeezed = floats(s.batch() * s.squeezed_channels);
      forward.saved.gate = floats(s.batch() * wide);
      backward.gradients.reduce = floats(layer);
      backward.gradients.reduce_bias = floats(s.squeezed_channels);
      backward.gradients.gate = floats(layer);
      backward.gradients.gate_bias = floats(wide);
    }
    forward.weights.project = matrix(wide * s.out_channels);
    forward.weights.project_norm = norm(s.out_channels);
    forward.saved.projected = map(out);
    forward.saved.project_norm = state(s.out_channels);
    forward.x = map(s.in_rows() * s.in_channels);
    forward.raw_x = raw_x(s.in_channels);
    if (raw_.in) {
      backward.gradients.x_norm = norm_gradients(s.in_channels);
      backward.gradients.x_factors = factors(s.in_channels);
    }
    if (s.residual) forward.keep = floats(s.batch());
    forward.out_is_raw = raw_.out;
    if (raw_.out) {
      backward.out_factors = factors(s.out_channels);
    } else {
      forward.out = map(out);
    }
    backward.gradients.project = floats(wide * s.out_channels);
    backward.gradients.project_norm = norm_gradients(s.out_channels);
    backward.gradients.x = map(s.in_rows() * s.in_channels);
    backward.out_gradient = map(out);
    backward.forward = forward;
    return lists_of(forward, backward);
  }

  Lists lists_of(const kernels::ConvShape& s) {
    const Index in = s.batch * s.in_pixels() * s.in_channels, out = s.batch * s.out_pixels() * s.out_channels;
    const Index weights = s.patch() * s.out_channels;
    const bool is_stem = cuda::kind_of(s) == cuda::ConvKind::kStem;
    most_weights_ = weights;
    const cuda::ConvNormActForward forward{.shape = s,
                                           .storage = storage_,
                                           .weights = is_stem ? floats(weights) : map(weights),
                                           .norm = norm(s.out_channels),
                                           .x = map(in),
                                           .raw_x = raw_x(s.in_channels),
                                           .y = map(out),
                                           .state = state(s.out_channels),
                                           .out_is_raw = raw_.out,
                                           .out = raw_.out ? nullptr : map(out)};
    const cuda::ConvNormActBackward backward{
        .forward = forward,
        .out_gradient = map(out),
        .out_factors = raw_.out ? factors(s.out_channels) : cuda::NormFactors{},
        .x_gradient = is_stem ? nullptr : map(in),
        .weight_gradient = floats(weights),
        .norm_gradients = norm_gradients(s.out_channels),
        .x_norm = raw_.in ? norm_gradients(s.in_channels) : cuda::NormGradients{},
        .x_factors = raw_.in ? factors(s.in_channels) : cuda::NormFactors{}};
    return lists_of(forward, backward);
  }

  Lists lists_of(const WithoutKernels&) { return {}; }

  // Behind a residual block LibTorch takes it, of a finished map.
  Lists lists_of(const HeadMean& mean) {
    if (!raw_.in) return {};
    const Index values = mean.shape.rows() * mean.shape.channels, channels = mean.shape.channels;
    const cuda::HeadMeanForward forward{.shape = mean.shape,
                                        .storage = storage_,
                                        .x = map(values),
                                        .raw_x = {state(channels), raw_.activation},
                                        .pooled = floats(mean.shape.batch * channels)};
    const cuda::HeadMeanBackward backward{.forward = forward,
                                          .pooled_gradient = floats(mean.shape.batch * channels),
                                          .x_gradient = map(values),
                                          .x_norm = norm_gradients(channels),
                                          .x_factors = factors(channels)};
    return lists_of(forward, backward);
  }

  // RMSProp in TensorFlow's form with a moving average.
  Lists lists_of(const ParameterCount& parameters) {
    const Index count = parameters.count;
    cuda::OptimizerStep step{.rule = cuda::OptimizerRule::kRmspropTf,
                             .count = count,
                             .decayed = count,
                             .parameters = floats(count),
                             .gradients = floats(count),
                             .momentum = floats(count),
                             .mean_square = floats(count),
                             .average = floats(count),
                             .weight_decay = 1e-5F,
                             .momentum_decay = 0.9F,
                             .mean_square_decay = 0.9F,
                             .eps = 1e-3F};
    auto* const scalars = memory_.take<cuda::OptimizerScalars>(1);
    step.scalars = scalars;
    const cuda::GradientNorm norm{.count = count,
                                  .gradients = step.gradients,
                                  .largest = 1,
                                  .parts = memory_.take<double>(cuda::norm_parts(count)),
                                  .scalars = scalars};
    return {{"update", {norm, step}}};
  }

  // Both directions work in the same memory, one after the other.
  template <class Forward, class Backward>
  Lists lists_of(const Forward& forward, const Backward& backward) {
    const std::size_t used = memory_.used();
    cuda::WorkList there = work_of(forward, memory_);
    memory_.free_after(used);
    cuda::WorkList back = work_of(backward, memory_);
    memory_.free_after(memory_.most());
    return {{"forward", std::move(there)}, {"backward", std::move(back)}};
  }

  // Maps are square here.
  cudnn::Convolution pointwise(const kernels::PointwiseShape& s) const {
    const auto side = static_cast<Index>(std::lround(std::sqrt(static_cast<double>(s.pixels))));
    return {.batch = s.batch,
            .in_channels = s.in_channels,
            .out_channels = s.out_channels,
            .height = side,
            .width = side,
            .out_height = side,
            .out_width = side,
            .storage = storage_};
  }

  // Of any kernel with a convolution.
  template <class Of>
  PeerConvolution peer(const Of& of, const cudnn::Convolution& convolution) const {
    PeerConvolution peer{.convolution = convolution, .x = const_cast<void*>(of.x), .weights = peer_weights_};
    if constexpr (requires { of.scale; }) {
      peer.norm_before = of.scale != nullptr;
      peer.activation = of.activation;
    }
    if constexpr (requires { of.y_gradient; }) {
      peer.backward = true;
      peer.y = const_cast<void*>(of.y_gradient);
      if constexpr (requires { of.x_gradient; }) peer.x_gradient = of.x_gradient;
      peer.weight_gradient = peer_weight_gradient_;
    } else {
      peer.y = of.y;
    }
    return peer;
  }

  template <class Of>
  std::optional<PeerConvolution> peer_of(const Of& of) const {
    if constexpr (kIsOneOf<Of, cuda::DepthwiseForward, cuda::DepthwiseBackward>) {
      return peer(of, cudnn::convolution_of(of.shape, storage_));
    } else if constexpr (kIsOneOf<Of, cuda::PointwiseForward, cuda::PointwiseBackward>) {
      PeerConvolution gated = peer(of, pointwise(of.shape));
      gated.gated = of.gate != nullptr;
      return gated;
    } else if constexpr (kIsOneOf<Of, cuda::StemForward, cuda::StemBackward, cuda::DenseForward,
                                  cuda::DenseWeightGradient>) {
      return peer(of, cudnn::convolution_of(of.shape, storage_));
    } else {
      return std::nullopt;
    }
  }

  cuda::Storage storage_;
  Carver memory_;
  RawEnds raw_;  // of the layer
  Index most_weights_ = 0;
  void *peer_weights_ = nullptr, *peer_weight_gradient_ = nullptr;
};

}  // namespace

std::size_t launch_memory(const NetOnDevice& net, std::string_view where) {
  const std::vector<DeviceLayer> layers = device_layers(net);
  const bool has_blocks = std::any_of(layers.begin(), layers.end(), [](const DeviceLayer& layer) {
    return std::holds_alternative<cuda::MBConvShape>(layer.shape);
  });
  if (!has_blocks) {
    throw spec::Error(spec::ErrorKind::kUsage, where, "the net has no MBConv block, so no launches of one",
                      "take one of b0 to b7, or another net of such blocks");
  }
  try {
    std::size_t most = 0;
    for (const DeviceLayer& layer : layers) {
      LayerOnDevice counter(net, nowhere());
      counter.cases(layer);
      most = std::max(most, counter.bytes());
    }
    return most;
  } catch (const std::invalid_argument& error) {
    throw spec::Error(spec::ErrorKind::kUsage, where, error.what());
  }
}

StepBytes step_bytes(const NetOnDevice& net) {
  StepBytes bytes;
  for (const LaunchCase& of : launch_cases(net, nullptr)) {
    cuda::BytesModel* sum = of.kernel == "forward"    ? &bytes.forward
                            : of.kernel == "backward" ? &bytes.backward
                            : of.kernel == "update"   ? &bytes.update
                                                      : nullptr;
    if (!sum) continue;  // a launch of one of these
    const cuda::BytesModel once = cuda::bytes_of(of.work);
    const auto repeats = static_cast<double>(of.repeats);
    sum->maps_read += repeats * once.maps_read;
    sum->maps_written += repeats * once.maps_written;
    sum->rest_read += repeats * once.rest_read;
    sum->rest_written += repeats * once.rest_written;
  }
  return bytes;
}

std::vector<LaunchCase> launch_cases(const NetOnDevice& net, void* memory) {
  std::vector<LaunchCase> all;
  for (const DeviceLayer& layer : device_layers(net)) {
    for (LaunchCase& of : LayerOnDevice(net, memory ? memory : nowhere()).cases(layer))
      all.push_back(std::move(of));
  }
  return all;
}

}  // namespace effnet::apps
