// The matrix product as outer products: a tile of kTileRows x 3 vectors of c stays in registers while k runs; a step
// loads one row of b's panel and broadcasts one element of a for every row. Nothing of a is packed: its rows are read
// with their stride, or, for a product with a transposed matrix, its columns.
// On 32 registers 8 x 3 accumulators, on 16 registers 4 x 3.
#include "cpu/simd/gemm.h"

namespace effnet::cpu::EFFNET_ISA {
namespace {

constexpr int kTileRows = kRegisters == 32 ? 8 : 4;

enum class Along { kRow, kColumn };  // what of a is contiguous: its rows (a_k = 1) or its columns (a_row = 1)

template <int Rows, int Vectors, Along A>
EFFNET_INLINE void tile(const Gemm& of, const float* a, const float* b, float* c, int last_lanes) {
  Vec sum[Rows][Vectors];
  const bool whole = last_lanes == kLanes;
#pragma GCC unroll 8
  for (int m = 0; m < Rows; ++m) {
#pragma GCC unroll 3
    for (int v = 0; v < Vectors; ++v) sum[m][v] = Vec{};
  }
  const Index a_row = A == Along::kRow ? of.a_row : 1, a_k = A == Along::kRow ? 1 : of.a_k;
  const float* bk = b;
  const float* ak = a;
  for (Index k = 0; k < of.k; ++k, bk += of.b_row, ak += a_k) {
    Vec row[Vectors];
#pragma GCC unroll 3
    for (int v = 0; v < Vectors; ++v) row[v] = load(bk + v * kLanes);
#pragma GCC unroll 8
    for (int m = 0; m < Rows; ++m) {
      const float x = ak[m * a_row];
#pragma GCC unroll 3
      for (int v = 0; v < Vectors; ++v) sum[m][v] += x * row[v];
    }
  }
#pragma GCC unroll 8
  for (int m = 0; m < Rows; ++m) {
    float* out = c + m * of.c_row;
#pragma GCC unroll 3
    for (int v = 0; v < Vectors; ++v, out += kLanes) {
      if (v + 1 < Vectors || whole)
        store(out, of.accumulate ? load(out) + sum[m][v] : sum[m][v]);
      else
        store_first(out, of.accumulate ? load_first(out, last_lanes) + sum[m][v] : sum[m][v], last_lanes);
    }
  }
}

template <int Vectors, Along A, int Rows>
void some_rows(const Gemm& of, const float* a, const float* b, float* c, int last_lanes, Index rows) {
  if constexpr (Rows > 0) {
    if (rows == Rows)
      tile<Rows, Vectors, A>(of, a, b, c, last_lanes);
    else
      some_rows<Vectors, A, Rows - 1>(of, a, b, c, last_lanes, rows);
  }
}

template <int Vectors, Along A>
void panel(const Gemm& of, const float* b, float* c, int last_lanes) {
  const Index step = A == Along::kRow ? of.a_row : 1;
  Index m = 0;
  for (; m + kTileRows <= of.m; m += kTileRows)
    tile<kTileRows, Vectors, A>(of, of.a + m * step, b, c + m * of.c_row, last_lanes);
  if (m < of.m)
    some_rows<Vectors, A, kTileRows - 1>(of, of.a + m * step, b, c + m * of.c_row, last_lanes, of.m - m);
}

template <Along A>
void panels(const Gemm& of) {
  for (Index n = 0; n < of.n; n += kPanel) {
    const float* b = of.b + n / kPanel * of.b_panel;
    float* c = of.c + n;
    const int left = static_cast<int>(of.n - n < kPanel ? of.n - n : kPanel);
    const int vectors = (left + kLanes - 1) / kLanes;
    const int last_lanes = left - (vectors - 1) * kLanes;
    if (vectors == 1)
      panel<1, A>(of, b, c, last_lanes);
    else if (vectors == 2)
      panel<2, A>(of, b, c, last_lanes);
    else
      panel<3, A>(of, b, c, last_lanes);
  }
}

// One vector of columns of a panel, for all k.
void clear_columns(const PackPanels& of, float* panel) {
  for (Index k = 0; k < of.k; ++k) store(panel + k * kPanel, Vec{});
}

void copy_columns(const PackPanels& of, const float* source, int lanes, float* panel) {
  for (Index k = 0; k < of.k; ++k, source += of.k_stride)
    store(panel + k * kPanel, lanes == kLanes ? load(source) : load_first(source, lanes));
}

void transpose_columns(const PackPanels& of, const float* source, int lanes, float* panel) {
  Index k = 0;
  if (of.k_stride == 1 && lanes == kLanes) {
    for (; k + kLanes <= of.k; k += kLanes) {
      Vec square[kLanes];
      for (int n = 0; n < kLanes; ++n) square[n] = load(source + n * of.n_stride + k);
      transpose(square);
      for (int i = 0; i < kLanes; ++i) store(panel + (k + i) * kPanel, square[i]);
    }
  }
  for (; k < of.k; ++k) {
    float* out = panel + k * kPanel;
    for (int n = 0; n < lanes; ++n) out[n] = source[n * of.n_stride + k * of.k_stride];
    for (int n = lanes; n < kLanes; ++n) out[n] = 0;
  }
}

}  // namespace

void gemm(const Gemm& of) {
  if (of.a_k == 1)
    panels<Along::kRow>(of);
  else
    panels<Along::kColumn>(of);
}

void pack_panels(const PackPanels& of) {
  for (Index n0 = 0; n0 < of.n; n0 += kPanel) {
    const Index left = of.n - n0 < kPanel ? of.n - n0 : kPanel;
    float* panel = of.panels + n0 * of.k;
    const float* source = of.source + n0 * of.n_stride;
    for (Index n = 0; n < kPanel; n += kLanes, panel += kLanes, source += kLanes * of.n_stride) {
      const int lanes = static_cast<int>(left - n < kLanes ? left - n : kLanes);
      if (lanes <= 0)
        clear_columns(of, panel);
      else if (of.n_stride == 1)
        copy_columns(of, source, lanes, panel);
      else
        transpose_columns(of, source, lanes, panel);
    }
  }
}

}  // namespace effnet::cpu::EFFNET_ISA
