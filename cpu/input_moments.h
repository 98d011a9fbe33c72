// Mean and covariance of a block's input over all pixels. A 1x1 convolution is linear, so they give the batch norm
// statistics of its result without the result:  mean of y_e = w_e . mean of x,  variance of y_e = w_e' Cov(x) w_e.
// Likewise they stand for y in the sums of the backward pass. Cost: Cin^2 multiply-adds a pixel.
#pragma once

#include <vector>

#include "cpu/batch_norm.h"
#include "cpu/mbconv.h"

namespace effnet::cpu {

// In the memory of the caller: mean (Cin), covariance (Cin, Cin), biased.
struct InputMoments {
  float *mean = nullptr, *covariance = nullptr;

  static Index size(Index channels) { return channels * (channels + 1); }
  static InputMoments in(float* memory, Index channels) {
    return {memory, memory ? memory + channels : nullptr};
  }
};

// x (rows, channels) of all pictures.
void measure_input(const Execution& execution, const float* x, Index rows, Index channels, Index pictures,
                   InputMoments moments);

// The state of the batch norm after a 1x1 convolution with weights (out, channels); moves its running statistics.
void statistics_of_product(const Execution& execution, const InputMoments& moments, Index rows,
                           Index channels, const float* weights, Index out_channels,
                           const BatchNormWeights& norm, BatchNormState state);

}  // namespace effnet::cpu
