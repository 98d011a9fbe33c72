#include "apps/effnet_bench/reference_contender.h"

#include <torch/torch.h>

#include "ops/activation.h"

namespace effnet::apps {
namespace {

using torch::Tensor;

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

struct Operators {
  PeerConvolution peer;
  Tensor x, weight, gate, norm_weight, norm_bias, running_mean, running_var;

  explicit Operators(const PeerConvolution& of) : peer(of) {
    const cudnn::Convolution& c = of.convolution;
    const auto floats = torch::TensorOptions(torch::kCUDA);
    const auto stored = floats.dtype(c.storage == cuda::Storage::kFloat ? torch::kFloat : torch::kBFloat16);
    x = torch::randn({c.batch, c.in_channels, c.height, c.width}, stored).contiguous(kChannelsLast);
    weight = torch::randn({c.out_channels, c.in_channels / c.groups, c.kernel, c.kernel}, stored)
                 .contiguous(kChannelsLast);
    if (of.gated) gate = torch::rand({c.batch, c.in_channels, 1, 1}, stored);
    if (of.norm_before) {
      norm_weight = torch::ones({c.in_channels}, floats);
      norm_bias = torch::zeros({c.in_channels}, floats);
      running_mean = torch::zeros({c.in_channels}, floats);
      running_var = torch::ones({c.in_channels}, floats);
    }
  }

  Tensor forward() const {
    const cudnn::Convolution& c = peer.convolution;
    Tensor z = x;
    if (peer.norm_before) {
      constexpr double kMomentum = 0.1, kEps = 1e-3;
      z = ops::activate(at::batch_norm(x, norm_weight, norm_bias, running_mean, running_var, true, kMomentum,
                                       kEps, /*cudnn_enabled=*/true),
                        peer.activation);
    }
    if (gate.defined()) z = z * gate;
    // Padding on both sides as before the map: what TensorFlow's SAME has more behind is another row of zeros.
    return at::conv2d(z, weight, {}, {c.stride, c.stride}, {c.kernel / 2, c.kernel / 2}, {1, 1}, c.groups);
  }

  std::vector<Tensor> leaves() const {
    std::vector<Tensor> all{weight};
    if (peer.x_gradient) all.push_back(x);
    for (const Tensor& tensor : {gate, norm_weight, norm_bias}) {
      if (tensor.defined()) all.push_back(tensor);
    }
    return all;
  }
};

}  // namespace

std::function<void(cuda::Stream)> reference_contender(const PeerConvolution& peer) {
  const auto operators = std::make_shared<const Operators>(peer);
  if (!peer.backward) {
    return [operators](cuda::Stream) {
      const torch::NoGradGuard no_grad;
      operators->forward();
    };
  }
  for (const Tensor& leaf : operators->leaves()) leaf.requires_grad_();
  const Tensor y = operators->forward(), gradient = torch::randn_like(y);
  return [operators, y, gradient](cuda::Stream) {
    torch::autograd::grad({y}, operators->leaves(), {gradient}, /*retain_graph=*/true);
  };
}

}  // namespace effnet::apps
