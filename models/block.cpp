#include "models/block.h"

#include "models/bottleneck.h"
#include "models/mbconv.h"
#include "models/plain_blocks.h"

namespace effnet::models {

std::shared_ptr<BlockImpl> make_block(const BlockOptions& options, const NetTraits& traits) {
  switch (options.stage.op) {
    case spec::Op::kConv:
      return std::make_shared<ConvBlock>(options, traits);
    case spec::Op::kMBConv:
      return std::make_shared<MBConv>(options, traits);
    case spec::Op::kFused:
      return std::make_shared<FusedMBConv>(options, traits);
    case spec::Op::kSeparable:
      return std::make_shared<Separable>(options, traits);
    case spec::Op::kBasic:
      return std::make_shared<Basic>(options, traits);
    case spec::Op::kBottleneck:
      return std::make_shared<Bottleneck>(options, traits);
    case spec::Op::kMaxPool:
      return std::make_shared<MaxPool>(options, traits);
    case spec::Op::kIdentity:
      return std::make_shared<IdentityBlock>(options, traits);
  }
  return nullptr;
}

int block_channels(const BlockOptions& options) {
  return options.stage.op == spec::Op::kMaxPool ? options.in_channels : options.stage.channels;
}

}  // namespace effnet::models
