#include "ops/cuda_inference.h"

#include "cuda/conv_norm_act.h"
#include "ops/cuda_execution.h"

namespace effnet::ops {
namespace {

using torch::Tensor;

// ---- shapes and terms: what does not depend on the map ----------------------------------------------------------------

cuda::InferenceConv layer_of(const NetTerms::Conv& conv) {
  return {.shape = {.in_channels = conv.weight.size(1),
                    .out_channels = conv.weight.size(0),
                    .kernel = static_cast<int>(conv.weight.size(2)),
                    .stride = conv.params.stride,
                    .activation = conv.params.activation},
          .padding = conv.params.padding,
          .residual = conv.residual};
}

cuda::InferenceMBConv layer_of(const NetTerms::MBConv& block) {
  return {.shape = shape_of(block), .padding = block.params.padding};
}

cuda::InferenceFused layer_of(const NetTerms::Fused& block) {
  return {.expand = layer_of(block.expand), .project = layer_of(block.project), .residual = block.residual};
}

bool has_groups(const NetTerms::Conv& conv) {
  return conv.params.groups != 1;
}
bool has_groups(const NetTerms::MBConv&) {
  return false;
}
bool has_groups(const NetTerms::Fused& block) {
  return has_groups(block.expand) || has_groups(block.project);
}

// ---- weights ----------------------------------------------------------------------------------------------------------

// Prepares tensors and keeps them, for layers of pointers.
class Preparation {
 public:
  Preparation(cuda::Storage storage, std::vector<Tensor>& kept)
      : dtype_(storage == cuda::Storage::kFloat ? torch::kFloat : torch::kBFloat16), kept_(kept) {}

  cuda::InferenceLayer operator()(const NetTerms::Conv& conv) { return prepared(conv); }

  cuda::InferenceLayer operator()(const NetTerms::Fused& block) {
    return cuda::InferenceFused{prepared(block.expand), prepared(block.project), block.residual};
  }

  cuda::InferenceLayer operator()(const NetTerms::MBConv& block) {
    const MBConvWeights& w = block.weights;
    cuda::InferenceMBConv layer = layer_of(block);
    if (w.expand.defined()) {
      layer.expand = keep(w.expand, dtype_);
      layer.expand_norm = applied(norm_of(w.expand_norm));
    }
    layer.depthwise = floats(w.depthwise);
    layer.depthwise_norm = applied(norm_of(w.depthwise_norm));
    if (w.reduce.defined()) {
      layer.reduce = floats(w.reduce);
      layer.reduce_bias = floats(w.reduce_bias);
      layer.gate = floats(w.gate);
      layer.gate_bias = floats(w.gate_bias);
    }
    const Norm norm = norm_of(w.project_norm);
    layer.folded = cuda::folds_norm(layer.shape);
    layer.project = product(w.project, norm, layer.folded, dtype_);
    layer.project_norm = applied(norm);
    return layer;
  }

 private:
  struct Norm {
    Tensor scale, offset;  // (C), in double
  };
  static Norm norm_of(const BatchNorm& norm) {
    const auto wide = [](const Tensor& tensor) { return tensor.to(torch::kDouble); };
    const Tensor scale = wide(norm.weight) / (wide(norm.running_var) + norm.eps).sqrt();
    return {scale, wide(norm.bias) - wide(norm.running_mean) * scale};
  }

  cuda::InferenceConv prepared(const NetTerms::Conv& conv) {
    cuda::InferenceConv layer = layer_of(conv);
    const Norm norm = norm_of(conv.norm);
    const bool is_stem = cuda::kind_of(layer.shape) == cuda::ConvKind::kStem;
    layer.weights =
        product(conv.weight, norm, cuda::folds_norm(layer.shape), is_stem ? torch::kFloat : dtype_);
    layer.norm = applied(norm);
    return layer;
  }

