#include "apps/effnet/whole_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet/claimed_folder.h"
#include "apps/effnet/fit_step.h"
#include "apps/effnet/job_report.h"
#include "apps/effnet/search_step.h"
#include "apps/effnet/training_pool.h"
#include "report/objective_text.h"
#include "scaling/cost_match.h"
#include "scaling/cost_model.h"
#include "search/builtin_spaces.h"
#include "search/list.h"
#include "spec/atomic_file.h"
#include "spec/error.h"
#include "spec/recipe_choices.h"
#include "store/run_folder.h"

namespace effnet::apps {
namespace {

namespace fs = std::filesystem;

// A net of the final chart.
struct Entry {
  spec::NamedNet net;
  std::string group;
};

constexpr const char* kRankCheck = "rank check";  // study, phase and row of the bill
constexpr std::size_t kFewestRanks = 3;

// `count` scored trials of different nets, evenly spread from the worst to the best; all, where there are no more.
std::vector<search::TrialResult> spread_by_score(const std::vector<search::TrialResult>& trials, int count) {
  std::vector<search::TrialResult> scored;
  for (const search::TrialResult& trial : trials) {
    if (trial.outcome.scored() && !trial.same_as) scored.push_back(trial);
  }
  std::stable_sort(scored.begin(), scored.end(),
                   [](const auto& a, const auto& b) { return a.outcome.accuracy < b.outcome.accuracy; });
  const auto wanted = static_cast<std::size_t>(count);
  if (wanted >= scored.size()) return scored;
  std::vector<search::TrialResult> spread;
  for (std::size_t i = 0; i < wanted; ++i) spread.push_back(scored[i * (scored.size() - 1) / (wanted - 1)]);
  return spread;
}

class WholeJob {
 public:
  WholeJob(const Plan& plan, const fs::path& output, const std::atomic<bool>& stop)
      : plan_(plan),
        space_(search::load_space(plan.space).with_limits(search::limits_of(plan.objective))),
        folder_(store::RunFolder::open(output, "auto", identity())),
        stop_(stop),
        progress_(line_, Progress::Weights::kPredictedSeconds) {
    trainer_ = {.data = plan.data,
                .recipe_file = folder_ / "recipe.toml",
                .threads = plan.threads,
                .device = "cpu",
                .kernels = plan.kernels};
  }

  WholeJobResult run() {
    try {
      return run_phases();
    } catch (const spec::Error& error) {
      if (error.kind() != spec::ErrorKind::kStopped) release_unused(folder_, folder_ / "search/trials.db");
      throw;
    }
  }

 private:
  WholeJobResult run_phases() {
    fix_plan();
    print_note(plan_text());
    print_note(bill_text(result_.bill, {}));
    add_phases();
    search_baseline();
    if (plan_.rank_check_nets > 0) check_ranks();
    fit_coefficients();
    make_family();
    train_entries();
    result_.actual = actual_rows();
    write_job_files(plan_, result_, folder_.path());
    return std::move(result_);
  }

  std::string identity() const {
    return nlohmann::ordered_json{
        {"plan", plan_.text}, {"space", search::space_text(plan_.space)}, {"kernels", plan_.kernels}}
        .dump();
  }

  // Written at the first start and only read afterwards.
  void fix_plan() {
    const fs::path bill_file = folder_ / "bill.json";
    if (fs::exists(bill_file)) {
      result_.bill = bill_from_json(spec::read_file(bill_file), bill_file.string());
      print_note(fmt::format("going on in {}", folder_.path().string()));
      return;
    }
    const DatasetInfo data = ask_dataset(plan_.data, line_, stop_);
    check(plan_, space_, data);
    print_note("measuring this machine's speed (under 10 s of training steps) ...");
    spec::write_file_atomically(folder_ / "plan.toml", plan_.text);
    spec::write_file_atomically(folder_ / "recipe.toml", spec::recipe_toml(plan_.recipe));
    result_.bill = measure_bill(plan_, space_, data);
    spec::write_file_atomically(bill_file, bill_json(result_.bill));
  }

