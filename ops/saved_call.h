// A plain value that a forward pass leaves for its backward pass beside the tensors.
#pragma once

#include <torch/torch.h>

namespace effnet::ops {

template <class Value>
class SavedCall : public torch::CustomClassHolder {
 public:
  explicit SavedCall(Value value) : value_(std::move(value)) {}

  static void keep(torch::autograd::AutogradContext* context, Value value) {
    context->saved_data["call"] = c10::IValue::make_capsule(c10::make_intrusive<SavedCall>(std::move(value)));
  }
  static const Value& of(torch::autograd::AutogradContext* context) {
    return static_cast<SavedCall*>(context->saved_data["call"].toCapsule().get())->value_;
  }

 private:
  Value value_;
};

}  // namespace effnet::ops
