// How good a net is on a set of pictures: top-1, top-5, per class, mean cross-entropy (without label
// smoothing).
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "data/dataset.h"
#include "models/net.h"

namespace effnet::training {

struct Evaluation {
  std::int64_t pictures = 0;
  double top1 = 0, top5 = 0;           // percent; top5 counts the min(5, classes) largest logits
  double loss = 0;                     // mean cross-entropy
  std::vector<double> class_accuracy;  // top-1 in percent; 0 for a class without pictures
};

// How pictures become what the net sees; belongs to the model.
struct Preprocessing {
  int img_size = 0;                  // pixels
  std::vector<double> mean, stddev;  // per channel, pixels scaled to 0..1
};

struct EvaluationOptions {
  std::vector<std::int64_t> indices;  // into the dataset
  Preprocessing preprocessing;
  int batch_size = 256;
  int workers = 0;
  torch::Device device = torch::kCPU;
};

// Leaves the net in the mode (training or not) it came in. A raised `stop` flag throws Error{kStopped}.
Evaluation evaluate(models::Net& net, const data::Dataset& dataset, const EvaluationOptions& options,
                    const std::atomic<bool>* stop = nullptr);

}  // namespace effnet::training
