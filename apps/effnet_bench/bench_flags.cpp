#include "apps/effnet_bench/bench_flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include <CLI/CLI.hpp>

#include "ops/pooled_allocator.h"
#include "ops/threads.h"

namespace effnet::apps {

void add_bench_flags(CLI::App& command, BenchFlags& flags, const BenchChoices& choices) {
  command.add_option("--seconds", flags.seconds, "time for a case, all contenders together")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3600.0));
  command.add_option("--threads", flags.threads, "threads of the arithmetic")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command.add_option("--device", flags.device, fmt::format("{}", fmt::join(choices.devices, " or ")))
      ->check(CLI::IsMember(choices.devices))
      ->capture_default_str();
  command.add_option("--peers", flags.peers, choices.peers_help)
      ->delimiter(',')
      ->check(CLI::IsMember(choices.peers));
  command.add_option("--only", flags.only, "only cases whose name has this in it");
  command.add_flag("--json", flags.json, "the result as JSON");
}

void prepare_bench(const BenchFlags& flags) {
  ops::use_pooled_allocator();
  ops::use_threads(flags.threads);
  at::globalContext().setFlushDenormal(true);
}

}  // namespace effnet::apps
