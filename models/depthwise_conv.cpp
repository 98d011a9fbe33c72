#include "models/depthwise_conv.h"

#include <ATen/Parallel.h>

#include "models/depthwise_gradient.h"

namespace effnet::models {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kChannelsATask = 16;

Tensor weight_gradient(const Tensor& x, const Tensor& gradient, const Tensor& weight, int stride,
                       std::int64_t pad_rows, std::int64_t pad_columns) {
  const DepthwiseShape shape{.batch = x.size(0),
                             .channels = x.size(1),
                             .in_height = x.size(2),
                             .in_width = x.size(3),
                             .out_height = gradient.size(2),
                             .out_width = gradient.size(3),
                             .kernel = static_cast<int>(weight.size(2)),
                             .stride = stride,
                             .pad_top = pad_rows,
                             .pad_left = pad_columns};
  Tensor result = torch::empty(weight.sizes(), weight.options());  // (C, 1, k, k): both formats are one
  const float* input = x.const_data_ptr<float>();
  const float* output_gradient = gradient.const_data_ptr<float>();
  float* out = result.mutable_data_ptr<float>();
  // Whole blocks of channels each, so that the sums do not depend on the number of threads.
  const std::int64_t tasks = (shape.channels + kChannelsATask - 1) / kChannelsATask;
  at::parallel_for(0, tasks, 1, [&](std::int64_t begin, std::int64_t end) {
    depthwise_weight_gradient(shape, input, output_gradient, out, begin * kChannelsATask,
                              std::min(end * kChannelsATask, shape.channels));
  });
  return result;
}

struct DepthwiseConv : torch::autograd::Function<DepthwiseConv> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, int stride,
                        std::int64_t pad_rows, std::int64_t pad_columns) {
    context->save_for_backward({x, weight});
    context->saved_data["stride"] = stride;
    context->saved_data["pad_rows"] = pad_rows;
    context->saved_data["pad_columns"] = pad_columns;
    return at::conv2d(x, weight, {}, {stride, stride}, {pad_rows, pad_columns}, {1, 1}, x.size(1));
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1];
    const std::int64_t stride = context->saved_data["stride"].toInt();
    const std::int64_t pad_rows = context->saved_data["pad_rows"].toInt();
    const std::int64_t pad_columns = context->saved_data["pad_columns"].toInt();
    const Tensor gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    Tensor to_x, to_weight;
    if (context->needs_input_grad(0)) {
      to_x = std::get<0>(at::convolution_backward(gradient, x, weight, c10::nullopt, {stride, stride},
                                                  {pad_rows, pad_columns}, {1, 1}, false, {0, 0}, x.size(1),
                                                  {true, false, false}));
    }
    if (context->needs_input_grad(1))
      to_weight = weight_gradient(x, gradient, weight, static_cast<int>(stride), pad_rows, pad_columns);
    return {to_x, to_weight, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

bool prefers_depthwise_conv(const Tensor& x, const Tensor& weight, std::int64_t groups) {
  return weight.requires_grad() && at::GradMode::is_enabled() && x.device().is_cpu() &&
         x.scalar_type() == at::kFloat && groups == x.size(1) && weight.size(0) == groups &&
         (weight.size(2) == 5 || weight.size(2) == 7) && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

Tensor depthwise_conv(const Tensor& x, const Tensor& weight, int stride, std::int64_t pad_rows,
                      std::int64_t pad_columns) {
  return DepthwiseConv::apply(x, weight, stride, pad_rows, pad_columns);
}

}  // namespace effnet::models
