// Every micro-kernel of every instruction set that this processor has, against loops in double: odd sizes, tails, guard
// zones around what is written.
#include <cmath>
#include <limits>
#include <vector>

#include "cpu/depthwise_tiles.h"
#include "cpu/isa.h"
#include "cpu/patches.h"
#include "cpu/workspace.h"
#include "kernels/activation.h"
#include "kernels/conv.h"
#include "tests/support/catch.h"

using namespace effnet;
using cpu::Activation;
using cpu::Index;
using cpu::KernelTable;

namespace {

constexpr float kGuard = 12345;
constexpr Index kRoom = 64;  // floats of guard before and behind

// Floats with guards around them, filled with numbers in -1 .. 1.
class Guarded {
 public:
  explicit Guarded(Index count, double seed = 0)
      : values_(static_cast<std::size_t>(count + 2 * kRoom), kGuard), count_(count) {
    for (Index i = 0; i < count; ++i)
      data()[i] = static_cast<float>(std::sin(seed + 0.37 * static_cast<double>(i * i % 977)));
  }
  float* data() { return values_.data() + kRoom; }
  const float* data() const { return values_.data() + kRoom; }
  double operator[](Index i) const { return static_cast<double>(data()[i]); }
  bool intact() const {
    for (Index i = 0; i < kRoom; ++i) {
      if (values_[static_cast<std::size_t>(i)] != kGuard || data()[count_ + i] != kGuard) return false;
    }
    return true;
  }
  std::vector<double> wide() const { return {data(), data() + count_}; }

 private:
  std::vector<float> values_;
  Index count_;
};

template <class Check>
void on_every_isa(Check&& check) {
  for (const KernelTable* kernels : cpu::usable_kernels()) {
    INFO(kernels->name);
    check(*kernels);
  }
}

constexpr Activation kActivations[] = {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                       Activation::kSilu, Activation::kHardSwish};

}  // namespace

TEST_CASE("the portable kernels are always there, and tables say what they are") {
  const auto usable = cpu::usable_kernels();
  REQUIRE_FALSE(usable.empty());
  CHECK(std::string(usable.back()->name) == "portable");
  CHECK(&cpu::best_kernels() == usable.front());
  for (const KernelTable* kernels : usable) CHECK(kernels->panel % kernels->lanes == 0);
}

TEST_CASE("gemm: packed and plain panels, both orders of a, tails, adding") {
  on_every_isa([](const KernelTable& k) {
    for (const Index m : {1, 3, 8, 13}) {
      for (const Index n : {1, 5, 16, 17, 48, 50, 97}) {
        for (const Index depth : {1, 2, 33}) {
          INFO(m << " x " << n << " x " << depth);
          const Guarded a(m * depth, 1), b(depth * n, 2);
          const Index row = (n + 15) / 16 * 16;
          std::vector<float> panels(static_cast<std::size_t>(k.packed_size(depth, n)));
          k.pack_panels({.k = depth,
                         .n = n,
                         .source = b.data(),
                         .k_stride = n,
                         .n_stride = 1,
                         .panels = panels.data()});
          std::vector<float> columns(static_cast<std::size_t>(n * depth)), from_columns(panels.size());
          for (Index i = 0; i < depth; ++i) {
            for (Index j = 0; j < n; ++j)
              columns[static_cast<std::size_t>(j * depth + i)] = b.data()[i * n + j];
          }
          k.pack_panels({.k = depth,
                         .n = n,
                         .source = columns.data(),
                         .k_stride = 1,
                         .n_stride = depth,
                         .panels = from_columns.data()});
          CHECK(from_columns == panels);
          std::vector<float> rows(static_cast<std::size_t>(depth * row));  // rows of b with room behind each
          for (Index i = 0; i < depth; ++i) std::copy_n(b.data() + i * n, n, rows.data() + i * row);
          for (const bool transposed : {false, true}) {
            for (const bool packed : {false, true}) {
              for (const bool accumulate : {false, true}) {
                Guarded c(m * n, 3);
                const std::vector<double> before = c.wide();
                k.gemm({.m = m,
                        .n = n,
                        .k = depth,
                        .a = a.data(),
                        .a_row = transposed ? 1 : depth,
                        .a_k = transposed ? m : 1,
                        .b = packed ? panels.data() : rows.data(),
                        .b_row = packed ? k.panel : row,
                        .b_panel = packed ? k.panel * depth : k.panel,
                        .c = c.data(),
                        .c_row = n,
                        .accumulate = accumulate});
                double worst = 0;
                for (Index i = 0; i < m; ++i) {
                  for (Index j = 0; j < n; ++j) {
                    double sum = accumulate ? before[static_cast<std::size_t>(i * n + j)] : 0;
                    for (Index d = 0; d < depth; ++d)
                      sum += a[transposed ? d * m + i : i * depth + d] * b[d * n + j];
                    worst = std::max(worst, std::abs(sum - c[i * n + j]));
                  }
                }
                CHECK(worst < 2e-6 * std::sqrt(static_cast<double>(depth)) + 1e-6);
                CHECK(c.intact());
              }
            }
          }
        }
      }
    }
  });
}

