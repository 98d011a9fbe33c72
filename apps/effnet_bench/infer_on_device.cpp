#include "apps/effnet_bench/infer_on_device.h"

#include <memory>

#include "apps/effnet_bench/graphed_step.h"
#include "apps/effnet_bench/net_races.h"
#include "models/net.h"

namespace effnet::apps {
namespace {

// A net in evaluation with one batch on the device. The pictures are stored as the maps are; so are LibTorch's weights, where
// the project's nets keep theirs in float and prepare what their kernels take.
class Inference {
 public:
  Inference(const NetBatch& on, ops::Kernels kernels, at::ScalarType maps)
      : net_(on.arch, models::Regularization{}, 1, kernels),
        pictures_(torch::randn({on.batch, on.arch.resolution, on.arch.resolution, on.arch.input_channels},
                               torch::kCUDA)
                      .to(maps)
                      .permute({0, 3, 1, 2})) {
    net_->eval();
    if (kernels == ops::Kernels::kReference) {
      net_->to(torch::kCUDA, maps);
    } else {
      net_->to(torch::kCUDA);
      net_->set_inference_precision(maps == torch::kFloat ? cpu::Precision::kFloat
                                                          : cpu::Precision::kBFloat16);
    }
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
