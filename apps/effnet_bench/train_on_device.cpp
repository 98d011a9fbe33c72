#include "apps/effnet_bench/train_on_device.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet_bench/device_race.h"
#include "apps/effnet_bench/graphed_step.h"
#include "apps/effnet_bench/interleaved.h"
#include "apps/net_argument.h"
#include "apps/version.h"
#include "spec/atomic_file.h"
#include "training/learner.h"

namespace effnet::apps {
namespace {

// A net with its optimizer and one batch on the device; neither dropout nor drop-path, whose draws come from the host.
class Training {
 public:
  enum class Steps { kLaunches, kGraph };

  Training(const spec::ArchSpec& arch, const DeviceTrainFlags& flags, ops::Kernels kernels, Steps steps,
           at::ScalarType maps)
      : learner_({.arch = arch,
                  .recipe = recipe(),
                  .compute = {.device = torch::kCUDA,
                              .kernels = kernels,
                              .maps = maps,
                              .graph = steps == Steps::kGraph}}),
        pictures_(
            torch::randn({flags.batch, arch.resolution, arch.resolution, arch.input_channels}, torch::kCUDA)
                .permute({0, 3, 1, 2})),
        labels_(torch::randint(arch.classes, {flags.batch},
                               torch::TensorOptions(torch::kCUDA).dtype(torch::kLong))) {}

  void step() { learner_.step(pictures_, labels_, number_++, 1e-3); }

  const std::set<std::string>& fallbacks() { return learner_.net()->context().fallbacks(); }

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

Contender until_done(std::function<void()> step) {
  return {[step = std::move(step)] {
    step();
    torch::cuda::synchronize();
  }};
}

struct Row {
  std::string net, contender;
  int resolution = 0;
  double images_per_second = 0, ratio = 1;  // of the project's kernels to this
};

std::vector<Row> measured(const std::string& net, const BenchFlags& flags, const DeviceTrainFlags& of) {
  const spec::ArchSpec arch = resolve_net(net).arch;
  using Steps = Training::Steps;
  const at::ScalarType maps = of.dtype == "float" ? torch::kFloat : torch::kBFloat16;
  const auto ours = std::make_shared<Training>(arch, of, ops::Kernels::kEffnet, Steps::kGraph, maps);
  const auto launches = std::make_shared<Training>(arch, of, ops::Kernels::kEffnet, Steps::kLaunches, maps);
  std::vector<std::string> names{"effnet", "effnet, launch by launch"};
  std::vector<Contender> contenders{until_done([ours] { ours->step(); }),
                                    until_done([launches] { launches->step(); })};
  for (const std::string& peer : flags.peers) {
    const bool half = peer.ends_with("-fp16"), graph = peer.starts_with("graph");
    const auto reference = std::make_shared<Training>(arch, of, ops::Kernels::kReference, Steps::kLaunches,
                                                      half ? torch::kHalf : maps);
    const std::function<void()> step = [reference] { reference->step(); };
    names.push_back(std::string(graph ? "LibTorch in a CUDA graph" : "LibTorch eager") +
                    (half ? ", fp16" : ""));
    contenders.push_back(until_done(graph ? as_graph(step) : step));
  }
  race(contenders, flags.seconds);
  for (const std::string& reason : ours->fallbacks()) print_note(net + " falls back: " + reason);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    rows.push_back({net, names[i], arch.resolution, static_cast<double>(of.batch) / contenders[i].shortest,
                    contenders[i].shortest / contenders.front().shortest});
  }
  return rows;
}

}  // namespace

void train_on_device(const BenchFlags& flags, const DeviceTrainFlags& of) {
  const DeviceFacts device = device_facts();
  at::globalContext().setBenchmarkCuDNN(true);
  std::vector<Row> rows;
  for (const std::string& net : of.nets) {
    for (Row& row : measured(net, flags, of)) rows.push_back(std::move(row));
    if (!flags.json) print_note(net + " is measured");
  }
  nlohmann::ordered_json json{{"device", device.name}, {"torch", kTorchVersion},
                              {"commit", kCommit},     {"batch", of.batch},
                              {"dtype", of.dtype},     {"cases", nlohmann::ordered_json::array()}};
  std::string csv = "device,torch,commit,net,resolution,batch,dtype,contender,images_per_second,ratio\n";
  std::string text = fmt::format(
      "{}, LibTorch {}; training steps, batch {}, maps in {}\n\n{:<6} {:>10}  {:<26} {:>10} {:>7}\n",
      device.name, kTorchVersion, of.batch, of.dtype, "net", "resolution", "", "images/s", "ratio");
  for (const Row& row : rows) {
    json["cases"].push_back({{"net", row.net},
                             {"resolution", row.resolution},
                             {"contender", row.contender},
                             {"images_per_second", row.images_per_second},
                             {"ratio", row.ratio}});
    csv +=
        fmt::format("{},{},{},{},{},{},{},{},{:.1f},{:.3f}\n", device.name, kTorchVersion, kCommit, row.net,
                    row.resolution, of.batch, of.dtype, row.contender, row.images_per_second, row.ratio);
    text += fmt::format("{:<6} {:>10}  {:<26} {:>10.1f} {:>6.2f}x\n", row.net, row.resolution, row.contender,
                        row.images_per_second, row.ratio);
  }
  if (!of.csv.empty()) spec::write_file_atomically(of.csv, csv);
  print_result(flags.json ? json.dump(2) + "\n" : text);
}

}  // namespace effnet::apps
