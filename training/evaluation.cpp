#include "training/evaluation.h"

#include <algorithm>

#include "data/loader.h"
#include "spec/error.h"

namespace effnet::training {
namespace {

// Sums over batches; sums that stay on the device until the end.
class Tally {
 public:
  Tally(int classes, torch::Device device)
      : top_(std::min(5, classes)),
        seen_(torch::zeros({classes}, torch::kDouble)),
        right_(torch::zeros({classes}, torch::TensorOptions(torch::kDouble).device(device))),
        loss_(torch::zeros({}, torch::TensorOptions(torch::kDouble).device(device))),
        in_top_(torch::zeros_like(loss_)) {
    seen_ = seen_.to(device);
  }

  void add(const torch::Tensor& logits, const torch::Tensor& labels) {
    const torch::Tensor one = torch::ones_like(labels, right_.options());
    const torch::Tensor best = std::get<1>(logits.topk(top_, 1));  // (N, top)
    const torch::Tensor hit = best.eq(labels.unsqueeze(1));
    seen_.index_add_(0, labels, one);
    right_.index_add_(0, labels, hit.select(1, 0).to(torch::kDouble));
    in_top_.add_(hit.sum().to(torch::kDouble));
    loss_.add_(at::cross_entropy_loss(logits.to(torch::kDouble), labels, {}, at::Reduction::Sum));
  }

  Evaluation result() const {
    Evaluation result;
    const double count = seen_.sum().item<double>();
    result.pictures = static_cast<std::int64_t>(count);
    if (count == 0) return result;
    result.top1 = 100 * right_.sum().item<double>() / count;
    result.top5 = 100 * in_top_.item<double>() / count;
    result.loss = loss_.item<double>() / count;
    const torch::Tensor accuracy = (100 * right_ / seen_.clamp_min(1)).cpu();
    result.class_accuracy.assign(accuracy.const_data_ptr<double>(),
                                 accuracy.const_data_ptr<double>() + accuracy.numel());
    return result;
  }

 private:
  std::int64_t top_;
  torch::Tensor seen_, right_;   // (classes)
  torch::Tensor loss_, in_top_;  // scalars
};

class EvalMode {
 public:
  explicit EvalMode(models::Net& net) : net_(net), was_training_(net->is_training()) { net_->eval(); }
  ~EvalMode() { net_->train(was_training_); }
  EvalMode(const EvalMode&) = delete;
  EvalMode& operator=(const EvalMode&) = delete;

 private:
  models::Net& net_;
  bool was_training_;
};

}  // namespace

Evaluation evaluate(models::Net& net, const data::Dataset& dataset, const EvaluationOptions& options,
                    const std::atomic<bool>* stop) {
  const torch::NoGradGuard no_grad;
  const EvalMode mode(net);
  data::Loader loader(dataset, {.indices = options.indices,
                                .batch_size = options.batch_size,
                                .img_size = options.preprocessing.img_size,
                                .mean = options.preprocessing.mean,
                                .stddev = options.preprocessing.stddev,
                                .workers = options.workers});
  Tally tally(net->arch().classes, options.device);
  data::Batch batch;
  while (loader.next(batch)) {
    if (stop && *stop) throw spec::Error(spec::ErrorKind::kStopped, "", "stopped during an evaluation");
    const torch::Tensor pictures =
        models::as_channels_last(batch.pixels.data(), batch.count, batch.channels, batch.height);
    const torch::Tensor labels = torch::from_blob(batch.labels.data(), {batch.count}, torch::kLong);
    tally.add(net->forward(pictures.to(options.device)), labels.to(options.device));
  }
  return tally.result();
}

}  // namespace effnet::training
