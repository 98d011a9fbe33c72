#include "apps/effnet/part_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "apps/effnet/progress.h"
#include "apps/effnet/sibling_program.h"
#include "scaling/net_parts.h"
#include "search/child_process.h"
#include "spec/config_table.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

using search::ChildProcess;
using spec::Error;
using spec::ErrorKind;

constexpr int kPasses = 3;
constexpr auto kHung = std::chrono::minutes(10);  // of one net

search::ChildCommand command_of(const LatencySetup& setup) {
  return {.arguments = {sibling_program("effnet-bench", "the program that measures").string(), "latency",
                        "--threads", fmt::format("{}", setup.threads), "--batch",
                        fmt::format("{}", setup.batch), "--seconds", fmt::format("{}", setup.seconds)}};
}

double ask(ChildProcess& bench, const std::string& net) {
  const auto deadline = ChildProcess::Clock::now() + kHung;
  std::string answer;
  double nanoseconds = 0;
  if (bench.write_line(net, deadline) &&
      bench.read_line(answer, deadline) == ChildProcess::ReadResult::kLine &&
      std::from_chars(answer.data(), answer.data() + answer.size(), nanoseconds).ec == std::errc())
    return nanoseconds;
  throw Error(
      ErrorKind::kEnvironment, "effnet-bench",
      fmt::format("gave no time of the net '{}': {}", net, to_text(bench.finish(std::chrono::seconds(1)))),
      "what it said, if anything, is above; nothing was written");
}

// The shortest of all passes, by the text of the net.
using Times = std::map<std::string, double>;

void measure(Times& times, const LatencySetup& setup, LiveLine& line, const std::atomic<bool>& stop) {
  Progress progress(line, Progress::Weights::kRelative);
  for (int pass = 0; pass < kPasses; ++pass)
    progress.add_phase(fmt::format("latency, pass {} of {}", pass + 1, kPasses), 1);
  ChildProcess bench(command_of(setup));
  for (int pass = 0; pass < kPasses; ++pass) {
    progress.begin(fmt::format("latency, pass {} of {}", pass + 1, kPasses));
    double done = 0;
    for (auto& [net, shortest] : times) {
      if (stop) throw Error(ErrorKind::kStopped, "bench latency", "stopped; nothing was written");
      progress.update(done / static_cast<double>(times.size()),
                      fmt::format("net {:.0f} of {}", done + 1, times.size()));
      shortest = std::min(shortest, ask(bench, net));
      ++done;
    }
    progress.finish();
  }
  bench.finish(std::chrono::seconds(5));
}

}  // namespace

LatencyMeasurement measure_latency(const search::Space& space, const std::vector<spec::ArchSpec>& nets,
                                   const LatencySetup& setup, LiveLine& line, const std::atomic<bool>& stop) {
  Times times;
  const auto want = [&](const spec::ArchSpec& net) { times.emplace(spec::to_text(net), INFINITY); };
  std::map<std::string, scaling::PartNets> parts;
  for (const std::string& part : space.possible_parts()) {
    const scaling::PartNets& around =
        parts.emplace(part, scaling::nets_around(part, space.skeleton(), "a part of the space"))
            .first->second;
    want(around.with);
    if (around.without) want(*around.without);
  }
  for (const spec::ArchSpec& net : nets) want(net);
  measure(times, setup, line, stop);

  const auto time_of = [&](const spec::ArchSpec& net) { return times.at(spec::to_text(net)); };
  LatencyMeasurement measurement;
  for (const auto& [part, around] : parts) {
    const double before = around.without ? time_of(*around.without) : 0;
    measurement.parts[part] = std::max(0.0, time_of(around.with) - before);
  }
  for (const spec::ArchSpec& net : nets) measurement.nets.push_back(time_of(net));
  return measurement;
}

std::string latency_toml(const LatencyMeasurement& measurement, const std::string& measured) {
  std::string text = fmt::format("[latency]\nmeasured = {}\n[latency.ns]\n", spec::toml_string(measured));
  for (const auto& [part, nanoseconds] : measurement.parts)
    text += fmt::format("{} = {:.0f}\n", spec::toml_string(part), nanoseconds);
  return text;
}

std::string without_latency(const std::string& space_toml) {
  std::string kept;
  bool inside = false;
  for (std::size_t start = 0; start < space_toml.size();) {
    const std::size_t end = std::min(space_toml.find('\n', start), space_toml.size() - 1) + 1;
    const std::string_view line(space_toml.data() + start, end - start);
    if (line.starts_with("[")) inside = line.starts_with("[latency]") || line.starts_with("[latency.");
    if (!inside) kept += line;
    start = end;
  }
  return kept;
}

}  // namespace effnet::apps
