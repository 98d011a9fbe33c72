// What a caller of libeffnet_ops.so gives, checked and in the terms of ops/: the kernels take memory as they find it, and
// a script can give anything. Whatever does not fit is a c10::Error (in Python a RuntimeError) that names the argument,
// what it is and what is wanted. `name` is the argument's in the schema.
#pragma once

#include <torch/torch.h>

#include <string>

#include "ops/conv_norm_act.h"
#include "ops/mbconv.h"

namespace effnet::ops {

// "silu", "same", "auto" and the like, as net files write them (spec/).
kernels::Activation activation_named(const std::string& word, const char* name);
kernels::Padding padding_named(const std::string& word, const char* name);
Kernels kernels_named(const std::string& word, const char* name);

// The checks of one call: everything lies where its map `x` (N, C, H, W) lies.
class LibraryArguments {
 public:
  explicit LibraryArguments(const torch::Tensor& x);

  std::int64_t channels() const { return x_.size(1); }

  // A tensor of these sizes without gaps; -1 stands for any size above 0.
  torch::Tensor tensor(const torch::Tensor& given, at::IntArrayRef sizes, const char* name) const;

  // [weight, bias, running_mean, running_var], each (channels).
  BatchNorm norm(at::TensorList given, std::int64_t channels, double eps, double momentum,
                 const char* name) const;

  // A square kernel that fits onto the padded map, and a stride that is one.
  void window(const torch::Tensor& weight, std::int64_t stride, kernels::Padding padding,
              const char* name) const;

 private:
  torch::Tensor x_;
};

}  // namespace effnet::ops