  std::string plan_text() const {
    return fmt::format(
        "Plan '{}' (seed {}, {} workers of {} thread{}, kernels {})\n"
        "  data      '{}', {} + {} pictures; {} of the first are held out for all scores but the last\n"
        "  search    {} nets by {} in space '{}' ({:.3g} nets), {} nets by the random arm; each child sees "
        "{} pictures x {}\n"
        "            objective {}; the best {} of each arm are retrained with {} fresh seeds\n"
        "  fit       alpha, beta, gamma by a grid at equal realised cost, {} nets\n"
        "  family    phi {}; trained on {} pictures x {} epochs, {} seed{}, beside {} rival design{}\n",
        plan_.name, plan_.seed, plan_.workers, plan_.threads, plan_.threads == 1 ? "" : "s", plan_.kernels,
        result_.bill.data.name, result_.bill.data.train_pictures, result_.bill.data.test_pictures,
        plan_.data.holdout, plan_.trials, plan_.strategy, space_.name(), space_.size(), plan_.random_trials,
        plan_.child.pictures, plan_.child.epochs, report::objective_text(plan_.objective), plan_.finalists,
        plan_.finalist_seeds, plan_.fit_nets > 0 ? fmt::format("at most {}", plan_.fit_nets) : "all",
        fmt::join(plan_.phi, ", "), plan_.final_pictures(result_.bill.data), plan_.recipe.epochs,
        plan_.seeds.size(), plan_.seeds.size() == 1 ? "" : "s", plan_.rivals.size(),
        plan_.rivals.size() == 1 ? "" : "s");
  }

  void add_phases() {
    for (const BillRow& row : result_.bill.rows) progress_.add_phase(row.phase, row.seconds);
  }

  // A child that takes twenty times what the bill says for the dearest net hangs.
  double trial_timeout(const spec::Budget& budget) const {
    const double dearest = result_.bill.training_seconds(result_.bill.measured_macs.back(),
                                                         budget.total_pictures(), plan_.data.holdout);
    return std::max(120.0, 20 * dearest);
  }

  void search_baseline() {
    SearchStep step;
    step.space_name = plan_.space;
    step.strategy = plan_.strategy;
    step.config = {.objective = plan_.objective,
                   .seed = plan_.seed,
                   .trials = plan_.trials,
                   .random_trials = plan_.random_trials,
                   .finalists = plan_.finalists,
                   .finalist_seeds = plan_.finalist_seeds,
                   .budget = plan_.child,
                   .lag = plan_.workers,
                   .details_json = "{}"};
    step.children = {
        .trainer = trainer_, .workers = plan_.workers, .trial_timeout = trial_timeout(plan_.child)};
    step.config.details_json = identity_json(step, plan_.recipe);
    fs::create_directories(folder_ / "search");
    result_.search = run_search_step(step, space_, folder_ / "search", progress_, stop_);
    fs::copy_file(folder_ / "search/baseline.toml", folder_ / "baseline.toml",
                  fs::copy_options::overwrite_existing);
    const spec::Choices& chosen = result_.search.best.candidate.choices;
    if (spec::recipe_choices(chosen).empty()) return;
    plan_.recipe =
        spec::with_choices(plan_.recipe, chosen, "baseline");  // of all that is trained from here on
    trainer_.recipe_file = folder_ / "search/baseline-recipe.toml";
  }

