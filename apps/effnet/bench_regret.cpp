// effnet bench regret: how far strategies are from the best net of a landscape after so many queries, beside random.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "apps/live_line.h"
#include "apps/stop_signal.h"
#include "report/text_table.h"
#include "search/regret.h"
#include "search/strategies.h"
#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::apps {
namespace {

struct Options {
  std::string landscape = "nas-bench-macro", noise = "off";
  std::vector<std::string> strategies, front;
  std::vector<int> queries{50, 100, 200, 400}, lags{1};
  int seeds = 100;
  int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  bool json = false;
};

struct Row {
  search::RegretCase what;
  search::Regret regret;
};

// All but exhaustive, which random stands for.
std::vector<std::string> default_strategies(bool front) {
  std::vector<std::string> names;
  for (const search::StrategyRow& row : search::strategies()) {
    if (row.name != "exhaustive" && (row.fronts || !front)) names.emplace_back(row.name);
  }
  return names;
}

std::vector<bool> noises(const std::string& word) {
  if (word == "off") return {false};
  if (word == "on") return {true};
  if (word == "both") return {false, true};
  throw spec::Error(spec::ErrorKind::kUsage, "--noise", fmt::format("'{}' is unknown", word),
                    spec::did_you_mean(word, {"off", "on", "both"}));
}

std::vector<search::RegretCase> cases(const Options& options) {
  std::vector<std::string> strategies =
      options.strategies.empty() ? default_strategies(!options.front.empty()) : options.strategies;
  if (std::find(strategies.begin(), strategies.end(), "random") == strategies.end())
    strategies.insert(strategies.begin(), "random");
  std::vector<int> queries = options.queries;
  std::sort(queries.begin(), queries.end());
  queries.erase(std::unique(queries.begin(), queries.end()), queries.end());
  std::vector<search::RegretCase> cases;
  for (const bool noisy : noises(options.noise)) {
    for (const int lag : options.lags) {
      for (const std::string& strategy : strategies)
        cases.push_back({strategy, queries, lag, noisy, options.seeds, 0});
    }
  }
  return cases;
}

std::string text_of(const Options& options, const std::vector<Row>& rows) {
  const auto right = report::Align::kRight;
  std::vector<report::Column> columns{{"strategy"}, {"reward of"}, {"lag", right}};
  for (const int queries : rows.front().what.queries) columns.push_back({fmt::format("{}", queries), right});
  columns.push_back({"ask ms", right});
  columns.push_back({"at most", right});
  report::TextTable table(std::move(columns));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& [what, regret] = rows[i];
    if (i > 0 && (what.lag != rows[i - 1].what.lag || what.noisy != rows[i - 1].what.noisy)) table.add_rule();
    std::vector<std::string> cells{what.strategy, what.noisy ? "one run" : "mean",
                                   fmt::format("{}", what.lag)};
    for (std::size_t q = 0; q < regret.mean.size(); ++q)
      cells.push_back(fmt::format("{:.3f} ± {:.3f}", regret.mean[q], regret.standard_error[q]));
    cells.push_back(fmt::format("{:.3f}", regret.ask_ms_mean));
    cells.push_back(fmt::format("{:.1f}", regret.ask_ms_most));
    table.add_row(std::move(cells));
  }
  const std::string what =
      options.front.empty()
          ? "Regret in points of reward on {0}, by the mean of runs, of the net that the strategy recommends "
            "after so "
            "many queries:\nmean ± standard error over {1} seeds. Ask: processor time.\n\n"
          : "What the front lacks, in points (0.01) of hypervolume, to that of all nets of {0}, after so "
            "many "
            "queries,\nby the mean of runs: mean ± standard error over {1} seeds. Accuracy against {2}. Ask: "
            "processor time.\n\n";
  return fmt::format(fmt::runtime(what), options.landscape, options.seeds,
                     fmt::join(options.front, " and ")) +
         table.to_text();
}

std::string json_of(const Options& options, const std::vector<Row>& rows) {
  nlohmann::ordered_json json{
      {"schema", "effnet.regret/1"}, {"landscape", options.landscape}, {"seeds", options.seeds}};
  if (!options.front.empty()) json["front"] = options.front;
  json["cases"] = nlohmann::ordered_json::array();
  for (const auto& [what, regret] : rows) {
    json["cases"].push_back({{"strategy", what.strategy},
                             {"lag", what.lag},
                             {"noisy", what.noisy},
                             {"queries", what.queries},
                             {"regret", regret.mean},
                             {"standard_error", regret.standard_error},
                             {"ask_ms_mean", regret.ask_ms_mean},
                             {"ask_ms_most", regret.ask_ms_most}});
  }
  return json.dump(2) + "\n";
}

search::Landscape landscape_of(const Options& options) {
  search::Landscape landscape = search::landscape(options.landscape);
  if (options.front.empty()) return landscape;
  std::vector<spec::CostKind> costs;
  for (const std::string& cost : options.front) costs.push_back(spec::parse_counted_cost(cost, "--front"));
  return search::with_front(std::move(landscape), costs);
}

void run(const Options& options) {
  const search::Landscape landscape = landscape_of(options);
  const std::vector<search::RegretCase> all = cases(options);
  for (const search::RegretCase& one : all)
    search::make_strategy(one.strategy, landscape.space, landscape.objective);  // a mistake is found at once
  std::vector<Row> rows;
  LiveLine line;
  for (const search::RegretCase& one : all) {
    const std::string name = fmt::format("{}, lag {}{}", one.strategy, one.lag, one.noisy ? ", noisy" : "");
    const auto progress = [&](double fraction) {
      line.update(
          fmt::format("case {} of {}: {}, {:.0f} %", rows.size() + 1, all.size(), name, 100 * fraction));
    };
    rows.push_back(
        {one, search::measure_regret(landscape, one, options.threads, progress, &stop_requested())});
  }
  print_result(options.json ? json_of(options, rows) : text_of(options, rows));
}

}  // namespace

void add_bench_regret(CLI::App& bench) {
  CLI::App* command = bench.add_subcommand(
      "regret", "How far strategies are from the best net after so many queries, beside random");
  auto options = std::make_shared<Options>();
  command
      ->add_option("--landscape", options->landscape,
                   "nas-bench-macro (6,561 trained nets), or made-up:SEED (2e9 nets, drawn accuracies)")
      ->capture_default_str();
  command
      ->add_option("--strategies", options->strategies,
                   "names, as --strategy of effnet search takes them; default all but exhaustive")
      ->delimiter(',');
  command
      ->add_option(
          "--front", options->front,
          "cost or costs: compare by the hypervolume of the whole front of accuracy against them, as "
          "--objective pareto is after it")
      ->delimiter(',');
  command->add_option("--queries", options->queries, "trials after which regret is measured")
      ->delimiter(',')
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--lag", options->lags, "1: every ask knows all before it; 8: it misses the last 7")
      ->delimiter(',')
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  command->add_option("--noise", options->noise, "off: the reward is a net's mean; on: that of one run; both")
      ->capture_default_str();
  command->add_option("--seeds", options->seeds, "searches a row")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--threads", options->threads, "searches side by side")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command->add_flag("--json", options->json, "the result as JSON");
  command->footer(
      "Nothing is trained. The predictor takes minutes for 100 seeds, the others seconds.\n"
      "Examples:\n  effnet bench regret --lag 1,8 --noise both\n"
      "  effnet bench regret --landscape made-up:3 --strategies evolution,local --queries 100\n"
      "  effnet bench regret --front macs --seeds 20\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