  // At a multiple of 16 bytes: parameters are parts of one piece of memory and may lie anywhere.
  const void* keep(const Tensor& tensor, at::ScalarType dtype) {
    Tensor stored = tensor.detach().to(dtype);
    stored = stored.dim() == 4 ? stored.contiguous(kChannelsLast) : stored.contiguous();
    if (reinterpret_cast<std::uintptr_t>(stored.data_ptr()) % 16 != 0) stored = stored.clone();
    kept_.push_back(stored);
    return stored.data_ptr();
  }
  // (C, k, k) and vectors, whatever else their dimensions are called.
  const float* floats(const Tensor& tensor) {
    return static_cast<const float*>(keep(tensor.contiguous().flatten(), torch::kFloat));
  }
  const void* product(const Tensor& weight, const Norm& norm, bool folds, at::ScalarType dtype) {
    return keep(folds ? weight * norm.scale.reshape({-1, 1, 1, 1}) : weight, dtype);
  }
  cuda::FixedNorm applied(const Norm& norm) { return {floats(norm.scale), floats(norm.offset)}; }

  at::ScalarType dtype_;
  std::vector<Tensor>& kept_;
};

void read_from(cuda::Work& work, const void* pictures) {
  std::visit(
      [&](auto& launch) {
        if constexpr (requires { launch.x; }) launch.x = static_cast<decltype(launch.x)>(pictures);
      },
      work);
}

}  // namespace

const char* cuda_inference_refusal(const NetTerms& terms, const Tensor& pictures) {
  if (!cuda::has_kernels()) return "inference: this program was built without CUDA kernels";
  if (terms.classifier_weight.scalar_type() != torch::kFloat)
    return "inference: only parameters in float have a kernel on CUDA";
  if (terms.classifier_weight.device() != pictures.device())
    return "inference: pictures and parameters are on different devices";
  for (const auto& layer : terms.layers) {
    if (std::visit([](const auto& of) { return has_groups(of); }, layer))
      return "inference: convolution in groups has no kernel on CUDA";
    const cuda::InferenceLayer shapes =
        std::visit([](const auto& of) -> cuda::InferenceLayer { return layer_of(of); }, layer);
    if (const char* reason = cuda::inference_refusal(shapes)) return reason;
  }
  return nullptr;
}

CudaPreparedNet::CudaPreparedNet(const NetTerms& terms, cpu::Precision precision)
    : classifier_weight_(terms.classifier_weight), classifier_bias_(terms.classifier_bias) {
  net_.storage = precision == cpu::Precision::kFloat ? cuda::Storage::kFloat : cuda::Storage::kBfloat16;
  Preparation prepare(net_.storage, kept_);
  for (const auto& layer : terms.layers) net_.layers.push_back(std::visit(prepare, layer));
}

void CudaPreparedNet::plan(const Tensor& map) {
  if (planned_ == map.sizes()) return;
  planned_.clear();  // until all of it is there
  pooled_ = floats_like(map, {map.size(0), classifier_weight_.size(1)});
  const cuda::InferenceCall call{.batch = map.size(0),
                                 .height = map.size(2),
                                 .width = map.size(3),
                                 .pictures = map.data_ptr(),
                                 .pooled = float_memory(pooled_)};
  cuda::Carver counter(nullptr);
  work_of(net_, call, counter);
  memory_ = torch::empty({static_cast<std::int64_t>(counter.most())},
                         map.options().dtype(torch::kByte).memory_format(c10::nullopt));
  cuda::Carver carver(memory_.data_ptr());
  list_ = work_of(net_, call, carver);
  planned_ = map.sizes().vec();
}

Tensor CudaPreparedNet::run(const Tensor& pictures) {
  const at::ScalarType dtype = net_.storage == cuda::Storage::kFloat ? torch::kFloat : torch::kBFloat16;
  const Tensor map = pictures.to(dtype).contiguous(kChannelsLast);
  plan(map);
  read_from(list_.front(), map.data_ptr());
  cuda::run(list_, stream_of(map));
  return torch::addmm(classifier_bias_, pooled_, classifier_weight_.t());
}

}  // namespace effnet::ops
