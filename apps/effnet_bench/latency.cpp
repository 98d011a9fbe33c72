// effnet-bench latency: what nets take at inference, asked line by line. A line of standard input is a net's text, its answer
// the nanoseconds of one picture, the shortest of many runs; effnet bench latency asks for the parts of a space.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "apps/command_line.h"
#include "apps/effnet_bench/bench_flags.h"
#include "apps/effnet_bench/commands.h"
#include "apps/effnet_bench/interleaved.h"
#include "models/net.h"

namespace effnet::apps {
namespace {

struct LatencyFlags {
  BenchFlags bench{.seconds = 0.05, .threads = 1};
  std::int64_t batch = 1;
};

double nanoseconds_of(const spec::ArchSpec& arch, const LatencyFlags& flags) {
  models::Net net(arch, models::Regularization{}, 1, ops::Kernels::kAuto);
  net->eval();
  const torch::Tensor pictures =
      torch::randn({flags.batch, arch.resolution, arch.resolution, arch.input_channels})
          .permute({0, 3, 1, 2});
  std::vector<Contender> alone{{[&] { net->forward(pictures); }}};
  race(alone, flags.bench.seconds);
  return 1e9 * alone.front().shortest / static_cast<double>(flags.batch);
}

void run(const LatencyFlags& flags) {
  prepare_bench(flags.bench);
  const torch::NoGradGuard no_grad;
  for (std::string line; std::getline(std::cin, line);)
    print_result(fmt::format("{:.0f}\n", nanoseconds_of(spec::parse_arch(line, "standard input"), flags)));
}

}  // namespace

void add_bench_latency(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("latency", "Nanoseconds a picture of each net that standard input names");
  auto flags = std::make_shared<LatencyFlags>();
  command->add_option("--threads", flags->bench.threads, "threads")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command->add_option("--batch", flags->batch, "pictures at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536));
  command->add_option("--seconds", flags->bench.seconds, "for each net, at least five runs")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3600.0));
  command->callback([flags] { run(*flags); });
}

}  // namespace effnet::apps
