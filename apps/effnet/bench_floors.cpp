// effnet bench floors: the speeds that this project promises, each beside its peer and with the ratio that is wanted at
// least: training steps and inference by effnet-bench, the search by its own trainers, inference beside onnxruntime where
// a program that runs it is given.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "apps/effnet/search_speed_flags.h"
#include "apps/effnet/sibling_program.h"
#include "apps/stop_signal.h"
#include "search/child_process.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

using spec::Error;
using spec::ErrorKind;
using Words = std::vector<std::string>;

constexpr int kThreads = 2;  // of the training steps
constexpr double kOnnxruntimeFloor = 1.1;

struct Options {
  SearchSpeedFlags search;
  double seconds = 5;
  std::string only, onnxruntime;
  bool check = false, json = false;
};

// What a program writes to stdout; its messages go to our stderr.
std::string output_of(const Words& command, const std::atomic<bool>& stop) {
  using Child = search::ChildProcess;
  search::ChildCommand of;
  of.arguments = command;
  Child child(of);
  std::string output, line;
  while (true) {
    const Child::ReadResult read =
        child.read_line(line, Child::Clock::now() + std::chrono::milliseconds(100));
    if (read == Child::ReadResult::kEnd) break;
    if (read == Child::ReadResult::kLine) output += line + "\n";
    if (stop) throw Error(ErrorKind::kStopped, "bench floors", "stopped before all was measured");
  }
  const search::ChildExit exit = child.finish(std::chrono::seconds(5));
  if (exit.code != 0 || exit.signal != 0)
    throw Error(ErrorKind::kFailed, fmt::format("{}", fmt::join(command, " ")), search::to_text(exit));
  return output;
}

class Floors {
 public:
  Floors(const Options& options, const std::atomic<bool>& stop)
      : options_(options),
        search_(search_speed_from(options.search)),
        bench_(sibling_program("effnet-bench", "the program that measures").string()),
        stop_(stop) {}

  std::vector<BenchRow> measure() {
    add("train", options_.only, kThreads);
    for (const int batch : {1, 8}) add_inference(batch);
    if (wanted(search_.name())) {
      line_.note("measuring " + search_.name() + " ...");
      rows_.push_back(measure_search_speed(search_, line_, stop_));
    }
    return rows_;
  }

 private:
  bool wanted(const std::string& name) const { return name.find(options_.only) != std::string::npos; }

  std::vector<BenchRow> bench(const std::string& what, const std::string& only, int threads,
                              Words more) const {
    Words command{bench_, what, "--json", "--only", only, "--threads", std::to_string(threads)};
    command.insert(command.end(), more.begin(), more.end());
    return bench_rows_from_json(output_of(command, stop_), "effnet-bench " + what);
  }

  void add(const std::string& what, const std::string& only, int threads) {
    line_.note(fmt::format("measuring effnet bench {} ...", what));
    for (BenchRow& row : bench(what, only, threads, {"--seconds", fmt::format("{}", options_.seconds)})) {
      row.name += fmt::format(", {} thread{}", threads, threads == 1 ? "" : "s");
      rows_.push_back(row);
    }
  }

  void add_inference(int batch) {
    const std::string only = fmt::format("inference, b0, 224x224, batch {}", batch);
    if (!wanted(only)) return;
    add("infer", only, 1);
    if (!options_.onnxruntime.empty()) rows_.push_back(beside_onnxruntime(only, batch));
  }

  // Two programs in turns, since one process cannot hold both.
  BenchRow beside_onnxruntime(const std::string& only, int batch) {
    constexpr int kTurns = 3;
    const std::string seconds = fmt::format("{}", std::min(options_.seconds, 0.8));
    std::istringstream words(options_.onnxruntime);
    Words peer{std::istream_iterator<std::string>(words), {}};
    peer.insert(peer.end(), {"--threads", "1", "--batch", std::to_string(batch), "--seconds", seconds});
    BenchRow best{.name = only + ", 1 thread", .floor = kOnnxruntimeFloor};
    line_.note("measuring beside onnxruntime ...");
    for (int turn = 0; turn < kTurns; ++turn) {
      for (const BenchRow& row : bench("infer", only, 1, {"--alone", "--seconds", seconds}))
        best.images_per_second = std::max(best.images_per_second, row.images_per_second);
      const auto [name, rate] = peer_rate(output_of(peer, stop_));
      best.peer = name;
      best.peer_images_per_second = std::max(best.peer_images_per_second, rate);
    }
    return best;
  }

  std::pair<std::string, double> peer_rate(const std::string& text) const {
    try {
      const nlohmann::json json = nlohmann::json::parse(text);
      return {json.at("peer"), json.at("images_per_second")};
    } catch (const nlohmann::json::exception& error) {
      throw Error(ErrorKind::kFailed, "--onnxruntime",
                  fmt::format("its answer is not understood: {}", error.what()),
                  "one JSON line with peer and images_per_second is expected");
    }
  }

  const Options& options_;
  SearchSpeed search_;
  std::string bench_;
  const std::atomic<bool>& stop_;
  LiveLine line_;
  std::vector<BenchRow> rows_;
};

void run(const Options& options) {
  const std::vector<BenchRow> rows = Floors(options, stop_requested()).measure();
  print_result(options.json ? bench_json(rows, 0) : bench_text(rows, 0));
  if (options.onnxruntime.empty())
    print_note(
        "Inference beside onnxruntime was not measured: see --onnxruntime in effnet bench floors --help.");
  const auto missed =
      std::count_if(rows.begin(), rows.end(), [](const BenchRow& row) { return row.missed(); });
  if (options.check && missed > 0)
    throw Error(ErrorKind::kCheckFailed, "bench floors",
                fmt::format("{} of {} ratios are below their floor", missed, rows.size()));
}

}  // namespace

void add_bench_floors(CLI::App& bench) {
  CLI::App* command = bench.add_subcommand(
      "floors", "All speeds that have a ratio to hold, beside their peers: training, inference, search");
  auto options = std::make_shared<Options>();
  command->add_option("--seconds", options->seconds, "time for a case of training or inference")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3600.0));
  command->add_option("--only", options->only, "only cases whose name has this in it");
  add_search_speed_flags(*command, options->search);
  command->add_option(
      "--onnxruntime", options->onnxruntime,
      "program that times onnxruntime, for example\n\"PYTHON scripts/peers/onnxruntime_infer.py\"");
  command->add_flag("--check", options->check, "exit code 5 when a floor is missed");
  command->add_flag("--json", options->json, "the result as JSON");
  command->footer(
      "Example:\n  effnet bench floors --onnxruntime \"peers/bin/python "
      "scripts/peers/onnxruntime_infer.py\"\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