TEST_CASE("normalize: every activation, gate and addend, rows and blocks") {
  on_every_isa([](const KernelTable& k) {
    for (const Activation activation : kActivations) {
      for (const Index channels : {1, 7, 16, 40, 70}) {
        const Index rows = 37;
        const Guarded x(rows * channels, 1), scale(channels, 2), offset(channels, 3), gate(channels, 4),
            addend(rows * channels, 5);
        Guarded out(rows * channels, 6);
        k.normalize_rows({.rows = rows,
                          .channels = channels,
                          .x = x.data(),
                          .x_row = channels,
                          .scale = scale.data(),
                          .offset = offset.data(),
                          .gate = gate.data(),
                          .addend = addend.data(),
                          .addend_row = channels,
                          .activation = activation,
                          .out = out.data(),
                          .out_row = channels});
        std::vector<float> blocked(static_cast<std::size_t>(k.padded(channels) * rows));
        k.normalize_blocked({.rows = rows,
                             .channels = channels,
                             .x = x.data(),
                             .x_row = channels,
                             .scale = scale.data(),
                             .offset = offset.data(),
                             .activation = activation,
                             .out = blocked.data(),
                             .out_block = rows * k.lanes});
        double worst = 0, worst_blocked = 0;
        for (Index row = 0; row < rows; ++row) {
          for (Index c = 0; c < channels; ++c) {
            const Index i = row * channels + c;
            const double value = kernels::activation_value(activation, x[i] * scale[c] + offset[c]);
            worst = std::max(worst, std::abs(value * gate[c] + addend[i] - out[i]));
            const Index at = (c / k.lanes * rows + row) * k.lanes + c % k.lanes;
            worst_blocked = std::max(
                worst_blocked, std::abs(value - static_cast<double>(blocked[static_cast<std::size_t>(at)])));
          }
        }
        CHECK(worst < 5e-7);
        CHECK(worst_blocked < 5e-7);
        CHECK(out.intact());
      }
    }
  });
}

TEST_CASE("large arguments stay finite, NaN and infinity are not hidden") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  on_every_isa([&](const KernelTable& k) {
    const auto apply = [&](std::vector<float> values, Activation activation) {
      std::vector<float> out(values.size());
      const auto count = static_cast<Index>(values.size());
      k.normalize_rows({.rows = 1,
                        .channels = count,
                        .x = values.data(),
                        .x_row = count,
                        .activation = activation,
                        .out = out.data(),
                        .out_row = count});
      return out;
    };
    const auto silu = apply({-1e30f, -200, -88, 88, 200, 1e30f}, Activation::kSilu);
    for (const float y : silu) CHECK(std::isfinite(y));
    CHECK(silu[0] <= 0);
    CHECK(std::abs(silu[2]) < 1e-30f);
    CHECK(silu[4] == 200);
    for (const Activation activation : kActivations) CHECK(std::isnan(apply({nan, 1, 2}, activation)[0]));
    CHECK_FALSE(std::isfinite(apply({inf, 1}, Activation::kSilu)[0]));
  });
}

