// effnet-bench infer: logits of pictures, by the project's kernels and by LibTorch's operators; with --alone only the
// former, to be run in turns with a program of somebody else's (scripts/peers/). On a CUDA device: infer_on_device.h.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "apps/bench_table.h"
#include "apps/command_line.h"
#include "apps/effnet_bench/bench_flags.h"
#include "apps/effnet_bench/commands.h"
#include "apps/effnet_bench/infer_on_device.h"
#include "apps/effnet_bench/interleaved.h"
#include "cpu/isa.h"
#include "models/net.h"
#include "scaling/families.h"

namespace effnet::apps {
namespace {

struct Case {
  const char* net;
  std::int64_t batch;
};

constexpr Case kCases[] = {{"b0", 1}, {"b0", 8}, {"b3", 1}, {"b3", 8}};

models::Net build(const spec::ArchSpec& arch, ops::Kernels kernels) {
  models::Net net(arch, models::Regularization{}, 1, kernels);
  net->eval();
  return net;
}

struct InferFlags {
  BenchFlags bench;
  DeviceFlags on_device{.batches = {1, 256}};
  bool alone = false;
  std::string dtype = "float";
};

const std::map<std::string, cpu::Precision>& dtypes() {
  static const std::map<std::string, cpu::Precision> kDtypes{{"float", cpu::Precision::kFloat},
                                                             {"bfloat16", cpu::Precision::kBFloat16}};
  return kDtypes;
}

void run(const InferFlags& of) {
  const BenchFlags& flags = of.bench;
  const cpu::Precision precision = dtypes().at(of.dtype);
  if (precision == cpu::Precision::kBFloat16 && !cpu::has_bfloat16_products())
    print_note(
        "this processor has no products of bfloat16: their twin in float instructions is slower than float");
  prepare_bench(flags);
  const torch::NoGradGuard no_grad;
  std::vector<BenchRow> rows;
  for (const Case& c : kCases) {
    const spec::ArchSpec arch = scaling::find_net(c.net).arch;
    const std::string name = fmt::format("inference{}, {}, {}x{}, batch {}",
                                         precision == cpu::Precision::kFloat ? "" : " in " + of.dtype, c.net,
                                         arch.resolution, arch.resolution, c.batch);
    if (name.find(flags.only) == std::string::npos) continue;
    models::Net ours = build(arch, ops::Kernels::kEffnet);
    ours->set_inference_precision(precision);
    const torch::Tensor pictures =
        torch::randn({c.batch, arch.resolution, arch.resolution, 3}).permute({0, 3, 1, 2});
    std::vector<Contender> contenders{{[&] { ours->forward(pictures); }}};
    if (!of.alone) {
      models::Net reference = build(arch, ops::Kernels::kReference);
      contenders.push_back({[&pictures, reference]() mutable { reference->forward(pictures); }});
    }
    race(contenders, flags.seconds);
    const auto rate = [&](const Contender& contender) {
      return static_cast<double>(c.batch) / contender.shortest;
    };
    BenchRow row{.name = name, .images_per_second = rate(contenders.front())};
    if (!of.alone) {
      row.peer = "LibTorch eager channels_last, pooled memory";
      row.peer_images_per_second = rate(contenders.back());
    }
    rows.push_back(std::move(row));
  }
  print_result(flags.json ? bench_json(rows, flags.threads) : bench_text(rows, flags.threads));
}

}  // namespace

void add_bench_infer(CLI::App& program) {
  CLI::App* command = program.add_subcommand("infer", "Inference beside LibTorch's operators");
  auto flags = std::make_shared<InferFlags>();
  add_bench_flags(*command, flags->bench, device_choices("in half precision"));
  add_device_flags(*command, flags->on_device);
  command->add_flag("--alone", flags->alone, "without LibTorch's operators beside");
  command
      ->add_option(
          "--dtype", flags->dtype,
          "of maps and weights: float or bfloat16; on the CPU LibTorch's operators beside stay float")
      ->check(CLI::IsMember(dtypes()))
      ->default_str("float, with --device cuda bfloat16");
  command->callback([flags, command] {
    check_device_flags(*command, flags->bench, {"nets", "--batch", "--csv"});
    if (flags->bench.device == "cpu") return run(*flags);
    if (flags->alone) flags->bench.peers.clear();
    if (command->count("--dtype") > 0) flags->on_device.dtype = flags->dtype;
    infer_on_device(flags->bench, flags->on_device);
  });
}

}  // namespace effnet::apps
