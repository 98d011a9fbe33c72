#include "models/norm_loops.h"

#include <algorithm>
#include <bit>
#include <vector>

// Compiled once for each instruction set; the widest that the processor has is taken at load time.
#define EFFNET_FOR_EACH_ISA __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define EFFNET_INLINE __attribute__((always_inline)) inline

namespace effnet::models {
namespace {

using spec::Activation;

// exp(x) for |x| <= 87 (beyond: exp of the bound), relative error below 3e-7: 2^n * e^r with |r| <= ln(2) / 2 and a
// polynomial of degree 6.
EFFNET_INLINE float bounded_exp(float x) {
  const float low = x < -87.0f ? -87.0f : x;
  const float bounded = low > 87.0f ? 87.0f : low;
  const float shifted = bounded * 1.44269504f + 12582912.0f;  // adding 1.5 * 2^23 rounds to an integer
  const float n = shifted - 12582912.0f;
  const float r = (bounded - n * 0.693145752f) - n * 1.42860677e-6f;
  float p = 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  // The integer stands in the low bits of `shifted`; moved up it is the exponent of 2^n.
  return p * std::bit_cast<float>((std::bit_cast<std::int32_t>(shifted) << 23) + (127 << 23));
}

EFFNET_INLINE float sigmoid(float x) {
  return 1.0f / (1.0f + bounded_exp(-x));
}

// Comparisons are written so that NaN goes through: a training that diverged must be seen to.
template <Activation A>
EFFNET_INLINE float value(float z) {
  if constexpr (A == Activation::kIdentity) return z;
  if constexpr (A == Activation::kRelu) return z < 0 ? 0 : z;
  if constexpr (A == Activation::kRelu6) return z < 0 ? 0 : (z > 6 ? 6 : z);
  if constexpr (A == Activation::kSilu) return z * sigmoid(z);
  if constexpr (A == Activation::kHardSwish) {
    const float gate = z + 3 < 0 ? 0 : (z + 3 > 6 ? 6 : z + 3);
    return z * gate * (1.0f / 6);
  }
}

template <Activation A>
EFFNET_INLINE float slope(float z) {
  if constexpr (A == Activation::kIdentity) return 1;
  if constexpr (A == Activation::kRelu) return z > 0 ? 1 : 0;
  if constexpr (A == Activation::kRelu6) return z > 0 && z < 6 ? 1 : 0;
  if constexpr (A == Activation::kSilu) {
    const float s = sigmoid(z);
    return s * (1 + z * (1 - s));
  }
  if constexpr (A == Activation::kHardSwish) return z < -3 ? 0 : (z > 3 ? 1 : z * (1.0f / 3) + 0.5f);
}

// Rows of few channels would make loops too short for vectors, so several rows are one line: line[p] belongs to channel
// p % C, and what is a channel's is repeated along it.
struct Lines {
  explicit Lines(Rows r) : rows(r), rows_a_line(std::max<std::int64_t>(1, 256 / r.channels)) {}

  std::int64_t length() const { return rows_a_line * rows.channels; }

  std::vector<float> repeated(const float* of_channel) const {
    std::vector<float> line(static_cast<std::size_t>(length()));
    for (std::int64_t row = 0; row < rows_a_line; ++row)
      std::copy_n(of_channel, rows.channels, line.data() + row * rows.channels);
    return line;
  }

  // visit(first element, elements) for every line, the last of which may be shorter.
  template <class Visit>
  EFFNET_INLINE void each(Visit&& visit) const {
    for (std::int64_t row = rows.first; row < rows.last; row += rows_a_line)
      visit(row * rows.channels, std::min(rows_a_line, rows.last - row) * rows.channels);
  }

  Rows rows;
  std::int64_t rows_a_line;
};

// Sums along lines, handed on in double before float loses digits.
class LineSums {
 public:
  explicit LineSums(const Lines& lines, double* sum, double* second)
      : lines_(lines),
        first_(static_cast<std::size_t>(lines.length())),
        second_(static_cast<std::size_t>(lines.length())),
        sum_(sum),
        second_sum_(second) {}

  float* first() { return first_.data(); }
  float* second() { return second_.data(); }

  void line_done() {
    if (++lines_in_ == 32) flush();
  }

  void flush() {
    const std::int64_t channels = lines_.rows.channels;
    const float *first = first_.data(), *second = second_.data();
    for (std::int64_t row = 0; row < lines_.rows_a_line; ++row, first += channels, second += channels) {
      for (std::int64_t c = 0; c < channels; ++c) {
        sum_[c] += first[c];
        second_sum_[c] += second[c];
      }
    }
    std::fill(first_.begin(), first_.end(), 0.0f);
    std::fill(second_.begin(), second_.end(), 0.0f);
    lines_in_ = 0;
  }