TEST_CASE("activation gradient and its sums; batch norm's gradient") {
  on_every_isa([](const KernelTable& k) {
    for (const Activation activation : kActivations) {
      for (const Index channels : {1, 7, 16, 40, 70}) {
        const Index rows = 70;
        const Guarded x(rows * channels, 1), g(rows * channels, 2), gate(channels, 3), constant(channels, 4),
            scale(channels, 5), offset(channels, 6), mean(channels, 7), a(channels, 8), b(channels, 9),
            c(channels, 10);
        Guarded d(rows * channels), dx(rows * channels);
        std::vector<double> sum(static_cast<std::size_t>(channels)), product(sum.size()),
            wanted_sum(sum.size()), wanted_product(sum.size());
        k.activation_gradient({.rows = rows,
                               .channels = channels,
                               .gradient = g.data(),
                               .gradient_row = channels,
                               .x = x.data(),
                               .x_row = channels,
                               .gate = gate.data(),
                               .constant = constant.data(),
                               .scale = scale.data(),
                               .offset = offset.data(),
                               .mean = mean.data(),
                               .activation = activation,
                               .out = d.data(),
                               .out_row = channels,
                               .sum = sum.data(),
                               .product = product.data()});
        k.norm_gradient_rows({.rows = rows,
                              .channels = channels,
                              .gradient = d.data(),
                              .gradient_row = channels,
                              .x = x.data(),
                              .x_row = channels,
                              .a = a.data(),
                              .b = b.data(),
                              .c = c.data(),
                              .mean = mean.data(),
                              .out = dx.data(),
                              .out_row = channels});
        double worst = 0, worst_dx = 0;
        for (Index i = 0; i < rows * channels; ++i) {
          const Index ch = i % channels;
          const double wanted = (g[i] * gate[ch] + constant[ch]) *
                                kernels::activation_slope(activation, x[i] * scale[ch] + offset[ch]);
          worst = std::max(worst, std::abs(wanted - d[i]));
          wanted_sum[static_cast<std::size_t>(ch)] += wanted;
          wanted_product[static_cast<std::size_t>(ch)] += wanted * (x[i] - mean[ch]);
          worst_dx = std::max(worst_dx, std::abs(a[ch] * d[i] + b[ch] * (x[i] - mean[ch]) + c[ch] - dx[i]));
        }
        CHECK(worst < 2e-6);
        CHECK(worst_dx < 1e-6);
        for (std::size_t ch = 0; ch < sum.size(); ++ch) {
          CHECK(std::abs(sum[ch] - wanted_sum[ch]) < 3e-5);
          CHECK(std::abs(product[ch] - wanted_product[ch]) < 3e-5);
        }
        CHECK(d.intact());
        CHECK(dx.intact());
      }
    }
  });
}

TEST_CASE("sums a channel, with a shift against cancelling; products of rows") {
  on_every_isa([](const KernelTable& k) {
    for (const Index channels : {1, 16, 19, 80}) {
      const Index rows = 300;
      Guarded x(rows * channels, 1), y(rows * channels, 2);
      for (Index i = 0; i < rows * channels; ++i)
        x.data()[i] += 1000;  // the squares alone would lose seven digits
      std::vector<double> sum(static_cast<std::size_t>(channels)), square(sum.size());
      Guarded dot(channels), before(channels);
      k.channel_sums({.rows = rows,
                      .channels = channels,
                      .x = x.data(),
                      .x_row = channels,
                      .shift = x.data(),
                      .sum = sum.data(),
                      .square = square.data()});
      k.dot_rows({.rows = rows,
                  .channels = channels,
                  .x = y.data(),
                  .x_row = channels,
                  .y = y.data(),
                  .y_row = channels,
                  .sum = dot.data()});
      for (Index c = 0; c < channels; ++c) {
        double wanted = 0, wanted_square = 0, wanted_dot = before[c];
        for (Index row = 0; row < rows; ++row) {
          const double shifted = x[row * channels + c] - x[c], v = y[row * channels + c];
          wanted += shifted;
          wanted_square += shifted * shifted;
          wanted_dot += v * v;
        }
        CHECK(sum[static_cast<std::size_t>(c)] == Catch::Approx(wanted).margin(1e-3));
        CHECK(square[static_cast<std::size_t>(c)] == Catch::Approx(wanted_square).epsilon(1e-5));
        CHECK(dot[c] == Catch::Approx(wanted_dot).epsilon(1e-5));
      }
      CHECK(dot.intact());
    }
  });
}

