#include "ops/mean_of_map.h"

#include "cuda/head_mean.h"
#include "ops/cuda_execution.h"

namespace effnet::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

cuda::HeadMeanForward mean_of(const Tensor& values, const Tensor& norm, kernels::Activation activation) {
  return {.shape = {values.size(0), values.size(2) * values.size(3), values.size(1)},
          .storage = storage_of(values),
          .x = map_memory(values),
          .raw_x = {norm_state(norm), activation}};
}

struct CudaMeanOfMap : torch::autograd::Function<CudaMeanOfMap> {
  static Tensor forward(AutogradContext* autograd, const Tensor& values, const Tensor& norm,
                        kernels::Activation activation) {
    cuda::HeadMeanForward mean = mean_of(values, norm, activation);
    const Tensor pooled = floats_like(values, {values.size(0), values.size(1)});
    mean.pooled = float_memory(pooled);
    run_on_cuda(mean, values);
    autograd->save_for_backward({values, norm});
    autograd->saved_data["activation"] = static_cast<std::int64_t>(activation);
    return pooled;
  }

  static variable_list backward(AutogradContext* autograd, const variable_list& gradients) {
    const variable_list tensors = autograd->get_saved_variables();
    const Tensor &values = tensors[0], &norm = tensors[1];
    const auto activation = static_cast<kernels::Activation>(autograd->saved_data["activation"].toInt());
    const Tensor pooled_gradient = gradients[0].contiguous();
    const Tensor to_values = torch::empty_like(values), to_norm = torch::empty_like(norm);
    run_on_cuda(cuda::HeadMeanBackward{.forward = mean_of(values, norm, activation),
                                       .pooled_gradient = float_memory(pooled_gradient),
                                       .x_gradient = map_memory(to_values),
                                       .x_norm = norm_gradients(gradients_of_raw(to_norm)),
                                       .x_factors = factors_of_raw(to_norm)},
                values);
    return {to_values, to_norm, Tensor()};
  }
};

}  // namespace

Tensor mean_of_map(const Map& x) {
  return x.raw() ? CudaMeanOfMap::apply(x.values, x.norm, x.activation) : mean_of_map(x.values);
}

bool mean_takes_raw(const ExecutionContext& context, const Tensor& like) {
  return context.by_own_kernels() && runs_on_cuda(context, like) && cuda::has_kernels();
}

}  // namespace effnet::ops
