// The patches that a convolution's outputs see, as rows of a matrix: (output pixels, k * k * Cin), and their way back.
#pragma once

#include "cpu/parallel_for.h"
#include "kernels/conv.h"

namespace effnet::cpu {

// Rows of the output pixels `pixels` of one picture, whose map begins at x; `row` floats from one to the next.
void gather_patches(const kernels::ConvShape& shape, const float* x, Range pixels, float* patches, Index row);

// Adds the patches to the picture's map.
void scatter_patches(const kernels::ConvShape& shape, const float* patches, Index row, Range pixels,
                     float* x);

}  // namespace effnet::cpu
