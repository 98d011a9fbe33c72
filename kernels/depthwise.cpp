#include "kernels/depthwise.h"

#include <algorithm>

namespace effnet::kernels {
namespace {

// visit(x element, w element, y element) for every product of the sum.
template <class Visit>
void each_product(const DepthwiseShape& s, Visit&& visit) {
  const Index C = s.channels, K = s.kernel;
  for (Index n = 0; n < s.batch; ++n) {
    for (Index oy = 0; oy < s.out_height; ++oy) {
      for (Index ox = 0; ox < s.out_width; ++ox) {
        for (Index i = 0; i < K; ++i) {
          const Index iy = oy * s.stride + i - s.pad_top;
          if (iy < 0 || iy >= s.height) continue;
          for (Index j = 0; j < K; ++j) {
            const Index ix = ox * s.stride + j - s.pad_left;
            if (ix < 0 || ix >= s.width) continue;
            for (Index c = 0; c < C; ++c)
              visit(((n * s.height + iy) * s.width + ix) * C + c, (c * K + i) * K + j,
                    ((n * s.out_height + oy) * s.out_width + ox) * C + c);
          }
        }
      }
    }
  }
}

}  // namespace

double DepthwiseShape::flops() const {
  return 2.0 * static_cast<double>(out_rows() * channels * kernel * kernel);
}

void depthwise_forward(const DepthwiseShape& shape, const double* x, const double* weights, double* y) {
  std::fill_n(y, shape.out_rows() * shape.channels, 0.0);
  each_product(shape, [&](Index at_x, Index at_w, Index at_y) { y[at_y] += x[at_x] * weights[at_w]; });
}

void depthwise_backward(const DepthwiseShape& shape, const double* x, const double* weights,
                        const double* y_gradient, double* x_gradient, double* weight_gradient) {
  std::fill_n(x_gradient, shape.in_rows() * shape.channels, 0.0);
  each_product(shape, [&](Index at_x, Index at_w, Index at_y) {
    x_gradient[at_x] += y_gradient[at_y] * weights[at_w];
    weight_gradient[at_w] += y_gradient[at_y] * x[at_x];
  });
}

}  // namespace effnet::kernels
