#include "apps/effnet_bench/infer_on_device.h"

#include <memory>

#include "apps/effnet_bench/graphed_step.h"
#include "apps/effnet_bench/net_races.h"
#include "models/net.h"

namespace effnet::apps {
namespace {

torch::Tensor pictures_of(const spec::ArchSpec& arch, std::int64_t batch) {
  return torch::randn({batch, arch.resolution, arch.resolution, arch.input_channels}, torch::kCUDA)
      .permute({0, 3, 1, 2});
}

// A net in evaluation with one batch on the device. The pictures are stored as the maps are; so are LibTorch's weights, where
// the project's nets keep theirs in float and prepare what their kernels take.
class Inference {
 public:
  Inference(const NetBatch& on, ops::Kernels kernels, at::ScalarType maps)
      : net_(on.arch, models::Regularization{.bn_momentum = 1}, 1, kernels),
        pictures_(pictures_of(on.arch, on.batch).to(maps)) {
    net_->to(torch::kCUDA);
    // Batch norms take their statistics of this; without them maps fade to nothing.
    net_->forward(pictures_of(on.arch, 8));
    net_->eval();
    if (kernels == ops::Kernels::kReference) net_->to(maps);
    net_->set_inference_precision(maps == torch::kFloat ? cpu::Precision::kFloat : cpu::Precision::kBFloat16);
  }

  void run() { net_->forward(pictures_); }

  const ops::ExecutionContext& context() { return net_->context(); }

 private:
  models::Net net_;
  torch::Tensor pictures_;  // (N, C, H, W) channels_last
};

}  // namespace

void infer_on_device(const BenchFlags& flags, const DeviceFlags& of) {
  NetRaces races("inference", flags, of);
  const torch::NoGradGuard no_grad;
  for (const NetBatch& on : races.cases()) {
    const auto work = [&](const std::shared_ptr<Inference>& inference) -> Work {
      return [inference] { inference->run(); };
    };
    // Each has a net of its own: what a graph has captured must stay where it is.
    const auto graph = std::make_shared<Inference>(on, ops::Kernels::kEffnet, races.maps());
    const auto launches = std::make_shared<Inference>(on, ops::Kernels::kEffnet, races.maps());
    races.run(on, {as_graph(work(graph)), work(launches), launches->context()}, [&](at::ScalarType maps) {
      return work(std::make_shared<Inference>(on, ops::Kernels::kReference, maps));
    });
  }
  races.print();
}

}  // namespace effnet::apps
