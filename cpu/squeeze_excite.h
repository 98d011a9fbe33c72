// Squeeze-and-excite (arXiv 1709.01507) for some pictures whose means are there:
//   squeezed = pooled * Wr + br;  gate = sigmoid(act(squeezed) * We + be)
// and its way back. Two small products; everything is (pictures, C).
#pragma once

#include "cpu/mbconv.h"
#include "cpu/products.h"

namespace effnet::cpu {

class SqueezeExcite {
 public:
  enum class Pass { kForward, kBackward };

  // Packs what the pass needs of the weights into `memory` (size()).
  SqueezeExcite(const KernelTable& kernels, const MBConvShape& shape, const MBConvWeights& weights, Pass pass,
                float* memory);
  static Index size(const KernelTable& kernels, const MBConvShape& shape);

  // pooled (n, Ce) -> squeezed (n, Cs), gate (n, Ce). `work`: work_size() of n pictures.
  void forward(Index pictures, const float* pooled, float* squeezed, float* gate, float* work) const;

  // gate_gradient (n, Ce) becomes the gradient of what goes into the sigmoid; squeezed_gradient (n, Cs) that of
  // `squeezed`; pooled_gradient (n, Ce).
  void backward(Index pictures, const float* squeezed, const float* gate, float* gate_gradient,
                float* squeezed_gradient, float* pooled_gradient, float* work) const;
  static Index work_size(const MBConvShape& shape, Index pictures) {
    return pictures * (shape.expanded() + 2 * shape.squeezed_channels) + 64;
  }

  // The gradients of weights and biases from those of all pictures.
  void weight_gradients(const ParallelFor& parallel, const float* pooled, const float* squeezed,
                        const float* gate_gradient, const float* squeezed_gradient,
                        const MBConvGradients& gradients, float* work) const;

 private:
  void activate(Index pictures, const float* squeezed, float* out) const;

  const KernelTable& kernels_;
  const MBConvShape& shape_;
  const MBConvWeights& weights_;
  PackedMatrix to_squeezed_;  // (Ce, Cs): Wr, or on the way back We
  PackedMatrix to_wide_;      // (Cs, Ce): We, or on the way back Wr
};

}  // namespace effnet::cpu