  // Some nets of the random arm are trained as long as the family will be: does short training rank them alike?
  void check_ranks() {
    const auto short_runs = spread_by_score(result_.search.random, plan_.rank_check_nets);
    if (short_runs.size() < kFewestRanks) {  // the arm's other nets failed, or were the same
      result_.rank_check =
          search::RankAgreement{.low = -1, .high = 1, .nets = static_cast<int>(short_runs.size())};
      progress_.begin(kRankCheck, 1);
      return progress_.finish();
    }
    std::vector<spec::Candidate> nets;
    for (const search::TrialResult& run : short_runs) nets.push_back(run.trial.candidate);
    rank_trials_ = trained_long(nets);
    std::vector<double> short_scores, long_scores;
    for (std::size_t i = 0; i < rank_trials_.size(); ++i) {
      if (!rank_trials_[i].outcome.scored()) continue;
      short_scores.push_back(short_runs[i].outcome.accuracy);
      long_scores.push_back(rank_trials_[i].outcome.accuracy);
    }
    result_.rank_check = search::rank_agreement(short_scores, long_scores, plan_.seed);
  }

  std::vector<search::TrialResult> trained_long(const std::vector<spec::Candidate>& nets) {
    search::CandidateList list(nets);
    search::StudyConfig config;
    config.name = kRankCheck;
    config.seed = spec::derive_seed(plan_.seed, config.name);
    config.trials = list.size();
    config.lag = plan_.workers;
    config.budget = {.pictures = plan_.final_pictures(result_.bill.data), .epochs = plan_.recipe.epochs};
    config.objective = plan_.objective;
    config.strategy = "list";
    config.details_json = children_json({.trainer = trainer_}, plan_.recipe);
    store::TrialStore store = store::TrialStore::open(folder_ / "search/trials.db");
    StudyProgress observer(progress_, kRankCheck, list.size());
    search::Study study(
        config, [&](const spec::Choices& choices) { return list.candidate(choices); }, list, store);
    return study.run(
        {.workers = plan_.workers,
         .make_evaluator = trainer_evaluators(trainer_, folder_ / "search", trial_timeout(config.budget)),
         .observer = &observer,
         .stop = &stop_});
  }

  void fit_coefficients() {
    FitStep step;
    step.config.baseline = {"baseline", result_.search.best.candidate.arch};
    step.config.grid = plan_.grid;
    step.config.max_nets = plan_.fit_nets;
    step.config.seeds = plan_.fit_seeds;
    step.config.budget = plan_.fit_child;
    step.config.seed = plan_.seed;
    step.config.lag = plan_.workers;
    step.config.holdout_pictures = plan_.data.holdout;
    step.children = {
        .trainer = trainer_, .workers = plan_.workers, .trial_timeout = trial_timeout(plan_.fit_child)};
    step.config.details_json = identity_json(step, plan_.recipe);
    fs::create_directories(folder_ / "fit");
    result_.fit = run_fit_step(step, folder_ / "fit", progress_, stop_);
    fs::copy_file(folder_ / "fit/coefficients.toml", folder_ / "coefficients.toml",
                  fs::copy_options::overwrite_existing);
  }

  void make_family() {
    const spec::ArchSpec& baseline = result_.search.best.candidate.arch;
    for (std::size_t i = 0; i < plan_.phi.size(); ++i) {
      const spec::ArchSpec arch =
          scaling::scale(baseline, scaling::multipliers(result_.fit.file.rule, plan_.phi[i]));
      spec::check(arch, fmt::format("phi {}", plan_.phi[i]));
      result_.family.push_back({fmt::format("b{}", i), arch});
      const spec::NamedNet& net = result_.family.back();
      spec::write_file_atomically(folder_ / (net.name + ".toml"), spec::net_toml(net));
      entries_.push_back({net, "family"});
    }
    if (result_.search.random_best)
      entries_.push_back({{"random-arm", result_.search.random_best->candidate.arch}, "random-arm"});
    for (const Rival& rival : plan_.rivals) {
      for (const std::string& member : rival.match) entries_.push_back(matched(rival, member));
    }
  }

