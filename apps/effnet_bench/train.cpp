// effnet-bench train: whole training steps, forward to optimizer, by the project's kernels and by LibTorch's operators.
#include <CLI/CLI.hpp>
#include <memory>

#include "apps/bench_table.h"
#include "apps/command_line.h"
#include "apps/effnet_bench/bench_flags.h"
#include "apps/effnet_bench/commands.h"
#include "apps/effnet_bench/interleaved.h"
#include "apps/effnet_bench/train_on_device.h"
#include "ops/pooled_allocator.h"
#include "scaling/families.h"
#include "training/learner.h"

namespace effnet::apps {
namespace {

struct Case {
  std::string name;
  scaling::Multipliers size;
  int resolution;
  int stem_stride;
  std::int64_t batch;
  int classes;
  double floor;  // of the ratio to LibTorch's operators
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases{
      {"training step, B0 width 0.5, 32x32, batch 128", {.width = 0.5}, 32, 1, 128, 10, 2.5},
      {"training step, B0 width 0.25 depth 0.5, 32x32, batch 128",
       {.depth = 0.5, .width = 0.25},
       32,
       1,
       128,
       10,
       2.5},
      {"training step, B0, 224x224, batch 16", {}, 224, 2, 16, 1000, 2.0},
  };
  return kCases;
}

spec::ArchSpec arch_of(const Case& c) {
  spec::ArchSpec arch = scaling::scale(scaling::find_net("b0").arch, c.size);
  arch.resolution = c.resolution;
  arch.classes = c.classes;
  arch.stem.front().stride = c.stem_stride;
  return arch;
}

// A net with its optimizer and one batch.
class Training {
 public:
  Training(const Case& c, ops::Kernels kernels)
      : learner_({.arch = arch_of(c), .recipe = recipe(), .compute = {.kernels = kernels}}),
        pictures_(torch::randn({c.batch, c.resolution, c.resolution, 3}).permute({0, 3, 1, 2})),
        labels_(torch::randint(c.classes, {c.batch}, torch::kLong)) {}

  void step() { learner_.step(pictures_, labels_, number_++, 1e-3); }

  double peak_megabytes() {
    ops::reset_peak_memory();
    const auto before = ops::memory_in_use();
    step();
    const auto tensors = ops::peak_memory() - before;
    return static_cast<double>(tensors + learner_.net()->context().workspace().bytes()) / 1e6;
  }

 private:
  static spec::Recipe recipe() {
    spec::Recipe recipe;
    recipe.ema_decay = 0.99;
    return recipe;
  }

  training::Learner learner_;
  torch::Tensor pictures_, labels_;
  std::int64_t number_ = 0;
};

void run(const BenchFlags& flags) {
  prepare_bench(flags);
  std::vector<BenchRow> rows;
  for (const Case& c : cases()) {
    if (c.name.find(flags.only) == std::string::npos) continue;
    Training ours(c, ops::Kernels::kEffnet), reference(c, ops::Kernels::kReference);
    std::vector<Contender> contenders{{[&] { ours.step(); }}, {[&] { reference.step(); }}};
    race(contenders, flags.seconds);
    const auto rate = [&](const Contender& of) { return static_cast<double>(c.batch) / of.shortest; };
    rows.push_back({.name = c.name,
                    .images_per_second = rate(contenders[0]),
                    .peer = "LibTorch eager channels_last, pooled memory",
                    .peer_images_per_second = rate(contenders[1]),
                    .floor = c.floor,
                    .peak_megabytes = ours.peak_megabytes(),
                    .peer_peak_megabytes = reference.peak_megabytes()});
    if (!flags.json) print_note(rows.back().name);
  }
  print_result(flags.json ? bench_json(rows, flags.threads) : bench_text(rows, flags.threads));
}

}  // namespace

void add_bench_train(CLI::App& program) {
  CLI::App* command = program.add_subcommand("train", "Training steps beside LibTorch's operators");
  auto flags = std::make_shared<BenchFlags>();
  auto on_device = std::make_shared<DeviceFlags>(DeviceFlags{.batches = {128}});
  add_bench_flags(*command, *flags,
                  device_choices("with maps in half precision, without scaling of the loss"));
  add_device_flags(*command, *on_device);
  command->add_option("--dtype", on_device->dtype, "with --device cuda: of maps, bfloat16 or float")
      ->check(CLI::IsMember({"bfloat16", "float"}))
      ->capture_default_str();
  command->callback([flags, on_device, command] {
    check_device_flags(*command, *flags, {"nets", "--batch", "--dtype", "--csv"});
    if (flags->device == "cuda") return train_on_device(*flags, *on_device);
    run(*flags);
  });
}

}  // namespace effnet::apps
