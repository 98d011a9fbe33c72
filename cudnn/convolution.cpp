#include "cudnn/convolution.h"

#include <algorithm>
#include <stdexcept>

#include "cudnn/descriptor.h"

namespace effnet::cudnn {
namespace {

enum TensorId : std::int64_t { kX = 1, kWeights, kY };

// cuDNN names dimensions (N, C, H, W) whatever their order in memory, which the strides tell.
Descriptor tensor(TensorId id, Storage storage, Index n, Index c, Index h, Index w) {
  constexpr std::int64_t kAlignment = 16;  // bytes
  Descriptor tensor(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  tensor.set<std::int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID, id)
      .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, kAlignment)
      .set(CUDNN_ATTR_TENSOR_DATA_TYPE, storage == Storage::kFloat ? CUDNN_DATA_FLOAT : CUDNN_DATA_BFLOAT16)
      .set(CUDNN_ATTR_TENSOR_DIMENSIONS, std::vector<std::int64_t>{n, c, h, w})
      .set(CUDNN_ATTR_TENSOR_STRIDES, std::vector<std::int64_t>{h * w * c, 1, w * c, c});
  return tensor.finalize();
}

Descriptor window_of(const Convolution& of) {
  // Behind the map as much as the outputs need: more than before it with TensorFlow's SAME.
  const auto behind = [&](Index out, Index in, Index before) {
    return std::max<Index>((out - 1) * of.stride + of.kernel - in - before, 0);
  };
  using Sides = std::vector<std::int64_t>;
  Descriptor window(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  window.set<std::int64_t>(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 2)
      .set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT)
      .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION)
      .set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, Sides{of.pad_top, of.pad_left})
      .set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS,
           Sides{behind(of.out_height, of.height, of.pad_top), behind(of.out_width, of.width, of.pad_left)})
      .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, Sides{of.stride, of.stride})
      .set(CUDNN_ATTR_CONVOLUTION_DILATIONS, Sides{1, 1});
  return window.finalize();
}

// Attributes of one of cuDNN's three operations.
struct OperationNames {
  cudnnBackendDescriptorType_t type;
  cudnnBackendAttributeName_t x, weights, y, window, alpha, beta;
};

const OperationNames& names_of(Direction direction) {
  static constexpr OperationNames kNames[] = {
      {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA},
      {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA},
      {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
       CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA},
  };
  return kNames[static_cast<std::size_t>(direction)];
}

Descriptor graph_of(const Convolution& of, Direction direction) {
  const OperationNames& names = names_of(direction);
  const Index taps = of.kernel;
  Descriptor operation(names.type);
  operation.set(names.x, tensor(kX, of.storage, of.batch, of.in_channels, of.height, of.width))
      .set(names.weights,
           tensor(kWeights, of.storage, of.out_channels, of.in_channels / of.groups, taps, taps))
      .set(names.y, tensor(kY, of.storage, of.batch, of.out_channels, of.out_height, of.out_width))
      .set(names.window, window_of(of))
      .set(names.alpha, 1.0F)
      .set(names.beta, 0.0F);
  Descriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation.finalize());
  return graph.finalize();
}

bool is_exact(const Descriptor& engine, Storage storage) {
  for (const cudnnBackendNumericalNote_t note : engine.numbers<cudnnBackendNumericalNote_t>(
           CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_NUMERICAL_NOTE_TYPE_COUNT)) {
    if (note == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC || note == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS ||
        note == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION)
      return false;
    // Tensor cores have no float, only what is left of it in 19 bits.
    if (note == CUDNN_NUMERICAL_NOTE_TENSOR_CORE && storage == Storage::kFloat) return false;
  }
  return true;
}

struct DestroyHandle {
  void operator()(cudnnHandle_t handle) const { cudnnDestroy(handle); }
};

}  // namespace

struct Device::Parts {
  std::unique_ptr<cudnnContext, DestroyHandle> handle;  // null: only described
  Descriptor properties{CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR};
};

struct ConvolutionPlan::Parts {
  Device device;
  Descriptor plan;
};

Device Device::current() {
  Device device;
  device.parts_ = std::make_shared<Parts>();
  cudnnHandle_t handle = nullptr;
  check(cudnnCreate(&handle), "a handle of the current device");
  device.parts_->handle.reset(handle);
  device.parts_->properties.set(CUDNN_ATTR_DEVICEPROP_HANDLE, handle).finalize();
  return device;
}

Device Device::described(const std::string& properties) {
  Device device;
  device.parts_ = std::make_shared<Parts>();
  device.parts_->properties
      .set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, std::vector<char>(properties.begin(), properties.end()))
      .finalize();
  return device;
}

std::vector<ConvolutionPlan> find_plans(const Device& device, const Convolution& convolution,
                                        Direction direction, std::size_t most) {
  constexpr std::size_t kMostConfigurations = 64;
  const Descriptor graph = graph_of(convolution, direction);
  const Device::Parts& parts = device.parts();
  std::vector<ConvolutionPlan> plans;
  for (const cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    Descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
        .set(CUDNN_ATTR_ENGINEHEUR_MODE, mode)
        .set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, parts.properties);
    if (!heuristics.try_finalize()) continue;
    for (const Descriptor& configuration : heuristics.descriptors(
             CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, kMostConfigurations)) {
      if (plans.size() == most) return plans;
      const Descriptor engine =
          configuration.descriptors(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR, 1).at(0);
      if (!is_exact(engine, convolution.storage)) continue;
      Descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
      plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration)
          .set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, parts.properties);
      if (!plan.try_finalize()) continue;
      ConvolutionPlan found;
      found.workspace_bytes_ = static_cast<std::size_t>(
          plan.numbers<std::int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, 1).at(0));
      found.engine_ = std::to_string(engine.numbers<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, 1).at(0));
      found.parts_ = std::make_shared<ConvolutionPlan::Parts>(ConvolutionPlan::Parts{device, plan});
      plans.push_back(std::move(found));
    }
  }
  return plans;
}

void ConvolutionPlan::run(const ConvolutionMemory& memory, Stream stream) const {
  const cudnnHandle_t handle = parts_->device.parts().handle.get();
  if (!handle) throw std::runtime_error("cuDNN: the plan is for a device that is only described");
  Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, std::vector<std::int64_t>{kX, kWeights, kY})
      .set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, std::vector<void*>{memory.x, memory.weights, memory.y})
      .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, memory.workspace)
      .finalize();
  check(cudnnSetStream(handle, stream), "the stream");
  check(cudnnBackendExecute(handle, parts_->plan.get(), pack.get()), "a convolution");
}

}  // namespace effnet::cudnn