  // The rival's shape on the member's pictures, as dear as the member.
  Entry matched(const Rival& rival, const std::string& member) const {
    const auto found = std::find_if(result_.family.begin(), result_.family.end(),
                                    [&](const spec::NamedNet& net) { return net.name == member; });
    spec::ArchSpec shape = rival.arch;
    shape.resolution = found->arch.resolution;
    shape.input_channels = found->arch.input_channels;
    shape.classes = found->arch.classes;
    const double wanted = static_cast<double>(scaling::count(found->arch).total.macs);
    return {{fmt::format("{}-{}", rival.name, member),
             scaling::match_cost(shape, rival.grow, spec::CostKind::kMacs, wanted)},
            rival.group};
  }

  void train_entries() {
    fs::create_directories(folder_ / "nets");
    std::vector<PooledJob> jobs;
    for (const Entry& entry : entries_) {
      const fs::path net_file = folder_ / "nets" / (entry.net.name + ".toml");
      spec::write_file_atomically(net_file, spec::net_toml(entry.net));
      const double macs = static_cast<double>(scaling::count(entry.net.arch).total.macs);
      for (const std::uint64_t seed : plan_.seeds) {
        TrainingJob job{.net_file = net_file,
                        .run_folder = folder_ / "runs" / run_name(entry.net.name, seed),
                        .name = entry.net.name,
                        .group = entry.group,
                        .seed = seed,
                        .pictures = plan_.train_pictures};
        const double seconds =
            result_.bill.training_seconds(macs, plan_.final_pictures(result_.bill.data) * plan_.recipe.epochs,
                                          plan_.data.holdout * plan_.recipe.epochs);
        jobs.push_back({.name = job.run_folder.filename().string(),
                        .run_folder = job.run_folder,
                        .command = train_command(trainer_, job),
                        .weight = seconds});
      }
    }
    PoolResult pool = train_all(jobs, plan_.workers, progress_, "train", stop_);
    result_.records = std::move(pool.records);
    for (const FailedJob& failed : pool.failed)
      result_.failures.push_back(fmt::format("{}: {}", failed.name, failed.reason));
    if (result_.records.empty())
      throw spec::Error(spec::ErrorKind::kFailed, "train", "no net was trained to the end",
                        "see the logs in " + (folder_ / "runs").string());
  }

  std::string run_name(const std::string& net, std::uint64_t seed) const {
    return plan_.seeds.size() == 1 ? net : fmt::format("{}-seed{}", net, seed);
  }

  // From what was recorded, so that it is right after any number of interruptions.
  std::vector<BillRow> actual_rows() const {
    std::vector<BillRow> rows;
    const auto add_trials = [&](std::string phase, const std::vector<search::TrialResult>& trials) {
      BillRow row{std::move(phase), 0, 0, 0};
      for (const search::TrialResult& trial : trials) {
        if (trial.same_as) continue;
        ++row.nets;
        row.pictures += trial.outcome.pictures;
        row.seconds += trial.outcome.seconds / plan_.workers;
      }
      rows.push_back(row);
    };
    add_trials("search", result_.search.search);
    if (plan_.random_trials > 0) add_trials("random arm", result_.search.random);
    add_trials("finalists", result_.search.finalist_trials);
    if (plan_.rank_check_nets > 0) add_trials(kRankCheck, rank_trials_);
    add_trials("fit", result_.fit.trials);
    BillRow train{"train", 0, 0, 0};
    for (const spec::RunRecord& record : result_.records) {
      ++train.nets;
      train.pictures += record.train_pictures * record.recipe.epochs;
      train.seconds += record.seconds / plan_.workers;
    }
    rows.push_back(train);
    return rows;
  }

  Plan plan_;  // its recipe becomes the winner's where settings of the training are searched
  search::Space space_;
  store::RunFolder folder_;
  const std::atomic<bool>& stop_;
  LiveLine line_;
  Progress progress_;
  TrainerSetup trainer_;
  std::vector<Entry> entries_;
  std::vector<search::TrialResult> rank_trials_;
  WholeJobResult result_;
};

}  // namespace

WholeJobResult run_whole_job(const Plan& plan, const std::filesystem::path& output,
                             const std::atomic<bool>& stop) {
  return WholeJob(plan, output, stop).run();
}

}  // namespace effnet::apps
