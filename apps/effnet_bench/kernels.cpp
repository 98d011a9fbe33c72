// effnet-bench kernels: every micro-kernel's rate beside the machine's measured peak, on one thread, data in the cache.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet_bench/bench_flags.h"
#include "apps/effnet_bench/commands.h"
#include "apps/effnet_bench/interleaved.h"
#include "apps/effnet_bench/kernel_case.h"
#include "apps/machine.h"
#include "cpu/isa.h"
#include "cpu/workspace.h"

namespace effnet::apps {
namespace {

using cpu::Index;

KernelCase gemm(Index m, Index n, Index k) {
  return {fmt::format("gemm {} x {} x {}", m, n, k), "GFLOP/s", 2e-9 * static_cast<double>(m * n * k),
          [=](const cpu::KernelTable& table, float* memory) {
            cpu::Carver carver(memory);
            const float *a = carver.take(m * k), *b = carver.take(table.packed_size(k, n));
            table.gemm({.m = m,
                        .n = n,
                        .k = k,
                        .a = a,
                        .a_row = k,
                        .b = b,
                        .b_row = table.panel,
                        .b_panel = table.panel * k,
                        .c = carver.take(m * n),
                        .c_row = n});
          }};
}

// The product that measures the peak: long, in the first level cache but for b's panel.
KernelCase peak() {
  KernelCase of = gemm(64, 48, 256);
  of.name = "peak (gemm 64 x 48 x 256)";
  return of;
}

constexpr Index kPixels = 28, kRows = 28;

KernelCase depthwise(int kernel, int stride) {
  return {fmt::format("depthwise {}x{} stride {}, 28 x 28 outputs", kernel, kernel, stride), "GFLOP/s", 0,
          [=](const cpu::KernelTable& table, float* memory) {
            cpu::Carver carver(memory);
            const Index row = ((kPixels - 1) * stride + kernel) * table.lanes;
            const float *in = carver.take((kRows * stride + kernel) * row), *weights = carver.take(1000);
            float* out = carver.take(kRows * kPixels * table.lanes);
            table.depthwise_rows({.in = in,
                                  .in_row = row,
                                  .map_rows = kRows * stride + kernel,
                                  .weights = weights,
                                  .taps_down = kernel,
                                  .taps_across = kernel,
                                  .stride = stride,
                                  .rows = kRows,
                                  .pixels = kPixels,
                                  .out = out,
                                  .out_row = kPixels * table.lanes,
                                  .out_pixel = table.lanes,
                                  .valid = table.lanes});
          }};
}

KernelCase depthwise_gradient(int kernel, int stride) {
  return {fmt::format("depthwise {}x{} stride {}, weight gradient", kernel, kernel, stride), "GFLOP/s", 0,
          [=](const cpu::KernelTable& table, float* memory) {
            cpu::Carver carver(memory);
            const Index row = ((kPixels - 1) * stride + kernel) * table.lanes;
            const float* in = carver.take((kRows * stride + kernel) * row);
            const float* gradient = carver.take(kRows * kPixels * table.lanes);
            table.depthwise_weight_gradient({.in = in,
                                             .in_row = row,
                                             .gradient = gradient,
                                             .gradient_row = kPixels * table.lanes,
                                             .rows = kRows,
                                             .pixels = kPixels,
                                             .kernel = kernel,
                                             .stride = stride,
                                             .weights = carver.take(1000)});
          }};
}

constexpr Index kMapRows = 128, kChannels = 96;

KernelCase normalize(const std::string& name, cpu::Activation activation) {
  return {"batch norm and " + name, "Gelem/s", 1e-9 * kMapRows * kChannels,
          [=](const cpu::KernelTable& table, float* memory) {
            cpu::Carver carver(memory);
            const float *x = carver.take(kMapRows * kChannels), *scale = carver.take(kChannels);
            table.normalize_rows({.rows = kMapRows,
                                  .channels = kChannels,
                                  .x = x,
                                  .x_row = kChannels,
                                  .scale = scale,
                                  .offset = scale,
                                  .activation = activation,
                                  .out = carver.take(kMapRows * kChannels),
                                  .out_row = kChannels});
          }};
}

KernelCase gradient(const std::string& name, cpu::Activation activation) {
  return {"its gradient and sums, " + name, "Gelem/s", 1e-9 * kMapRows * kChannels,
          [=](const cpu::KernelTable& table, float* memory) {
            cpu::Carver carver(memory);
            const float *x = carver.take(kMapRows * kChannels), *scale = carver.take(kChannels);
            float* out = carver.take(kMapRows * kChannels);
            std::vector<double> sums(2 * kChannels);
            table.activation_gradient({.rows = kMapRows,
                                       .channels = kChannels,
                                       .gradient = x,
                                       .gradient_row = kChannels,
                                       .x = x,
                                       .x_row = kChannels,
                                       .scale = scale,
                                       .offset = scale,
                                       .mean = scale,
                                       .activation = activation,
                                       .out = out,
                                       .out_row = kChannels,
                                       .sum = sums.data(),
                                       .product = sums.data() + kChannels});
          }};
}

KernelCase optimizer(const std::string& name, void (*cpu::KernelTable::*kernel)(const cpu::OptimizerStep&)) {
  constexpr Index kCount = 4096;
  return {"a step of " + name + " with its average", "Gelem/s", 1e-9 * kCount,
          [=](const cpu::KernelTable& table, float* memory) {
            cpu::Carver carver(memory);
            cpu::OptimizerStep step{.count = kCount, .eps = 1};
            for (float** array :
                 {&step.parameters, &step.gradients, &step.momentum, &step.mean_square, &step.average})
              *array = carver.take(kCount);
            (table.*kernel)(step);
          }};
}

std::vector<KernelCase> cases(const cpu::KernelTable& table) {
  std::vector<KernelCase> all{peak(),
                              gemm(256, 96, 16),
                              gemm(256, 16, 96),
                              gemm(256, 240, 40),
                              gemm(256, 112, 672),
                              gemm(49, 1152, 192),
                              gemm(256, 36, 12)};
  for (const int kernel : {3, 5, 7}) {
    for (const int stride : {1, 2}) {
      for (KernelCase of : {depthwise(kernel, stride), depthwise_gradient(kernel, stride)}) {
        of.work = 2e-9 * static_cast<double>(kRows * kPixels * kernel * kernel * table.lanes);
        all.push_back(std::move(of));
      }
    }
  }
  for (const auto& [name, activation] :
       {std::pair{"ReLU", cpu::Activation::kRelu}, {"SiLU", cpu::Activation::kSilu}}) {
    all.push_back(normalize(name, activation));
    all.push_back(gradient(name, activation));
  }
  all.push_back(optimizer("SGD", &cpu::KernelTable::sgd));
  all.push_back(optimizer("RMSProp", &cpu::KernelTable::rmsprop_tf));
  for (KernelCase& of : inference_kernel_cases(table)) all.push_back(std::move(of));
  return all;
}

void run(const BenchFlags& flags) {
  prepare_bench(flags);
  nlohmann::ordered_json json;
  json["machine"] = machine_name();
  json["kernels"] = nlohmann::ordered_json::array();
  std::string text = machine_name() + ", one thread\n";
  for (const cpu::KernelTable* table : cpu::usable_kernels()) {
    text += fmt::format("\n{} ({} floats a vector; bfloat16 by {})\n", table->name, table->lanes,
                        table->bfloat16_maps->name);
    cpu::Workspace workspace;
    workspace.reserve(1, 0, kRoom);
    double highest = 0;
    for (const KernelCase& of : cases(*table)) {
      if (of.name.find(flags.only) == std::string::npos && highest > 0) continue;
      constexpr int kCalls = 20;
      std::vector<Contender> one{{[&] {
        for (int i = 0; i < kCalls; ++i) of.call(*table, workspace.shared());
      }}};
      race(one, flags.seconds);
      const double rate = kCalls * of.work / one.front().shortest;
      if (highest == 0) highest = rate;
      const bool flops = of.unit == "GFLOP/s";
      text += fmt::format("  {:<48} {:>7.1f} {}{}\n", of.name, rate, of.unit,
                          flops ? fmt::format("  {:>3.0f} % of the peak", 100 * rate / highest) : "");
      json["kernels"].push_back(
          {{"isa", table->name}, {"kernel", of.name}, {"rate", rate}, {"unit", of.unit}});
      if (flops) json["kernels"].back()["of_peak"] = rate / highest;
    }
  }
  print_result(flags.json ? json.dump(2) + "\n" : text);
}

}  // namespace

void add_bench_kernels(CLI::App& program) {
  CLI::App* command = program.add_subcommand("kernels", "Micro-kernels beside the machine's measured peak");
  auto flags = std::make_shared<BenchFlags>();
  flags->seconds = 0.05;
  flags->threads = 1;
  add_bench_flags(*command, *flags);
  command->callback([flags] { run(*flags); });
}

}  // namespace effnet::apps
