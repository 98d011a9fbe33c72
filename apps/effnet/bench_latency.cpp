// effnet bench latency: what each part of a space's nets takes at inference on this machine, written into a copy of the space
// file, so that latency can be a limit or the cost of a search; and how well sums of parts foretell whole nets.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "apps/effnet/part_times.h"
#include "apps/machine.h"
#include "apps/stop_signal.h"
#include "search/builtin_spaces.h"
#include "search/rank_agreement.h"
#include "spec/atomic_file.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string space, output;
  LatencySetup setup;
  int check = 20;
};

// Before minutes are spent on measuring.
void check_output(const fs::path& output) {
  if (fs::exists(output)) {
    throw spec::Error(spec::ErrorKind::kUsage, "--output",
                      fmt::format("{} is there already", output.string()),
                      "give another file, or move this one away");
  }
  const fs::path folder = output.has_parent_path() ? output.parent_path() : fs::path(".");
  if (::access(folder.c_str(), W_OK) == 0) return;
  throw spec::Error(spec::ErrorKind::kEnvironment, "--output",
                    fmt::format("no file can be made in {}: {}", folder.string(), std::strerror(errno)),
                    "check that the folder is there, and its permissions");
}

std::vector<spec::Candidate> sampled(const search::Space& space, int count) {
  std::vector<spec::Candidate> nets;
  for (int i = 0; i < count; ++i) {
    spec::RandomStream random(spec::derive_seed(1, "latency check", static_cast<std::uint64_t>(i)));
    nets.push_back(space.candidate(space.sample(random)));
  }
  return nets;
}

std::string verdict(const search::Space& space, const std::vector<spec::Candidate>& nets,
                    const std::vector<double>& measured) {
  if (nets.empty()) return {};
  std::vector<double> foretold;
  double sum = 0, most = 0;
  for (std::size_t i = 0; i < nets.size(); ++i) {
    foretold.push_back(static_cast<double>(space.candidate(nets[i].choices).cost.latency_ns));
    const double error = std::abs(foretold.back() / measured[i] - 1);
    sum += error;
    most = std::max(most, error);
  }
  const search::RankAgreement order = search::rank_agreement(foretold, measured, 1);
  return fmt::format(
      "whole nets, {} of them: the sum of parts is off by {:.1f} % on average, {:.1f} % at most; Kendall tau "
      "of both "
      "orders {:.2f} (90 % interval {:.2f} to {:.2f})",
      nets.size(), 100 * sum / static_cast<double>(nets.size()), 100 * most, order.tau, order.low,
      order.high);
}

void run(const Options& options) {
  check_output(options.output);
  const std::string toml = without_latency(search::space_text(options.space));
  const search::Space bare = search::Space::parse(toml, options.space);
  const std::vector<spec::Candidate> nets = sampled(bare, options.check);
  std::vector<spec::ArchSpec> archs;
  for (const spec::Candidate& net : nets) archs.push_back(net.arch);
  LiveLine line;
  const LatencyMeasurement times = measure_latency(bare, archs, options.setup, line, stop_requested());
  const std::string machine = fmt::format("{}, {} thread{}, {} picture{} at once", machine_name(),
                                          options.setup.threads, options.setup.threads == 1 ? "" : "s",
                                          options.setup.batch, options.setup.batch == 1 ? "" : "s");
  const std::string timed = toml + (toml.ends_with("\n") ? "\n" : "\n\n") + latency_toml(times, machine);
  const search::Space space = search::Space::parse(timed, options.output);
  const std::string well = verdict(space, nets, times.nets);
  spec::write_file_atomically(options.output, timed + (well.empty() ? "" : "# " + well + "\n"));
  const auto extreme = [&](search::Extreme which) {
    return static_cast<double>(space.extreme(spec::CostKind::kLatency, which).cost.latency_ns) / 1e6;
  };
  print_result(
      fmt::format("{}: {} parts measured on {}\n{}nets take {:.3f} to {:.3f} ms\n"
                  "effnet search --space {} --cost latency_ns --target NANOSECONDS ...\n",
                  options.output, times.parts.size(), machine, well.empty() ? "" : well + "\n",
                  extreme(search::Extreme::kCheapest), extreme(search::Extreme::kLargest), options.output));
}

}  // namespace

void add_bench_latency(CLI::App& bench) {
  CLI::App* command = bench.add_subcommand(
      "latency", "What the parts of a space's nets take here, into a copy of the space that searches by it");
  auto options = std::make_shared<Options>();
  command->add_option("--space", options->space, "space file, or the name of a built-in one")->required();
  command->add_option("--output", options->output, "the space file to write")->required();
  command->add_option("--threads", options->setup.threads, "threads of one inference")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command->add_option("--batch", options->setup.batch, "pictures at once")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{65'536}));
  command
      ->add_option("--seconds", options->setup.seconds,
                   "for each part in each of three passes, at least five runs")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3600.0));
  command->add_option("--check", options->check, "whole nets to hold against the sums of their parts")
      ->capture_default_str()
      ->check(CLI::Range(0, 10'000));
  command->footer(
      "Nothing else should run meanwhile. Times of another device can be written into the file by hand.\n"
      "Example:\n  effnet bench latency --space fashion-small --output fashion-timed.toml\n"
      "  effnet search --space fashion-timed.toml --cost latency_ns --target 150e3 --trials 30 ...\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
