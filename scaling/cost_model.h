// What a net costs, layer by layer, counted from its spec. The rules (docs/counting.md):
//   params       weights of convolutions (no bias), biases of squeeze-and-excite and classifier,
//                scale and shift of BN
//   macs         multiply-adds of convolutions, squeeze-and-excite and classifier for one picture;
//                no BN, no activation
//   activations  output elements of all convolutions (squeeze-and-excite's too) and of the classifier
// Map sizes are ceil(size / stride), which holds for both paddings at odd kernels.
#pragma once

#include <string>
#include <vector>

#include "spec/arch_spec.h"
#include "spec/cost.h"

namespace effnet::scaling {

struct LayerCost {
  std::string name;       // "blocks.0.1.expand"; stages and repeats from 0, as timm
  std::string operation;  // "conv 3x3 /2", "depthwise 5x5", "squeeze-excite", "linear", "max pool 3x3 /2"
  int stage = -1;         // 0-based entry of ArchSpec::stages; -1 for stem, head and classifier
  int in_channels = 0, in_size = 0, out_channels = 0, out_size = 0;
  spec::Cost cost;
};

struct CostReport {
  std::vector<LayerCost> layers;
  spec::Cost total;
  int last_map = 0;  // side of the map before global pooling
};

CostReport count(const spec::ArchSpec& arch);

// count(arch).total in a tenth of the time, since no layer is named: what a search asks of every net it thinks of.
spec::Cost total_cost(const spec::ArchSpec& arch);

}  // namespace effnet::scaling
