// What a net costs, counted from its spec (no framework): see scaling/cost_model.h for the rules of counting.
#pragma once

#include <cstdint>

namespace effnet::spec {

struct Cost {
  std::int64_t params = 0;  // without batch norm's running statistics
  std::int64_t macs = 0;  // multiply-adds of convolutions, squeeze-and-excite and classifier, for one picture
  std::int64_t activations = 0;  // output elements of all convolutions and of the classifier
  std::int64_t bn_buffers = 0;   // running mean and variance

  Cost& operator+=(const Cost& other) {
    params += other.params;
    macs += other.macs;
    activations += other.activations;
    bn_buffers += other.bn_buffers;
    return *this;
  }
  bool operator==(const Cost&) const = default;
};

}  // namespace effnet::spec
