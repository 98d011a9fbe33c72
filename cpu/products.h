// The two products of a 1x1 convolution: a map's rows times a matrix of weights that was packed once, and the sum over rows
// that is the gradient of such weights. 2 flops a multiply-add, in float.
#pragma once

#include "cpu/workspace.h"

namespace effnet::cpu {

// Rows of a map or of a matrix, `row` floats from one to the next.
struct Rows {
  float* data = nullptr;
  Index row = 0;
};
struct ConstRows {
  const float* data = nullptr;
  Index row = 0;

  ConstRows(const float* first, Index floats_a_row) : data(first), row(floats_a_row) {}
  ConstRows(Rows rows) : data(rows.data), row(rows.row) {}
};

enum class Sum { kStart, kContinue };  // whether a product is written or added

// A matrix (k, n) in column panels.
class PackedMatrix {
 public:
  enum class Source { kPlain, kTransposed };  // (k, n) or (n, k), without gaps

  PackedMatrix() = default;
  // `memory`: kernels.packed_size(k, n) floats.
  PackedMatrix(const KernelTable& kernels, Index k, Index n, const float* source, Source order, float* memory)
      : kernels_(&kernels), k_(k), n_(n), data_(memory), panel_size_(kernels.panel * k) {
    const bool plain = order == Source::kPlain;
    kernels.pack_panels({.k = k,
                         .n = n,
                         .source = source,
                         .k_stride = plain ? n : 1,
                         .n_stride = plain ? 1 : k,
                         .panels = memory});
  }

  // The matrix that consists of some of the k rows.
  PackedMatrix of_rows(Index first, Index count) const {
    PackedMatrix part = *this;
    part.k_ = count;
    part.data_ += first * kernels_->panel;
    return part;
  }

  // c (rows, n) = a (rows, k) times the matrix.
  void multiply(Index rows, ConstRows a, Rows c, Sum sum = Sum::kStart) const {
    kernels_->gemm({.m = rows,
                    .n = n_,
                    .k = k_,
                    .a = a.data,
                    .a_row = a.row,
                    .b = data_,
                    .b_row = kernels_->panel,
                    .b_panel = panel_size_,
                    .c = c.data,
                    .c_row = c.row,
                    .accumulate = sum == Sum::kContinue});
  }

 private:
  const KernelTable* kernels_ = nullptr;
  Index k_ = 0, n_ = 0;
  const float* data_ = nullptr;
  Index panel_size_ = 0;
};

// c (m, n) = a' b, summed over `rows` of a (rows, m) and b (rows, n). Rows of b are read to the end of their last vector.
inline void multiply_transposed(const KernelTable& kernels, Index rows, ConstRows a, Index m, ConstRows b,
                                Index n, Rows c, Sum sum) {
  kernels.gemm({.m = m,
                .n = n,
                .k = rows,
                .a = a.data,
                .a_row = 1,
                .a_k = a.row,
                .b = b.data,
                .b_row = b.row,
                .b_panel = kernels.panel,
                .c = c.data,
                .c_row = c.row,
                .accumulate = sum == Sum::kContinue});
}

}  // namespace effnet::cpu
