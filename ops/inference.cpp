#include "ops/inference.h"

#include <bit>

#include "ops/cpu_execution.h"
#include "ops/cpu_mbconv.h"
#include "ops/cuda_execution.h"
#include "ops/cuda_inference.h"

namespace effnet::ops {
namespace {

using torch::Tensor;

template <class Visit>
void each_tensor(const BatchNorm& norm, Visit&& visit) {
  for (const Tensor* tensor : {&norm.weight, &norm.bias, &norm.running_mean, &norm.running_var})
    visit(*tensor);
}

template <class Visit>
void each_tensor(const NetTerms::Conv& conv, Visit&& visit) {
  visit(conv.weight);
  each_tensor(conv.norm, visit);
}

template <class Visit>
void each_tensor(const NetTerms::MBConv& block, Visit&& visit) {
  const MBConvWeights& w = block.weights;
  for (const Tensor* tensor :
       {&w.expand, &w.depthwise, &w.reduce, &w.reduce_bias, &w.gate, &w.gate_bias, &w.project})
    visit(*tensor);
  for (const BatchNorm* norm : {&w.expand_norm, &w.depthwise_norm, &w.project_norm})
    each_tensor(*norm, visit);
}

template <class Visit>
void each_tensor(const NetTerms::Fused& block, Visit&& visit) {
  each_tensor(block.expand, visit);
  each_tensor(block.project, visit);
}

// visit(tensor) for all that are defined.
template <class Visit>
void each_tensor(const NetTerms& terms, Visit&& visit) {
  const auto defined = [&](const Tensor& tensor) {
    if (tensor.defined()) visit(tensor);
  };
  for (const auto& layer : terms.layers) std::visit([&](const auto& of) { each_tensor(of, defined); }, layer);
  defined(terms.classifier_weight);
  defined(terms.classifier_bias);
}

// Changes when a tensor is another one, lies elsewhere, or was written to. LibTorch counts writes, but not those
// through `.data()` or a pointer; the first and last value give those away, where reading them does not wait for a device.
std::uint64_t fingerprint_of(const NetTerms& terms) {
  std::uint64_t hash = 0;
  const auto add = [&hash](std::uint64_t value) {
    hash = (std::rotl(hash, 5) ^ value) * 0x9e3779b97f4a7c15u;
  };
  each_tensor(terms, [&](const Tensor& tensor) {
    const float* data = tensor.const_data_ptr<float>();
    add(reinterpret_cast<std::uintptr_t>(data));
    add(tensor.is_inference() ? 0 : tensor.unsafeGetTensorImpl()->version_counter().current_version());
    if (!tensor.is_cpu()) return;
    add(std::bit_cast<std::uint32_t>(data[0]));
    add(std::bit_cast<std::uint32_t>(data[tensor.numel() - 1]));
  });
  return hash;
}

bool is_covered(const NetTerms::Conv& conv) {
  return conv.params.groups == 1;
}
bool is_covered(const NetTerms::MBConv& block) {
  const std::int64_t kernel = block.weights.depthwise.size(2);
  return (kernel == 3 || kernel == 5 || kernel == 7) && block.params.stride <= 2;
}
bool is_covered(const NetTerms::Fused& block) {
  return is_covered(block.expand) && is_covered(block.project);
}

// Why there are no kernels for such a net anywhere, or null.
const char* refusal(const NetTerms& terms, const Tensor& pictures) {
  if (pictures.dim() != 4 || pictures.numel() == 0) return "inference: no pictures";
  const auto* first = terms.layers.empty() ? nullptr : std::get_if<NetTerms::Conv>(&terms.layers.front());
  if (!first || first->residual) return "inference: the net does not begin with a convolution";
  if (first->weight.size(1) != pictures.size(1)) return "inference: pictures of other channels";
  return nullptr;
}

// Why there are none on the CPU, or null.
const char* cpu_refusal(const NetTerms& terms, const Tensor& pictures) {
  for (const auto& layer : terms.layers) {
    if (!std::visit([](const auto& of) { return is_covered(of); }, layer))
      return "inference: a layer has no kernel";
  }
  bool floats = are_cpu_floats({pictures});
  each_tensor(terms, [&](const Tensor& tensor) {
    floats = floats && are_cpu_floats({tensor}) && tensor.numel() > 0;
  });
  return floats ? nullptr : "inference: only float on the CPU has kernels";
}

cpu::ConvTerms terms_of(const NetTerms::Conv& conv) {
  return {.in_channels = conv.weight.size(1),
          .out_channels = conv.weight.size(0),
          .kernel = static_cast<int>(conv.weight.size(2)),
          .stride = conv.params.stride,
          .padding = conv.params.padding,
          .activation = conv.params.activation};
}

void add(cpu::InferenceNet& net, const NetTerms::Conv& conv) {
  const Tensor weight = conv.weight.contiguous(kChannelsLast);
  net.add_conv(terms_of(conv), {data_of(weight), weights_of(conv.norm)}, conv.residual);
}

void add(cpu::InferenceNet& net, const NetTerms::MBConv& block) {
  net.add_mbconv(shape_of(block), block.params.padding, pointers_of(block.weights));
}

void add(cpu::InferenceNet& net, const NetTerms::Fused& block) {
  const Tensor expand = block.expand.weight.contiguous(kChannelsLast);
  net.add_fused({.expand = terms_of(block.expand),
                 .project = terms_of(block.project),
                 .expand_weights = {data_of(expand), weights_of(block.expand.norm)},
                 .project_weights = {data_of(block.project.weight), weights_of(block.project.norm)},
                 .residual = block.residual});
}

}  // namespace

PreparedNet::PreparedNet() = default;
PreparedNet::~PreparedNet() = default;

void PreparedNet::use(cpu::Precision precision) {
  if (precision != precision_) reset();
  precision_ = precision;
}

void PreparedNet::reset() {
  net_.reset();
  cuda_net_.reset();
}

bool PreparedNet::is_of(const NetTerms& terms) {
  const std::uint64_t fingerprint = fingerprint_of(terms);
  if ((net_ || cuda_net_) && fingerprint == fingerprint_) return true;
  reset();
  fingerprint_ = fingerprint;
  return false;
}

void PreparedNet::prepare(const NetTerms& terms, std::int64_t picture_channels) {
  net_ = cpu::inference_net(cpu::best_kernels(), picture_channels, precision_);
  for (const auto& layer : terms.layers) std::visit([&](const auto& of) { add(*net_, of); }, layer);
  net_->set_classifier(terms.classifier_weight.size(0), data_of(terms.classifier_weight),
                       data_of(terms.classifier_bias));
  ++preparations_;
}

Tensor PreparedNet::run_on_cpu(const NetTerms& terms, const Tensor& pictures,
                               const ExecutionContext& context) {
  if (!is_of(terms) || !net_) prepare(terms, pictures.size(1));
  const Tensor map = pictures.contiguous(kChannelsLast);
  Tensor logits = torch::empty({map.size(0), net_->classes()});
  net_->run(execution_of(context), map.size(0), {map.size(2), map.size(3)}, data_of(map), memory_of(logits));
  return logits;
}

Tensor PreparedNet::run_on_device(const NetTerms& terms, const Tensor& pictures) {
  if (!is_of(terms) || !cuda_net_) {
    cuda_net_ = std::make_unique<CudaPreparedNet>(terms, precision_);
    ++preparations_;
  }
  return cuda_net_->run(pictures);
}

Tensor PreparedNet::run(const NetTerms& terms, const Tensor& pictures, const ExecutionContext& context) {
  if (at::GradMode::is_enabled()) return {};
  const bool on_cuda = runs_on_cuda(context, pictures);
  const char* reason = refusal(terms, pictures);
  if (!reason) reason = on_cuda ? cuda_inference_refusal(terms, pictures) : cpu_refusal(terms, pictures);
  if (reason) {
    context.note_fallback(reason);
    return {};
  }
  return on_cuda ? run_on_device(terms, pictures) : run_on_cpu(terms, pictures, context);
}

}  // namespace effnet::ops
