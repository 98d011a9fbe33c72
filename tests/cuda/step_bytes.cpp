#include "tests/cuda/step_bytes.h"

#include <algorithm>

#include "cuda/conv_norm_act.h"
#include "cuda/mbconv.h"
#include "cuda/optimizer_step.h"
#include "kernels/padding.h"

namespace effnet::tests {
namespace {

using cuda::Index;
using cuda::Storage;

// Models ask pointers only whether they are null.
float there;

void add(cuda::BytesModel& sum, const cuda::BytesModel& more) {
  sum.maps_read += more.maps_read;
  sum.maps_written += more.maps_written;
  sum.rest_read += more.rest_read;
  sum.rest_written += more.rest_written;
}

template <class Block>
cuda::BytesModel bytes_of_block(const Block& block) {
  cuda::Carver memory(&there);
  return bytes_of(work_of(block, memory));
}

cuda::NormWeights norm() {
  return {&there, &there, &there, &there};
}

cuda::NormState state() {
  return {&there, &there, &there, &there};
}

// Walks through the net with the size of its maps.
class Walk {
 public:
  Walk(const spec::ArchSpec& arch, Index batch)
      : arch_(arch), batch_(batch), channels_(arch.input_channels), size_(arch.resolution) {}

  void conv(const spec::Stage& stage) {
    const Index out = kernels::size_after(size_, stage.kernel, stage.stride, kernels::Padding::kSame);
    const Index before =
        kernels::padding_of(size_, stage.kernel, stage.stride, kernels::Padding::kSame).before;
    const cuda::ConvNormActForward forward{.shape = {.batch = batch_,
                                                     .in_channels = channels_,
                                                     .out_channels = stage.channels,
                                                     .height = size_,
                                                     .width = size_,
                                                     .out_height = out,
                                                     .out_width = out,
                                                     .kernel = stage.kernel,
                                                     .stride = stage.stride,
                                                     .pad_top = before,
                                                     .pad_left = before,
                                                     .activation = kernels::Activation::kSilu},
                                           .storage = Storage::kBfloat16,
                                           .weights = &there,
                                           .norm = norm(),
                                           .x = &there,
                                           .y = &there,
                                           .state = state(),
                                           .out = &there};
    add(bytes.forward, bytes_of_block(forward));
    add(bytes.backward,
        bytes_of_block(cuda::ConvNormActBackward{
            .forward = forward, .out_gradient = &there, .x_gradient = &there, .weight_gradient = &there}));
    channels_ = stage.channels;
    size_ = out;
  }

  void block(const spec::Stage& stage, int repeat) {
    const int stride = repeat == 0 ? stage.stride : 1;
    const bool expands = stage.expand_ratio != 1;
    const auto middle = static_cast<Index>(static_cast<double>(channels_) * stage.expand_ratio + 0.5);
    const Index out = kernels::size_after(size_, stage.kernel, stride, kernels::Padding::kSame);
    const Index before = kernels::padding_of(size_, stage.kernel, stride, kernels::Padding::kSame).before;
    const bool residual = stride == 1 && channels_ == stage.channels;
    cuda::MBConvForward forward{
        .shape = {.depthwise = {.batch = batch_,
                                .channels = middle,
                                .height = size_,
                                .width = size_,
                                .out_height = out,
                                .out_width = out,
                                .kernel = stage.kernel,
                                .stride = stride,
                                .pad_top = before,
                                .pad_left = before},
                  .in_channels = channels_,
                  .out_channels = stage.channels,
                  .squeezed_channels =
                      std::max<Index>(1, static_cast<Index>(static_cast<double>(channels_) * stage.se_ratio)),
                  .expands = expands,
                  .residual = residual},
        .storage = Storage::kBfloat16,
        .weights = {.expand = &there, .depthwise = &there, .project = &there},
        .x = &there,
        .keep = residual ? &there : nullptr,
        .saved = {.expanded = &there,
                  .depthwise = &there,
                  .projected = &there,
                  .depthwise_norm = state(),
                  .project_norm = state(),
                  .pool_sums = &there,
                  .pooled = &there,
                  .squeezed = &there,
                  .gate = &there},
        .out = &there};
    if (expands) forward.saved.expand_norm = state();
    for (auto* of :
         {&forward.weights.expand_norm, &forward.weights.depthwise_norm, &forward.weights.project_norm})
      *of = norm();
    add(bytes.forward, bytes_of_block(forward));
    add(bytes.backward,
        bytes_of_block(cuda::MBConvBackward{
            .forward = forward,
            .out_gradient = &there,
            .gradients = {.x = &there, .expand = &there, .depthwise = &there, .project = &there}}));
    channels_ = stage.channels;
    size_ = out;
  }

  StepBytes bytes;

 private:
  const spec::ArchSpec& arch_;
  Index batch_, channels_, size_;
};

}  // namespace

StepBytes step_bytes(const spec::ArchSpec& arch, std::int64_t batch, std::int64_t parameters) {
  Walk walk(arch, batch);
  for (const spec::Stage& stage : arch.stem) walk.conv(stage);
  for (const spec::Stage& stage : arch.stages) {
    for (int repeat = 0; repeat < stage.repeats; ++repeat) walk.block(stage, repeat);
  }
  for (const spec::Stage& stage : arch.head) walk.conv(stage);
  add(walk.bytes.optimizer, bytes_of(cuda::OptimizerStep{.rule = cuda::OptimizerRule::kRmspropTf,
                                                         .count = parameters,
                                                         .parameters = &there,
                                                         .gradients = &there,
                                                         .momentum = &there,
                                                         .mean_square = &there,
                                                         .average = &there}));
  return walk.bytes;
}

}  // namespace effnet::tests
