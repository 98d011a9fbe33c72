#include "kernels/conv.h"

#include <algorithm>

namespace effnet::kernels {
namespace {

// visit(x element, w element, y element) for every product of the sum.
template <class Visit>
void each_product(const ConvShape& s, Visit&& visit) {
  for (Index n = 0; n < s.batch; ++n) {
    for (Index oy = 0; oy < s.out_height; ++oy) {
      for (Index ox = 0; ox < s.out_width; ++ox) {
        for (Index tap = 0; tap < s.kernel * s.kernel; ++tap) {
          const Index iy = oy * s.stride + tap / s.kernel - s.pad_top;
          const Index ix = ox * s.stride + tap % s.kernel - s.pad_left;
          if (iy < 0 || iy >= s.height || ix < 0 || ix >= s.width) continue;
          for (Index o = 0; o < s.out_channels; ++o) {
            for (Index c = 0; c < s.in_channels; ++c)
              visit(((n * s.height + iy) * s.width + ix) * s.in_channels + c,
                    (o * s.kernel * s.kernel + tap) * s.in_channels + c,
                    ((n * s.out_height + oy) * s.out_width + ox) * s.out_channels + o);
          }
        }
      }
    }
  }
}

}  // namespace

void conv_forward(const ConvShape& shape, const double* x, const double* weights, double* y) {
  std::fill_n(y, shape.batch * shape.out_pixels() * shape.out_channels, 0.0);
  each_product(shape, [&](Index at_x, Index at_w, Index at_y) { y[at_y] += x[at_x] * weights[at_w]; });
}

void conv_backward(const ConvShape& shape, const double* x, const double* weights, const double* y_gradient,
                   double* x_gradient, double* weight_gradient) {
  std::fill_n(x_gradient, shape.batch * shape.in_pixels() * shape.in_channels, 0.0);
  each_product(shape, [&](Index at_x, Index at_w, Index at_y) {
    x_gradient[at_x] += y_gradient[at_y] * weights[at_w];
    weight_gradient[at_w] += y_gradient[at_y] * x[at_x];
  });
}

}  // namespace effnet::kernels