 private:
  const Lines& lines_;
  std::vector<float> first_, second_;
  double *sum_, *second_sum_;
  int lines_in_ = 0;
};

// The loops over one line. Each is a function of its own for the sake of the instruction sets.

EFFNET_FOR_EACH_ISA void line_sums(std::int64_t n, const float* __restrict x, const float* __restrict shift,
                                   float* __restrict sum, float* __restrict square) {
  for (std::int64_t p = 0; p < n; ++p) {
    const float d = x[p] - shift[p];
    sum[p] += d;
    square[p] += d * d;
  }
}

template <Activation A>
EFFNET_INLINE void line_forward(std::int64_t n, const float* __restrict x, const float* __restrict scale,
                                const float* __restrict offset, float* __restrict y) {
  for (std::int64_t p = 0; p < n; ++p) y[p] = value<A>(scale[p] * x[p] + offset[p]);
}

EFFNET_FOR_EACH_ISA void forward_line(Activation activation, std::int64_t n, const float* x,
                                      const float* scale, const float* offset, float* y) {
  switch (activation) {
    case Activation::kIdentity:
      return line_forward<Activation::kIdentity>(n, x, scale, offset, y);
    case Activation::kRelu:
      return line_forward<Activation::kRelu>(n, x, scale, offset, y);
    case Activation::kRelu6:
      return line_forward<Activation::kRelu6>(n, x, scale, offset, y);
    case Activation::kSilu:
      return line_forward<Activation::kSilu>(n, x, scale, offset, y);
    case Activation::kHardSwish:
      return line_forward<Activation::kHardSwish>(n, x, scale, offset, y);
  }
}

struct BackwardLine {
  const float *x, *y_gradient, *scale, *offset, *mean;
  float *z_gradient, *sum, *product;
};

template <Activation A>
EFFNET_INLINE void line_backward(std::int64_t n, const BackwardLine& line) {
  const float *x = line.x, *y_gradient = line.y_gradient, *scale = line.scale, *offset = line.offset,
              *mean = line.mean;
  float *z_gradient = line.z_gradient, *sum = line.sum, *product = line.product;
#pragma GCC ivdep
  for (std::int64_t p = 0; p < n; ++p) {
    const float d = y_gradient[p] * slope<A>(scale[p] * x[p] + offset[p]);
    z_gradient[p] = d;
    sum[p] += d;
    product[p] += d * (x[p] - mean[p]);
  }
}

EFFNET_FOR_EACH_ISA void backward_line(Activation activation, std::int64_t n, const BackwardLine& line) {
  switch (activation) {
    case Activation::kIdentity:
      return line_backward<Activation::kIdentity>(n, line);
    case Activation::kRelu:
      return line_backward<Activation::kRelu>(n, line);
    case Activation::kRelu6:
      return line_backward<Activation::kRelu6>(n, line);
    case Activation::kSilu:
      return line_backward<Activation::kSilu>(n, line);
    case Activation::kHardSwish:
      return line_backward<Activation::kHardSwish>(n, line);
  }
}

EFFNET_FOR_EACH_ISA void line_norm_gradient(std::int64_t n, const float* __restrict x,
                                            const float* __restrict mean, const float* __restrict a,
                                            const float* __restrict b, const float* __restrict c,
                                            float* __restrict gradient) {
  for (std::int64_t p = 0; p < n; ++p) gradient[p] = a[p] * gradient[p] + b[p] * (x[p] - mean[p]) + c[p];
}

}  // namespace

void add_channel_sums(Rows rows, const float* x, const float* shift, double* sum, double* square) {
  const Lines lines(rows);
  const std::vector<float> shifts = lines.repeated(shift);
  LineSums sums(lines, sum, square);
  lines.each([&](std::int64_t at, std::int64_t n) {
    line_sums(n, x + at, shifts.data(), sums.first(), sums.second());
    sums.line_done();
  });
  sums.flush();
}

void normalize_and_activate(Rows rows, const float* x, const float* scale, const float* offset,
                            Activation activation, float* y) {
  const Lines lines(rows);
  const std::vector<float> scales = lines.repeated(scale), offsets = lines.repeated(offset);
  lines.each([&](std::int64_t at, std::int64_t n) {
    forward_line(activation, n, x + at, scales.data(), offsets.data(), y + at);
  });
}

void activation_gradient(Rows rows, const ActivationGradient& of, Activation activation) {
  const Lines lines(rows);
  const std::vector<float> scales = lines.repeated(of.scale), offsets = lines.repeated(of.offset),
                           means = lines.repeated(of.mean);
  LineSums sums(lines, of.sum, of.product);
  lines.each([&](std::int64_t at, std::int64_t n) {
    backward_line(activation, n,
                  {of.x + at, of.y_gradient + at, scales.data(), offsets.data(), means.data(),
                   of.z_gradient + at, sums.first(), sums.second()});
    sums.line_done();
  });
  sums.flush();
}

void norm_gradient(Rows rows, const NormGradient& of) {
  const Lines lines(rows);
  const std::vector<float> means = lines.repeated(of.mean), a = lines.repeated(of.a),
                           b = lines.repeated(of.b), c = lines.repeated(of.c);
  lines.each([&](std::int64_t at, std::int64_t n) {
    line_norm_gradient(n, of.x + at, means.data(), a.data(), b.data(), c.data(), of.gradient + at);
  });
}

}  // namespace effnet::models
