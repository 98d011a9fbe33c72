// libeffnet_ops.so: the operators of ops/ for whoever loads it into a process with LibTorch, from Python by
// torch.ops.load_library (docs/operator-library.md). Gradients are the operators' own. Memory is the process's: the pooled
// allocator of the programs is no part of this.
#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/library.h>
#include <torch/torch.h>

#include <map>

#include "ops/library_arguments.h"

namespace effnet::ops {
namespace {

using torch::Tensor;
using OptionalTensor = std::optional<Tensor>;
using OptionalList = std::optional<c10::List<Tensor>>;

// A batch norm is [weight, bias, running_mean, running_var], squeeze-and-excite [reduce weight, reduce bias, gate weight,
// gate bias]. In training the running statistics are changed.
constexpr const char* kMBConvSchema =
    "mbconv(Tensor x, *, Tensor depthwise, Tensor(a!)[] depthwise_norm, Tensor project,"
    " Tensor(b!)[] project_norm, Tensor? expand=None, Tensor(c!)[]? expand_norm=None,"
    " Tensor[]? squeeze_excite=None, Tensor? keep=None, int stride=1, str padding='same', str "
    "activation='silu',"
    " str project_activation='identity', bool residual=False, bool training, float eps, float momentum,"
    " str kernels='auto') -> Tensor";
constexpr const char* kConvNormActSchema =
    "conv_norm_act(Tensor x, *, Tensor weight, Tensor(a!)[] norm, int stride=1, int groups=1,"
    " str padding='same', str activation='identity', bool training, float eps, float momentum,"
    " str kernels='auto') -> Tensor";

// A script's threads may run backward what another one's forward left, so memory to work in is the thread's.
const ExecutionContext& context_of_thread(Kernels kernels) {
  static thread_local std::map<Kernels, ExecutionContext> contexts;
  return contexts.try_emplace(kernels, kernels, ExecutionContext::Memory::kOfThread).first->second;
}

// call(context); what falls back to the reference is a warning, once.
template <class Call>
Tensor carried_out(Kernels kernels, Call&& call) {
  const ExecutionContext& context = context_of_thread(kernels);
  const std::set<std::string> before = context.fallbacks();
  Tensor result = call(context);
  for (const std::string& reason : context.fallbacks()) {
    if (!before.contains(reason)) TORCH_WARN("effnet: computed by LibTorch's operators: ", reason);
  }
  return result;
}

Mode mode_of(bool training) {
  return training ? Mode::kTrain : Mode::kEval;
}

std::vector<Tensor> tensors_of(const OptionalList& list) {
  return list ? list->vec() : std::vector<Tensor>();
}

Tensor library_mbconv(const Tensor& x, const Tensor& depthwise, at::TensorList depthwise_norm,
                      const Tensor& project, at::TensorList project_norm, const OptionalTensor& expand,
                      const OptionalList& expand_norm, const OptionalList& squeeze_excite,
                      const OptionalTensor& keep, std::int64_t stride, const std::string& padding,
                      const std::string& activation, const std::string& project_activation, bool residual,
                      bool training, double eps, double momentum, const std::string& kernels) {
  const LibraryArguments arguments(x);
  const MBConvParams params{.stride = static_cast<int>(stride),
                            .padding = padding_named(padding, "padding"),
                            .activation = activation_named(activation, "activation"),
                            .project_activation = activation_named(project_activation, "project_activation"),
                            .residual = residual};
  MBConvWeights weights;
  weights.depthwise = arguments.tensor(depthwise, {-1, 1, -1, -1}, "depthwise");
  arguments.window(depthwise, stride, params.padding, "depthwise");
  const std::int64_t wide = depthwise.size(0);
  weights.depthwise_norm = arguments.norm(depthwise_norm, wide, eps, momentum, "depthwise_norm");
  weights.project = arguments.tensor(project, {-1, wide, 1, 1}, "project");
  weights.project_norm = arguments.norm(project_norm, project.size(0), eps, momentum, "project_norm");
  if (expand) {
    weights.expand = arguments.tensor(*expand, {wide, arguments.channels(), 1, 1}, "expand");
    weights.expand_norm = arguments.norm(tensors_of(expand_norm), wide, eps, momentum, "expand_norm");
  } else {
    TORCH_CHECK(wide == arguments.channels(), "depthwise has ", wide, " channels and x ",
                arguments.channels(), ", but there is no expand");
    TORCH_CHECK(!expand_norm, "expand_norm is given, but there is no expand");
  }
  if (squeeze_excite) {
    const std::vector<Tensor> four = tensors_of(squeeze_excite);
    TORCH_CHECK(four.size() == 4, "squeeze_excite has ", four.size(),
                " tensors; it is [reduce weight, reduce bias, gate weight, gate bias]");
    weights.reduce = arguments.tensor(four[0], {-1, wide, 1, 1}, "squeeze_excite[0]");
    weights.reduce_bias = arguments.tensor(four[1], {four[0].size(0)}, "squeeze_excite[1]");
    weights.gate = arguments.tensor(four[2], {wide, four[0].size(0), 1, 1}, "squeeze_excite[2]");
    weights.gate_bias = arguments.tensor(four[3], {wide}, "squeeze_excite[3]");
  }
  TORCH_CHECK(!residual || (stride == 1 && project.size(0) == arguments.channels()),
              "residual: the block has stride ", stride, " and makes ", project.size(0), " channels of ",
              arguments.channels());
  const Tensor kept = keep ? arguments.tensor(*keep, {x.size(0)}, "keep") : Tensor();
  return carried_out(kernels_named(kernels, "kernels"), [&](const ExecutionContext& context) {
    return mbconv(x, weights, params, kept, mode_of(training), context);
  });
}

Tensor library_conv_norm_act(const Tensor& x, const Tensor& weight, at::TensorList norm, std::int64_t stride,
                             std::int64_t groups, const std::string& padding, const std::string& activation,
                             bool training, double eps, double momentum, const std::string& kernels) {
  const LibraryArguments arguments(x);
  const ConvNormActParams params{.stride = static_cast<int>(stride),
                                 .groups = static_cast<int>(groups),
                                 .padding = padding_named(padding, "padding"),
                                 .activation = activation_named(activation, "activation")};
  TORCH_CHECK(groups > 0 && arguments.channels() % groups == 0, "groups is ", groups, "; x has ",
              arguments.channels(), " channels");
  // As it lies: the operator wants it channels_last and sees to that.
  arguments.tensor(weight, {-1, arguments.channels() / groups, -1, -1}, "weight");
  TORCH_CHECK(weight.size(0) % groups == 0, "groups is ", groups, "; weight makes ", weight.size(0),
              " channels");
  arguments.window(weight, stride, params.padding, "weight");
  const BatchNorm batch_norm = arguments.norm(norm, weight.size(0), eps, momentum, "norm");
  return carried_out(kernels_named(kernels, "kernels"), [&](const ExecutionContext& context) {
    return conv_norm_act(x, weight, batch_norm, params, mode_of(training), context);
  });
}

// Its last byte but five counts patches, which change nothing here.
constexpr int kPatchBits = 48;

TORCH_LIBRARY(effnet, library) {
  if (aoti_torch_abi_version() >> kPatchBits != TORCH_ABI_VERSION >> kPatchBits)
    TORCH_WARN("effnet: libeffnet_ops.so was built for LibTorch ", TORCH_VERSION,
               " and is loaded into another version; build it for that one (-DEFFNET_TORCH_ROOT)");
  library.def(kMBConvSchema, &library_mbconv);
  library.def(kConvNormActSchema, &library_conv_norm_act);
}

}  // namespace
}  // namespace effnet::ops
