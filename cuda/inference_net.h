// A net at inference on CUDA as one list of kernels. Statistics are the running ones, so a batch norm is a scale and an
// offset a channel, and no map is stored that only the way back would read:
//
//   inverted bottleneck   expand_depthwise, se_layers, pointwise (project, with offset and residual)
//   convolution           pointwise, dense or stem; block_output where the next layer needs a finished map
//   fused bottleneck      dense, pointwise (project, with offset and residual)
//   at the end            head_pool: the classifier is somebody else's
//
// Where the tiles of an expansion do not fit (expand_depthwise_plan.h) its map is stored by a pointwise of its own.
#pragma once

#include <variant>
#include <vector>

#include "cuda/carver.h"
#include "cuda/work.h"
#include "kernels/conv.h"
#include "kernels/mbconv.h"
#include "kernels/padding.h"

namespace effnet::cuda {

// z = y * scale + offset, (C) each.
struct FixedNorm {
  const float *scale = nullptr, *offset = nullptr;
};

// Shapes are without batch and sizes, which a call brings. Weights of products are stored as the maps are, those of stem,
// depthwise and squeeze in float; all lie at multiples of 16 bytes.
struct InferenceConv {
  kernels::ConvShape shape;
  kernels::Padding padding = kernels::Padding::kSame;
  const void* weights = nullptr;  // (Cout, k, k, Cin); times the norm's scale where folds_norm()
  FixedNorm norm;
  bool residual = false;
};

struct InferenceMBConv {
  kernels::MBConvShape shape;
  kernels::Padding padding = kernels::Padding::kSame;
  const void* expand = nullptr;                           // (Ce, Cin)
  const float* depthwise = nullptr;                       // (Ce, k, k)
  const float *reduce = nullptr, *reduce_bias = nullptr;  // (Cs, Ce), (Cs)
  const float *gate = nullptr, *gate_bias = nullptr;      // (Ce, Cs), (Ce)
  const void* project = nullptr;                          // (Cout, Ce)
  FixedNorm expand_norm, depthwise_norm, project_norm;
  bool folded = false;  // the scale of project_norm is in `project`; only where folds_norm()
};

// A convolution and a pointwise one, which is folded, with the input of the first added.
struct InferenceFused {
  InferenceConv expand, project;
  bool residual = false;
};

using InferenceLayer = std::variant<InferenceConv, InferenceMBConv, InferenceFused>;

// Whether a product has no activation behind its norm, so that the scale can be its weights' and the offset be added to it.
bool folds_norm(const kernels::ConvShape& shape);
bool folds_norm(const kernels::MBConvShape& shape);

struct InferenceNet {
  Storage storage = Storage::kFloat;
  std::vector<InferenceLayer> layers;
};

struct InferenceCall {
  Index batch = 0, height = 0, width = 0;
  const void* pictures = nullptr;  // (N, H, W, C), stored as the maps are
  float* pooled = nullptr;         // (N, C of the last layer), written
};

// One block alone, between maps that may be raw.
struct InferenceBlockCall {
  Index batch = 0, height = 0, width = 0;
  const void* x = nullptr;  // (N, H, W, Cin)
  FixedNorm norm;           // of a raw x, with the activation behind it
  kernels::Activation activation = kernels::Activation::kIdentity;
  bool out_is_raw = false;  // not of a folded block, nor of one with a residual
  void* out = nullptr;      // (N, H', W', Cout), written
};

// Why there are no kernels for a layer of a net, or null.
const char* inference_refusal(const InferenceLayer& layer);

// The pictures are read by the first kernel alone. `memory` is what the kernels work in; one that counts says how much that
// is. Maps take turns in it.
WorkList work_of(const InferenceNet& net, const InferenceCall& call, Carver& memory);
WorkList work_of(const InferenceMBConv& block, Storage storage, const InferenceBlockCall& call,
                 Carver& memory);

}  // namespace effnet::cuda
