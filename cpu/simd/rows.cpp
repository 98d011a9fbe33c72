// The loops over maps between the products and the convolutions: batch norm, activation, gate, their gradients and their
// sums. Each reads its map once; a piece of rows at a time, channels in groups of vectors within it.
#include "cpu/simd/rows.h"

#include "cpu/simd/activation.h"
#include "cpu/simd/channel_groups.h"

namespace effnet::cpu::EFFNET_ISA {
namespace {

enum class Form { kRows, kBlocked };

template <Form F, class Of, class Group>
EFFNET_INLINE void put(const Of& of, const Group& group, float* out, int v, Vec x) {
  if constexpr (F == Form::kRows)
    group.put(out, v, x);
  else
    store(out + group.block(v) * of.out_block, x);
}

// work(row, where its result goes) for rows from `first` on.
template <Form F, class Of, class Work>
EFFNET_INLINE void each_row(const Of& of, Index first, Index last, Work&& work) {
  if constexpr (F == Form::kRows) {
    for (Index row = first; row < last; ++row) work(row, of.out + row * of.out_row);
  } else {
    Index pixel = first % of.rows;
    float* line = of.out + first / of.rows * of.out_line;
    for (Index row = first; row < last; ++row) {
      work(row, line + pixel * kLanes);
      if (++pixel == of.rows) pixel = 0, line += of.out_line;
    }
  }
}

// What is constant a channel of a normalization, in registers.
template <int V>
struct NormalizeConstants {
  Vec scale[V], offset[V], gate[V];
};

template <Form F, bool Slope, class Group, Activation A>
EFFNET_INLINE void normalize_group(const Normalize& of, const Group& group, Index first, Index last,
                                   Constant<A>) {
  constexpr int kV = Group::kVectors;
  NormalizeConstants<kV> k;
#pragma GCC unroll 4
  for (int v = 0; v < kV; ++v) {
    k.scale[v] = group.get_or(of.scale, v, 1);
    k.offset[v] = group.get_or(of.offset, v, 0);
    k.gate[v] = group.get_or(of.gate, v, 1);
  }
  each_row<F>(of, first, last, [&](Index row, float* out) {
#pragma GCC unroll 4
    for (int v = 0; v < kV; ++v) {
      group.prefetch(of.x + (row + kRowsAhead) * of.x_row, v);
      const Vec z = group.get(of.x + row * of.x_row, v) * k.scale[v] + k.offset[v];
      if constexpr (Slope) {
        const ValueAndSlope y = value_and_slope<A>(z);
        put<F>(of, group, out, v, y.value);
        group.put(of.slope + row * of.slope_row, v, y.slope);
      } else {
        Vec y = value<A>(z) * k.gate[v];
        if (of.addend) y += group.get(of.addend + row * of.addend_row, v);
        put<F>(of, group, out, v, y);
      }
    }
  });
}

template <Form F>
void normalize(const Normalize& of) {
  with_activation(of.activation, [&](auto activation) {
    each_piece(of.rows * of.lines, [&](Index first, Index last) {
      each_channel_group<4>(of.channels, [&](auto group) {
        if (of.slope)
          normalize_group<F, true>(of, group, first, last, activation);
        else
          normalize_group<F, false>(of, group, first, last, activation);
      });
    });
  });
}

template <class Group, Activation A>
EFFNET_INLINE void gradient_group(const ActivationGradient& of, const Group& group, Index first, Index last,
                                  Constant<A>) {
  constexpr int kV = Group::kVectors;
  Vec gate[kV], constant[kV], scale[kV], offset[kV], mean[kV], sum[kV], product[kV];
#pragma GCC unroll 4
  for (int v = 0; v < kV; ++v) {
    gate[v] = group.get_or(of.gate, v, 1);
    constant[v] = group.get_or(of.constant, v, 0);
    scale[v] = group.get(of.scale, v);
    offset[v] = group.get(of.offset, v);
    mean[v] = group.get(of.mean, v);
    sum[v] = product[v] = Vec{};
  }
  for (Index row = first; row < last; ++row) {
#pragma GCC unroll 4
    for (int v = 0; v < kV; ++v) {
      group.prefetch(of.x + (row + kRowsAhead) * of.x_row, v);
      const Vec x = group.get(of.x + row * of.x_row, v);
      Vec d = group.get(of.gradient + row * of.gradient_row, v) * gate[v] + constant[v];
      if (of.slope)
        d *= group.get(of.slope + row * of.slope_row, v);
      else if constexpr (A != Activation::kIdentity)
        d *= slope<A>(x * scale[v] + offset[v]);
      if (of.out) group.put(of.out + row * of.out_row, v, d);
      sum[v] += d;
      product[v] += d * (x - mean[v]);
    }
  }
  if (!of.sum) return;
#pragma GCC unroll 4
  for (int v = 0; v < kV; ++v) {
    group.add_to(of.sum, v, sum[v]);
    group.add_to(of.product, v, product[v]);
  }
}

template <Form F, class Group>
EFFNET_INLINE void norm_gradient_group(const NormGradient& of, const Group& group, Index first, Index last) {
  constexpr int kV = Group::kVectors;
  Vec a[kV], b[kV], c[kV], mean[kV];
#pragma GCC unroll 4
  for (int v = 0; v < kV; ++v) {
    a[v] = group.get(of.a, v);
    b[v] = group.get(of.b, v);
    c[v] = group.get(of.c, v);
    mean[v] = group.get(of.mean, v);
  }
  each_row<F>(of, first, last, [&](Index row, float* out) {
#pragma GCC unroll 4
    for (int v = 0; v < kV; ++v) {
      group.prefetch(of.x + (row + kRowsAhead) * of.x_row, v);
      group.prefetch(of.gradient + (row + kRowsAhead) * of.gradient_row, v);
      const Vec x = group.get(of.x + row * of.x_row, v),
                g = group.get(of.gradient + row * of.gradient_row, v);
      put<F>(of, group, out, v, a[v] * g + (b[v] * (x - mean[v]) + c[v]));
    }
  });
}

template <Form F>
void norm_gradient(const NormGradient& of) {
  each_piece(of.rows * of.lines, [&](Index first, Index last) {
    each_channel_group<4>(of.channels, [&](auto group) { norm_gradient_group<F>(of, group, first, last); });
  });
}

}  // namespace

void normalize_rows(const Normalize& of) {
  normalize<Form::kRows>(of);
}

void normalize_blocked(const Normalize& of) {
  normalize<Form::kBlocked>(of);
}

void channel_sums(const ChannelSums& of) {
  each_piece(of.rows, [&](Index first, Index last) {
    each_channel_group<4>(of.channels, [&](auto group) {
      constexpr int kV = decltype(group)::kVectors;
      Vec shift[kV], sum[kV], square[kV];
#pragma GCC unroll 4
      for (int v = 0; v < kV; ++v) {
        shift[v] = group.get(of.shift, v);
        sum[v] = square[v] = Vec{};
      }
      for (Index row = first; row < last; ++row) {
#pragma GCC unroll 4
        for (int v = 0; v < kV; ++v) {
          const Vec x = group.get(of.x + row * of.x_row, v) - shift[v];
          sum[v] += x;
          square[v] += x * x;
        }
      }
#pragma GCC unroll 4
      for (int v = 0; v < kV; ++v) {
        group.add_to(of.sum, v, sum[v]);
        group.add_to(of.square, v, square[v]);
      }
    });
  });
}

void activation_gradient(const ActivationGradient& of) {
  with_activation(of.slope ? Activation::kIdentity : of.activation, [&](auto activation) {
    each_piece(of.rows, [&](Index first, Index last) {
      each_channel_group<2>(of.channels,
                            [&](auto group) { gradient_group(of, group, first, last, activation); });
    });
  });
}

void norm_gradient_rows(const NormGradient& of) {
  norm_gradient<Form::kRows>(of);
}

void norm_gradient_blocked(const NormGradient& of) {
  norm_gradient<Form::kBlocked>(of);
}

void dot_rows(const DotRows& of) {
  each_piece(of.rows, [&](Index first, Index last) {
    each_channel_group<4>(of.channels, [&](auto group) {
      constexpr int kV = decltype(group)::kVectors;
      Vec sum[kV];
#pragma GCC unroll 4
      for (int v = 0; v < kV; ++v) sum[v] = Vec{};
      for (Index row = first; row < last; ++row) {
#pragma GCC unroll 4
        for (int v = 0; v < kV; ++v) {
          const Vec x = group.get(of.x + row * of.x_row, v);
          sum[v] += of.y ? x * group.get(of.y + row * of.y_row, v) : x;
        }
      }
#pragma GCC unroll 4
      for (int v = 0; v < kV; ++v) group.put(of.sum, v, group.get(of.sum, v) + sum[v]);
    });
  });
}

void combine_rows(const CombineRows& of) {
  each_piece(of.rows, [&](Index first, Index last) {
    each_channel_group<4>(of.channels, [&](auto group) {
      constexpr int kV = decltype(group)::kVectors;
      Vec gate[kV];
#pragma GCC unroll 4
      for (int v = 0; v < kV; ++v) gate[v] = group.get_or(of.gate, v, 1);
      for (Index row = first; row < last; ++row) {
#pragma GCC unroll 4
        for (int v = 0; v < kV; ++v) {
          Vec x = group.get(of.x + row * of.x_row, v) * gate[v];
          if (of.y) x += group.get(of.y + row * of.y_row, v);
          group.put(of.out + row * of.out_row, v, x);
        }
      }
    });
  });
}

void sigmoid_all(const Elementwise& of) {
  Index i = 0;
  for (; i + kLanes <= of.count; i += kLanes) store(of.out + i, sigmoid(load(of.x + i)));
  const int left = static_cast<int>(of.count - i);
  if (left > 0) store_first(of.out + i, sigmoid(load_first(of.x + i, left)), left);
}

}  // namespace effnet::cpu::EFFNET_ISA