TEST_CASE(
    "depthwise in tiles: forward and both gradients, every kernel, stride, padding, tail and size of tile") {
  on_every_isa([](const KernelTable& k) {
    for (const int kernel : {3, 5, 7}) {
      for (const int stride : {1, 2}) {
        for (const auto& [height, width] : {std::pair<Index, Index>{1, 1}, {2, 3}, {9, 8}, {12, 20}}) {
          for (const Index pad : {Index{kernel / 2}, Index{stride == 2 ? (kernel - 2) / 2 : kernel / 2}}) {
            for (const Index channels : {5, 53}) {
              for (const Index budget : {1, 2'000, 1'000'000}) {
                kernels::DepthwiseShape s{.batch = 1,
                                          .channels = channels,
                                          .height = height,
                                          .width = width,
                                          .out_height = (height + stride - 1) / stride,
                                          .out_width = (width + stride - 1) / stride,
                                          .kernel = kernel,
                                          .stride = stride,
                                          .pad_top = pad,
                                          .pad_left = pad};
                INFO("k" << kernel << " s" << stride << " pad " << pad << " " << height << "x" << width
                         << " C " << channels << " budget " << budget);
                const Guarded x(height * width * channels, 1), w(channels * kernel * kernel, 2),
                    g(s.out_rows() * channels, 3);
                Guarded y(s.out_rows() * channels), dx(height * width * channels),
                    dw(channels * kernel * kernel);
                const cpu::DepthwiseTiles tiles(k, s, budget);
                std::vector<float> packed(static_cast<std::size_t>(tiles.packed_size())),
                    flipped(packed.size()), sums(packed.size()),
                    in(static_cast<std::size_t>(tiles.input_size())),
                    gradient(static_cast<std::size_t>(tiles.gradient_size()));
                tiles.pack(w.data(), packed.data());
                tiles.pack_flipped(w.data(), flipped.data());
                const auto rows_of = [&](const Guarded& map, Index map_width) {
                  return [&k, &map, map_width, channels](cpu::Range rows, const cpu::DepthwiseTile& tile,
                                                         float* out, const cpu::BlockedCopy& copy) {
                    k.normalize_blocked(
                        {.rows = map_width,
                         .channels = tile.channels.size(),
                         .x = map.data() + rows.first * map_width * channels + tile.channels.first,
                         .x_row = channels,
                         .out = out,
                         .lines = rows.size(),
                         .out_line = copy.row_size,
                         .out_block = copy.block_size});
                  };
                };
                for (const cpu::DepthwiseTile& tile : tiles.tiles()) {
                  const cpu::BlockedCopy of_x = tiles.fill_input(tile, in.data(), rows_of(x, width));
                  const cpu::BlockedCopy of_g =
                      tiles.fill_gradient(tile, gradient.data(), rows_of(g, s.out_width));
                  tiles.forward(tile, of_x, packed.data(), y.data());
                  tiles.input_gradient(
                      tile, of_g, flipped.data(),
                      dx.data() + tile.in_rows.first * width * channels + tile.channels.first, channels);
                  tiles.weight_gradient(tile, of_x, of_g, sums.data());
                }
                tiles.unpack(sums.data(), dw.data());
                std::vector<double> wanted_y(g.wide().size()), wanted_dx(x.wide().size()),
                    wanted_dw(w.wide().size());
                kernels::depthwise_forward(s, x.wide().data(), w.wide().data(), wanted_y.data());
                kernels::depthwise_backward(s, x.wide().data(), w.wide().data(), g.wide().data(),
                                            wanted_dx.data(), wanted_dw.data());
                const auto worst = [](const Guarded& ours, const std::vector<double>& wanted) {
                  double error = 0;
                  for (std::size_t i = 0; i < wanted.size(); ++i)
                    error = std::max(error, std::abs(ours[static_cast<Index>(i)] - wanted[i]));
                  return error;
                };
                CHECK(worst(y, wanted_y) < 5e-6);
                CHECK(worst(dx, wanted_dx) < 5e-6);
                CHECK(worst(dw, wanted_dw) <
                      1.2e-7 * static_cast<double>(s.out_rows()) + 5e-6);  // terms of up to 1
                CHECK(y.intact());
                CHECK(dx.intact());
              }
            }
          }
        }
      }
    }
  });
}

TEST_CASE("patches: what an output sees, and back") {
  const kernels::ConvShape s{.batch = 1,
                             .in_channels = 2,
                             .out_channels = 1,
                             .height = 3,
                             .width = 4,
                             .out_height = 2,
                             .out_width = 2,
                             .kernel = 3,
                             .stride = 2,
                             .pad_top = 1,
                             .pad_left = 0};
  const Guarded x(24, 1);
  std::vector<float> patches(4 * 20, kGuard);
  cpu::gather_patches(s, x.data(), {0, 4}, patches.data(), 20);
  std::vector<float> back(24);
  cpu::scatter_patches(s, patches.data(), 20, {0, 4}, back.data());
  std::vector<int> seen(24);
  for (Index pixel = 0; pixel < 4; ++pixel) {
    for (Index tap = 0; tap < 9; ++tap) {
      const Index row = pixel / 2 * 2 + tap / 3 - 1, column = pixel % 2 * 2 + tap % 3;
      const bool inside = row >= 0 && row < 3 && column < 4;
      for (Index c = 0; c < 2; ++c) {
        const auto at = static_cast<std::size_t>(pixel * 20 + tap * 2 + c);
        CHECK(static_cast<double>(patches[at]) == (inside ? x[(row * 4 + column) * 2 + c] : 0));
        if (inside) ++seen[static_cast<std::size_t>((row * 4 + column) * 2 + c)];
      }
    }
  }
  for (std::size_t i = 0; i < seen.size(); ++i)
    CHECK(static_cast<double>(back[i]) == Catch::Approx(seen[i] * x[static_cast<Index>(i)]));
}
