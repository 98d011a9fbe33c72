#include "tests/cuda/matrix_kernels.h"

#include "cuda/device/matrix.h"

namespace effnet::tests {
namespace {

using cuda::load_global;
using cuda::store_global;

struct RegisterArguments {
  const std::uint16_t* in;
  std::uint32_t *plain, *transposed;
};

__global__ void register_kernel(const RegisterArguments g) {
  EFFNET_SHARED(std::uint16_t, rows, [32][8]);
  const int lane = static_cast<int>(threadIdx.x);
  for (int i = 0; i < 8; ++i) rows[lane][i] = load_global<std::uint16_t>(g.in + 8 * lane + i);
  __syncwarp();
  std::uint32_t registers[4];
  cuda::load_matrices(rows[lane], registers);
  for (int i = 0; i < 4; ++i) store_global(g.plain + 4 * lane + i, registers[i]);
  cuda::load_matrices_transposed(rows[lane], registers);
  for (int i = 0; i < 4; ++i) store_global(g.transposed + 4 * lane + i, registers[i]);
}

struct ProductArguments {
  const std::uint16_t *a, *b;
  float* sum;
};

// Each lane takes what the layout gives it from global memory.
__global__ void product_kernel(const ProductArguments g) {
  const int lane = static_cast<int>(threadIdx.x), q = lane / 4, p = 2 * (lane % 4);
  const auto pair = [](std::uint16_t low, std::uint16_t high) {
    return static_cast<std::uint32_t>(low) | static_cast<std::uint32_t>(high) << 16;
  };
  const auto of_a = [&](int row, int k) { return load_global<std::uint16_t>(g.a + 16 * row + k); };
  const auto of_b = [&](int k, int column) { return load_global<std::uint16_t>(g.b + 8 * k + column); };
  const std::uint32_t a[4] = {pair(of_a(q, p), of_a(q, p + 1)), pair(of_a(q + 8, p), of_a(q + 8, p + 1)),
                              pair(of_a(q, p + 8), of_a(q, p + 9)),
                              pair(of_a(q + 8, p + 8), of_a(q + 8, p + 9))};
  const std::uint32_t b[2] = {pair(of_b(p, q), of_b(p + 1, q)), pair(of_b(p + 8, q), of_b(p + 9, q))};
  float* at[4] = {g.sum + 8 * q + p, g.sum + 8 * q + p + 1, g.sum + 8 * (q + 8) + p,
                  g.sum + 8 * (q + 8) + p + 1};
  float sum[4];
  for (int i = 0; i < 4; ++i) sum[i] = load_global<float>(at[i]);
  cuda::multiply_matrices(sum, a, b);
  for (int i = 0; i < 4; ++i) store_global(at[i], sum[i]);
}

}  // namespace

void registers_of(const std::uint16_t* in, std::uint32_t* plain, std::uint32_t* transposed) {
  cuda::launch({.kernel = "register_kernel", .threads = 32}, register_kernel, {in, plain, transposed});
}

void add_product(const std::uint16_t* a, const std::uint16_t* b, float* sum) {
  cuda::launch({.kernel = "product_kernel", .threads = 32}, product_kernel, {a, b, sum});
}

}  // namespace effnet::tests
