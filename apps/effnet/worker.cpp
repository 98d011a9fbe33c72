// effnet worker: trains the nets of studies that run elsewhere, out of their trial store.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <exception>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "apps/effnet/evaluators.h"
#include "apps/effnet/stored_studies.h"
#include "apps/stop_signal.h"
#include "search/queue_worker.h"
#include "spec/atomic_file.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

using Clock = std::chrono::steady_clock;
using search::QueueWorker;

constexpr auto kGlance = std::chrono::milliseconds(200);  // how often an idle worker looks for a trial

struct Options {
  std::string store, study, data_dir, output;
  StudyChildren children;
  double idle_exit = 0;  // seconds; 0: stays
};

// One worker's evaluators, made again from what the studies wrote down about themselves: one for each set of settings,
// which the studies of a search share.
class Evaluators {
 public:
  Evaluators(const store::TrialStore& store, const Options& options, std::filesystem::path folder, int worker)
      : store_(store), options_(options), folder_(std::move(folder)), worker_(worker) {}

  search::Evaluator& of(const store::Claim& claim) {
    const std::string details = search::config_from_record(store_.study(claim.study)).details_json;
    std::unique_ptr<search::Evaluator>& evaluator = by_details_[details];
    if (!evaluator) evaluator = make(details, fmt::format("study '{}'", claim.study));
    return *evaluator;
  }

 private:
  std::unique_ptr<search::Evaluator> make(const std::string& text, const std::string& where) const {
    nlohmann::json details = nlohmann::json::parse(text);
    if (details.contains("search")) details = nlohmann::json(details["search"]);  // a calibration's
    StudyChildren children = children_from_json(details.dump(), where);
    children.trial_timeout = options_.children.trial_timeout;
    if (!options_.data_dir.empty()) children.trainer.data.data_dir = options_.data_dir;
    children.trainer.recipe_file = folder_ / fmt::format("recipe-{}.toml", worker_);
    spec::write_file_atomically(children.trainer.recipe_file, spec::recipe_toml(spec::recipe_from_json(
                                                                  details.at("recipe").dump(), where)));
    std::optional<search::Space> space;
    if (details.contains("space"))
      space = search::Space::parse(details.at("space").get<std::string>(), where + ", its space");
    return evaluators_of(details.value("evaluator", "train"), children, space ? &*space : nullptr,
                         folder_)(worker_);
  }

  const store::TrialStore& store_;
  const Options& options_;
  std::filesystem::path folder_;
  int worker_;
  std::map<std::string, std::unique_ptr<search::Evaluator>> by_details_;
};

// What the workers of this process share.
struct Crew {
  std::mutex mutex;
  int delivered = 0, lost = 0;
  std::exception_ptr error;
  std::atomic<bool> failed = false;
};

class UntilStopped final : public search::Reporter {
 public:
  explicit UntilStopped(const Crew& crew) : crew_(crew) {}
  void progress(int, double) override {}
  bool go_on(int) override { return !stop_requested() && !crew_.failed; }

 private:
  const Crew& crew_;
};

void work(const Options& options, const std::filesystem::path& folder, int number, Crew& crew) {
  store::TrialStore store = store::TrialStore::open(trial_store_of(options.store));
  QueueWorker worker(store, {search::worker_name(), options.study, options.children.claim_life});
  Evaluators evaluators(store, options, folder, number);
  UntilStopped reporter(crew);
  std::string trial;
  const auto evaluator_of = [&](const store::Claim& claim) -> search::Evaluator& {
    trial = fmt::format("trial {} of '{}'", claim.trial.number, claim.study);
    return evaluators.of(claim);
  };
  Clock::time_point idle_since = Clock::now();
  while (reporter.go_on(0)) {
    const auto begun = Clock::now();
    const QueueWorker::Result result = worker.work(evaluator_of, reporter);
    if (result == QueueWorker::Result::kIdle) {
      const std::chrono::duration<double> idle = Clock::now() - idle_since;
      if (options.idle_exit > 0 && idle.count() >= options.idle_exit) return;
      std::this_thread::sleep_for(kGlance);
      continue;
    }
    idle_since = Clock::now();
    const bool delivered = result == QueueWorker::Result::kDelivered;
    const std::scoped_lock lock(crew.mutex);
    ++(delivered ? crew.delivered : crew.lost);
    print_note(delivered ? fmt::format("{} delivered, {:.1f} s", trial,
                                       std::chrono::duration<double>(idle_since - begun).count())
                         : fmt::format("{} was taken over by another worker; nothing delivered", trial));
  }
}

void run(const Options& options) {
  check_children(options.children);
  require_between("--idle-exit", options.idle_exit, 0, 1e8);
  const std::string store =
      store::TrialStore::open(trial_store_of(options.store)).where();  // before a folder is made
  const std::filesystem::path folder =
      options.output.empty() ? fmt::format("runs/worker-{}", getpid()) : options.output;
  std::filesystem::create_directories(folder);
  stop_requested();
  print_note(fmt::format("takes trials from {}; logs in {}; Ctrl-C gives the trials under way back", store,
                         folder.string()));
  Crew crew;
  std::vector<std::thread> workers;
  for (int number = 0; number < options.children.workers; ++number) {
    workers.emplace_back([&, number] {
      try {
        work(options, folder, number, crew);
      } catch (const spec::Error& error) {
        const std::scoped_lock lock(crew.mutex);
        if (error.kind() != spec::ErrorKind::kStopped && !crew.error) crew.error = std::current_exception();
        crew.failed = true;
      } catch (...) {
        const std::scoped_lock lock(crew.mutex);
        if (!crew.error) crew.error = std::current_exception();
        crew.failed = true;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  if (crew.error) std::rethrow_exception(crew.error);
  print_result(fmt::format("{} trial{} delivered{}\n", crew.delivered, crew.delivered == 1 ? "" : "s",
                           crew.lost > 0 ? fmt::format(", {} taken over by others", crew.lost) : ""));
}

}  // namespace

void add_worker(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "worker", "Train nets of a search or a fit that runs elsewhere, out of its trial store");
  auto options = std::make_shared<Options>();
  options->children.workers = 1;
  command->add_option("STORE", options->store, "trial store, or the run folder of the search or the fit")
      ->required();
  command->add_option("--study", options->study, "work for this study alone (default: all of the store)");
  command->add_option("--workers", options->children.workers, "children side by side")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command->add_option("--data-dir", options->data_dir,
                      "folder of the pictures on this machine (default: where the study has it)");
  command
      ->add_option("--idle-exit", options->idle_exit,
                   "seconds without a trial to take after which the worker leaves, 0 for never")
      ->capture_default_str();
  add_timeout_flags(*command, options->children);
  command->add_option("--output", options->output,
                      "folder of the children's logs (default: runs/worker-PID)");
  command->footer(
      "The study says the rest: evaluator, data set, recipe, threads, device. Any number of workers may come "
      "and go;\n"
      "the study's trials are the same.\n"
      "Examples:\n  effnet search --workers 0 --lag 4 --output runs/search\n"
      "  effnet worker runs/search --workers 2\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
