// Each form of cuda/device/matrix.h in a kernel of its own, for matrix_test.cpp. Matrices are (rows, columns) of 16 bits.
#pragma once

#include <cstdint>

namespace effnet::tests {

// in: 4 matrices 8 x 8. Each lane's 4 registers, loaded as they lie and transposed: (32, 4).
void registers_of(const std::uint16_t* in, std::uint32_t* plain, std::uint32_t* transposed);

// sum (16, 8) += a (16, 16) * b (16, 8), bfloat16.
void add_product(const std::uint16_t* a, const std::uint16_t* b, float* sum);

}  // namespace effnet::tests
