// Nets in evaluation mode with weights of any kind, and their logits by the reference.
#pragma once

#include "models/net.h"

namespace effnet::tests {

// A net whose batch norms are not what they start as.
inline models::Net random_net(const spec::ArchSpec& arch,
                              const ops::ExecutionContext& context = ops::Kernels::kEffnet) {
  models::Net net(arch, models::Regularization{}, 1, context);
  torch::manual_seed(2);
  const torch::NoGradGuard no_grad;
  for (const auto& item : net->named_parameters()) {
    if (item.key().ends_with("bn.weight")) item.value().uniform_(0.7, 1.3);
    if (item.key().ends_with("bias")) item.value().normal_(0, 0.1);
  }
  for (const auto& item : net->named_buffers()) {
    if (item.key().ends_with("running_mean")) item.value().normal_(0, 0.1);
    if (item.key().ends_with("running_var")) item.value().uniform_(0.7, 1.3);
  }
  net->eval();
  return net;
}

inline torch::Tensor pictures_of(std::int64_t count, const spec::ArchSpec& arch) {
  return torch::randn({count, arch.resolution, arch.resolution, arch.input_channels}).permute({0, 3, 1, 2});
}

// By LibTorch's operators in `dtype`.
inline torch::Tensor reference_logits(const models::Net& net, const torch::Tensor& pictures,
                                      torch::ScalarType dtype) {
  models::Net wide(net->arch(), models::Regularization{}, 1, ops::Kernels::kReference);
  const torch::NoGradGuard no_grad;
  const auto parameters = net->named_parameters(), buffers = net->named_buffers();
  for (const auto& item : wide->named_parameters()) item.value().copy_(parameters[item.key()]);
  for (const auto& item : wide->named_buffers()) item.value().copy_(buffers[item.key()]);
  wide->to(dtype);
  wide->eval();
  return wide->forward(pictures.to(dtype)).to(torch::kDouble);
}

inline double rms(const torch::Tensor& x) {
  return x.square().mean().sqrt().item<double>();
}

}  // namespace effnet::tests
