#include "apps/effnet_bench/train_on_device.h"

#include <memory>

#include "apps/effnet_bench/net_races.h"
#include "training/learner.h"

namespace effnet::apps {
namespace {

// A net with its optimizer and one batch on the device; neither dropout nor drop-path, whose draws come from the host.
class Training {
 public:
  enum class Steps { kLaunches, kGraph };

  Training(const NetBatch& on, ops::Kernels kernels, Steps steps, at::ScalarType maps)
      : learner_({.arch = on.arch,
                  .recipe = recipe(),
                  .compute = {.device = torch::kCUDA,
                              .kernels = kernels,
                              .maps = maps,
                              .graph = steps == Steps::kGraph}}),
        pictures_(torch::randn({on.batch, on.arch.resolution, on.arch.resolution, on.arch.input_channels},
                               torch::kCUDA)
                      .permute({0, 3, 1, 2})),
        labels_(torch::randint(on.arch.classes, {on.batch},
                               torch::TensorOptions(torch::kCUDA).dtype(torch::kLong))) {}

  void step() { learner_.step(pictures_, labels_, number_++, 1e-3); }

  const ops::ExecutionContext& context() { return learner_.net()->context(); }

 private:
  static spec::Recipe recipe() {
    spec::Recipe recipe;
    recipe.opt = spec::OptimizerKind::kRmspropTf;
    recipe.ema_decay = 0.99;
    recipe.drop = recipe.drop_path = 0;
    return recipe;
  }

  training::Learner learner_;
  torch::Tensor pictures_, labels_;
  std::int64_t number_ = 0;
};

}  // namespace

void train_on_device(const BenchFlags& flags, const DeviceFlags& of) {
  using Steps = Training::Steps;
  NetRaces races("training steps", flags, of);
  for (const NetBatch& on : races.cases()) {
    const auto training = [&](ops::Kernels kernels, Steps steps, at::ScalarType maps) {
      return std::make_shared<Training>(on, kernels, steps, maps);
    };
    const auto graph = training(ops::Kernels::kEffnet, Steps::kGraph, races.maps());
    const auto launches = training(ops::Kernels::kEffnet, Steps::kLaunches, races.maps());
    races.run(on, {[graph] { graph->step(); }, [launches] { launches->step(); }, graph->context()},
              [&](at::ScalarType maps) -> Work {
                const auto reference = training(ops::Kernels::kReference, Steps::kLaunches, maps);
                return [reference] { reference->step(); };
              });
  }
  races.print();
}

}  // namespace effnet::apps
