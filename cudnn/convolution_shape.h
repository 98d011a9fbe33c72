// A convolution as cuDNN is asked for it, dense, in groups or depthwise: plain values, made from those of kernels/.
#pragma once

#include "cuda/storage.h"
#include "kernels/conv.h"
#include "kernels/depthwise.h"

namespace effnet::cudnn {

using cuda::Storage;
using kernels::Index;

struct Convolution {
  Index batch = 0, in_channels = 0, out_channels = 0, groups = 1;
  Index height = 0, width = 0, out_height = 0, out_width = 0;
  int kernel = 1, stride = 1;
  Index pad_top = 0, pad_left = 0;
  Storage storage = Storage::kFloat;
};

inline Convolution convolution_of(const kernels::ConvShape& shape, Storage storage) {
  return {.batch = shape.batch,
          .in_channels = shape.in_channels,
          .out_channels = shape.out_channels,
          .height = shape.height,
          .width = shape.width,
          .out_height = shape.out_height,
          .out_width = shape.out_width,
          .kernel = shape.kernel,
          .stride = shape.stride,
          .pad_top = shape.pad_top,
          .pad_left = shape.pad_left,
          .storage = storage};
}

inline Convolution convolution_of(const kernels::DepthwiseShape& shape, Storage storage) {
  return {.batch = shape.batch,
          .in_channels = shape.channels,
          .out_channels = shape.channels,
          .groups = shape.channels,
          .height = shape.height,
          .width = shape.width,
          .out_height = shape.out_height,
          .out_width = shape.out_width,
          .kernel = shape.kernel,
          .stride = shape.stride,
          .pad_top = shape.pad_top,
          .pad_left = shape.pad_left,
          .storage = storage};
}

}  // namespace effnet::cudnn
