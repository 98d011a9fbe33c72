// The exponential moving average of the weights and of batch norm's running statistics (tensorflow/tpu
// efficientnet): average = d * average + (1 - d) * value with d = min(decay, (1 + t) / (10 + t)) after step
// t, so that it follows a young net quickly. It lives in a second net of the same spec, which is what is
// evaluated. The parameters are averaged by the optimizer's pass over them.
#pragma once

#include "models/net.h"
#include "training/flat_state.h"
#include "training/optimizer.h"

namespace effnet::training {

class Ema {
 public:
  // Starts as a copy of `state`. `net` is a second net of the same spec on the same device.
  Ema(models::Net net, const FlatState& state, double decay);

  void start_from(const FlatState& state);

  // After step t, for the optimizer.
  Averaging parameters_at(std::int64_t step) const;
  // By `share`, a scalar beside them.
  void update_statistics(const FlatState& state, const torch::Tensor& share);

  models::Net& net() { return net_; }

 private:
  models::Net net_;
  FlatState average_;
  double decay_;
};

}  // namespace effnet::training
