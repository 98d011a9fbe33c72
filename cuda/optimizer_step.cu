// optimizer_step.h's kernels. A thread takes four neighbouring parameters, 16 bytes of each array; what is left of the
// last four goes one by one.
#include "cuda/optimizer_step.h"

#include "cuda/device/part_sums.h"
#include "cuda/device/values.h"

namespace effnet::cuda {
namespace {

constexpr int kStepThreads = 256, kStepVector = 4;
constexpr int kNormStride = kJoinThreads * kStepVector;  // parameters of a block at a time
constexpr double kBesideNorm = 1e-6;                     // as ops/optimizer_step.cpp has it

struct NormArguments {
  GradientNorm work;
  Index parts;
};

template <OptimizerRule kRule, int V>
__device__ __forceinline__ void step_of(const OptimizerStep& g, const OptimizerScalars& scalars, Index at) {
  const auto load = [&](const float* from, float(&values)[V]) {
    unpack<float, V>(load_global<Word<float, V>>(from + at), values);
  };
  const auto store = [&](float* to, const float(&values)[V]) {
    store_global(to + at, pack<float, V>(values));
  };
  float parameter[V], gradient[V], momentum[V];
  load(g.parameters, parameter);
  load(g.gradients, gradient);
  load(g.momentum, momentum);
#pragma unroll
  for (int v = 0; v < V; ++v) {
    gradient[v] *= scalars.gradient_factor;
    if (at + v < g.decayed) gradient[v] += g.weight_decay * parameter[v];
  }
  if constexpr (kRule == OptimizerRule::kSgd) {
#pragma unroll
    for (int v = 0; v < V; ++v) {
      momentum[v] = g.momentum_decay * momentum[v] + gradient[v];
      parameter[v] -= scalars.learning_rate * (gradient[v] + g.momentum_decay * momentum[v]);
    }
  } else {
    float square[V];
    load(g.mean_square, square);
#pragma unroll
    for (int v = 0; v < V; ++v) {
      square[v] = g.mean_square_decay * square[v] + (1.0f - g.mean_square_decay) * gradient[v] * gradient[v];
      momentum[v] =
          g.momentum_decay * momentum[v] + scalars.learning_rate * gradient[v] / sqrtf(square[v] + g.eps);
      parameter[v] -= momentum[v];
    }
    store(g.mean_square, square);
  }
  store(g.parameters, parameter);
  store(g.momentum, momentum);
  if (g.average) {
    float average[V];
    load(g.average, average);
#pragma unroll
    for (int v = 0; v < V; ++v) average[v] += scalars.average_share * (parameter[v] - average[v]);
    store(g.average, average);
  }
  if (g.bfloat16_copy)
    store_global(static_cast<Bfloat16*>(g.bfloat16_copy) + at, pack<Bfloat16, V>(parameter));
  const float zeros[V] = {};
  store(g.gradients, zeros);
}

template <OptimizerRule kRule>
__global__ void __launch_bounds__(kStepThreads, 4) optimizer_step_vectors(const OptimizerStep g) {
  const Index at = (static_cast<Index>(blockIdx.x) * kStepThreads + threadIdx.x) * kStepVector;
  OptimizerScalars scalars;
  scalars.learning_rate = load_global<float>(&g.scalars->learning_rate);
  scalars.gradient_factor = load_global<float>(&g.scalars->gradient_factor);
  scalars.average_share = g.average ? load_global<float>(&g.scalars->average_share) : 0.0f;
  if (at + kStepVector <= g.count) {
    step_of<kRule, kStepVector>(g, scalars, at);
  } else {
    for (Index one = at; one < g.count; ++one) step_of<kRule, 1>(g, scalars, one);
  }
}

// Squares are added in double: a float would overflow at gradients of 2^64.
__global__ void __launch_bounds__(kJoinThreads, 1) gradient_norm_parts(const NormArguments arguments) {
  const GradientNorm& g = arguments.work;
  const Index parts = arguments.parts;
  auto* shared = static_cast<double*>(dynamic_shared());
  const int thread = static_cast<int>(threadIdx.x);
  double sum = 0;
  for (Index at = static_cast<Index>(blockIdx.x) * kNormStride + thread * kStepVector; at < g.count;
       at += parts * kNormStride) {
    float values[kStepVector] = {};
    if (at + kStepVector <= g.count) {
      unpack<float, kStepVector>(load_global<Word<float, kStepVector>>(g.gradients + at), values);
    } else {
      for (int v = 0; at + v < g.count; ++v) values[v] = load_global<float>(g.gradients + at + v);
    }
#pragma unroll
    for (int v = 0; v < kStepVector; ++v)
      sum += static_cast<double>(values[v]) * static_cast<double>(values[v]);
  }
  shared[thread] = sum;
  for (int half = kJoinThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (thread < half) shared[thread] = sum += shared[thread + half];
  }
  if (thread == 0) store_global(g.parts + blockIdx.x, sum);
}

__global__ void __launch_bounds__(32, 1) gradient_norm_join(const NormArguments arguments) {
  const GradientNorm& g = arguments.work;
  const Index parts = arguments.parts;
  double sum = 0;
  for (Index part = threadIdx.x; part < parts; part += 32) sum += load_global<double>(g.parts + part);
  for (int apart = 16; apart > 0; apart /= 2) sum += __shfl_xor_sync(0xFFFFFFFFu, sum, apart);
  if (threadIdx.x > 0) return;
  const double norm = sqrt(sum), factor = g.largest / (norm + kBesideNorm);
  store_global(&g.scalars->gradient_norm, static_cast<float>(norm));
  store_global(&g.scalars->gradient_factor,
               g.largest > 0 && !(factor > 1) ? static_cast<float>(factor) : 1.0f);
}

template <OptimizerRule kRule>
void launch_step(const OptimizerStep& work, Stream stream) {
  constexpr Index kOfBlock = kStepThreads * kStepVector;
  launch({.kernel = "optimizer_step_vectors",
          .blocks_x = static_cast<unsigned>((work.count + kOfBlock - 1) / kOfBlock),
          .threads = kStepThreads,
          .stream = stream},
         optimizer_step_vectors<kRule>, work);
}

}  // namespace

void optimizer_step(const OptimizerStep& work, Stream stream) {
  if (work.count <= 0) throw std::invalid_argument("CUDA optimizer: no parameters");
  work.rule == OptimizerRule::kSgd ? launch_step<OptimizerRule::kSgd>(work, stream)
                                   : launch_step<OptimizerRule::kRmspropTf>(work, stream);
}

void gradient_norm(const GradientNorm& work, Stream stream) {
  if (work.count <= 0) throw std::invalid_argument("CUDA gradient norm: no parameters");
  const Index parts = norm_parts(work.count);
  launch({.kernel = "gradient_norm_parts",
          .blocks_x = static_cast<unsigned>(parts),
          .threads = kJoinThreads,
          .shared_bytes = kJoinThreads * sizeof(double),
          .stream = stream},
         gradient_norm_parts, {work, parts});
  launch({.kernel = "gradient_norm_join", .threads = 32, .stream = stream}, gradient_norm_join,
         {work, parts});
}

}  // namespace effnet::cuda
