#include "ops/cudnn_convolution.h"

#include <map>
#include <mutex>
#include <tuple>

#include "cudnn/convolution.h"
#include "ops/conv_parts.h"
#include "ops/cuda_execution.h"

namespace effnet::ops {
namespace {

using cudnn::Convolution;
using cudnn::Direction;
using torch::Tensor;

Convolution convolution_of(const Tensor& x, const Tensor& weight, const ConvNormActParams& params) {
  Convolution of = cudnn::convolution_of(shape_of(x, weight, params), storage_of(x));
  of.groups = params.groups;
  return of;
}

// Plans, found once for a device, shape and direction. A device's handle serves one call at a time, and forward and
// backward run on different threads.
class Plans {
 public:
  static Plans& of(int device) {
    static std::mutex mutex;
    static std::map<int, Plans> all;
    const std::scoped_lock lock(mutex);
    return all.try_emplace(device).first->second;
  }

  bool has(const Convolution& of, Direction direction) {
    const std::scoped_lock lock(mutex_);
    return plan(of, direction) != nullptr;
  }

  void run(const Convolution& of, Direction direction, cudnn::ConvolutionMemory memory, const Tensor& like) {
    const std::scoped_lock lock(mutex_);
    const cudnn::ConvolutionPlan& found = *plan(of, direction);
    const Tensor workspace = torch::empty({static_cast<std::int64_t>(found.workspace_bytes())},
                                          like.options().dtype(torch::kByte).memory_format(c10::nullopt));
    memory.workspace = workspace.data_ptr();
    found.run(memory, stream_of(like));
  }

 private:
  const cudnn::ConvolutionPlan* plan(const Convolution& of, Direction direction) {
    const Key key{of.batch,   of.in_channels, of.out_channels, of.groups, of.height,
                  of.width,   of.out_height,  of.out_width,    of.kernel, of.stride,
                  of.pad_top, of.pad_left,    of.storage,      direction};
    auto found = plans_.find(key);
    if (found == plans_.end()) found = plans_.emplace(key, cudnn::find_plans(device_, of, direction)).first;
    return found->second.empty() ? nullptr : &found->second.front();
  }

  using Index = cudnn::Index;
  using Key = std::tuple<Index, Index, Index, Index, Index, Index, Index, Index, int, int, Index, Index,
                         cuda::Storage, Direction>;

  std::mutex mutex_;
  cudnn::Device device_ = cudnn::Device::current();
  std::map<Key, std::vector<cudnn::ConvolutionPlan>> plans_;  // none or one each
};

Plans& plans_of(const Tensor& x) {
  return Plans::of(x.is_cuda() ? x.get_device() : -1);
}

// (Cout, k, k, Cin / groups) in the maps' kind.
Tensor stored_weight(const Tensor& weight, const Tensor& x) {
  return product_weight(weight.contiguous(kChannelsLast), x);
}

class CudnnConvolution : public torch::autograd::Function<CudnnConvolution> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* saved, const Tensor& x, const Tensor& weight,
                        const ConvNormActParams& params) {
    const Convolution of = convolution_of(x, weight, params);
    const Tensor map = x.contiguous(kChannelsLast), stored = stored_weight(weight, x);
    Tensor y = map_like(map, of.out_channels, of.out_height, of.out_width);
    plans_of(x).run(of, Direction::kForward,
                    {.x = map.data_ptr(), .weights = stored.data_ptr(), .y = y.data_ptr()}, map);
    saved->save_for_backward({map, stored});
    saved->saved_data["params"] =
        std::make_tuple(static_cast<std::int64_t>(params.stride), static_cast<std::int64_t>(params.groups),
                        static_cast<std::int64_t>(params.padding));
    saved->saved_data["weight type"] = weight.scalar_type();
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* saved,
                                                 const torch::autograd::variable_list& gradients) {
    const auto tensors = saved->get_saved_variables();
    const Tensor &x = tensors[0], &weight = tensors[1];
    const auto numbers = saved->saved_data["params"].toTuple();
    const auto number = [&](std::size_t i) { return static_cast<int>(numbers->elements()[i].toInt()); };
    const ConvNormActParams params{
        .stride = number(0), .groups = number(1), .padding = static_cast<kernels::Padding>(number(2))};
    const Convolution of = convolution_of(x, weight, params);
    const Tensor y_gradient = gradients[0].to(x.scalar_type()).contiguous(kChannelsLast);
    Tensor x_gradient, weight_gradient;
    if (saved->needs_input_grad(0)) {
      x_gradient = torch::empty_like(x);
      plans_of(x).run(of, Direction::kMapGradient,
                      {.x = x_gradient.data_ptr(), .weights = weight.data_ptr(), .y = y_gradient.data_ptr()},
                      x);
    }
    if (saved->needs_input_grad(1)) {
      weight_gradient = torch::empty_like(weight);
      plans_of(x).run(of, Direction::kWeightGradient,
                      {.x = x.data_ptr(), .weights = weight_gradient.data_ptr(), .y = y_gradient.data_ptr()},
                      x);
      weight_gradient = weight_gradient.to(saved->saved_data["weight type"].toScalarType());
    }
    return {x_gradient, weight_gradient, Tensor()};
  }
};

}  // namespace

const char* cudnn_refusal(const Tensor& x, const Tensor& weight, const ConvNormActParams& params,
                          const ExecutionContext& context) {
  if (!runs_on_cuda(context, x)) return "cuDNN computes on CUDA devices alone";
  if (x.scalar_type() != torch::kFloat && x.scalar_type() != torch::kBFloat16)
    return "cuDNN is asked for maps of float and bfloat16 alone";
  if (x.numel() == 0) return "empty batch";
  const Convolution of = convolution_of(x, weight, params);
  for (const Direction direction :
       {Direction::kForward, Direction::kMapGradient, Direction::kWeightGradient}) {
    if (!plans_of(x).has(of, direction)) return "cuDNN has no engine for a convolution of the net";
  }
  return nullptr;
}

Tensor cudnn_convolution(const Tensor& x, const Tensor& weight, const ConvNormActParams& params) {
  return CudnnConvolution::apply(x, weight, params);
}

}  // namespace effnet::ops
