#include "apps/effnet/search_speed.h"

#include <fmt/format.h>

#include <array>
#include <barrier>
#include <chrono>
#include <mutex>
#include <thread>

#include "apps/effnet/made_up_pictures.h"
#include "apps/effnet/scratch_folder.h"
#include "search/builtin_spaces.h"
#include "spec/atomic_file.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

using Clock = std::chrono::steady_clock;
using spec::Error;
using spec::ErrorKind;

constexpr double kFloor = 2.5;
constexpr double kHung = 3600;  // seconds
constexpr std::array<const char*, 2> kPaths{"effnet", "reference"};

search::Space space_of(const Plan& plan) {
  return search::load_space(plan.space).with_limits(search::limits_of(plan.objective));
}

// The plan with pictures that are there.
Plan with_pictures(const SearchSpeed& what, const search::Space& space, const std::filesystem::path& scratch,
                   LiveLine& line, const std::atomic<bool>& stop) {
  Plan plan = what.plan;
  try {
    check(plan, space, ask_dataset(plan.data, line, stop));
    return plan;
  } catch (const Error& error) {
    if (what.own_data || error.kind() != ErrorKind::kBadData) throw;
    line.note(fmt::format("made-up pictures stand in for the plan's: {}", error.what()));
  }
  const spec::ArchSpec net = space.extreme(spec::CostKind::kMacs, search::Extreme::kCheapest).arch;
  const std::int64_t most = std::max({plan.child.pictures, plan.fit_child.pictures, plan.train_pictures});
  write_made_up_pictures(scratch, most + plan.data.holdout, std::min(net.classes, 255));
  plan.data.data_dir = scratch.string();
  plan.data.dataset = "idx";
  check(plan, space, ask_dataset(plan.data, line, stop));
  return plan;
}

std::vector<spec::Candidate> sampled(const Plan& plan, const search::Space& space, int count) {
  spec::RandomStream random(spec::derive_seed(plan.seed, "search speed"));
  std::vector<spec::Candidate> nets;
  for (int i = 0; i < count; ++i) nets.push_back(space.candidate(space.sample(random)));
  return nets;
}

// One path's share of a round by all workers.
struct Turn {
  std::size_t path = 0;
  spec::Candidate net;
  spec::Budget budget;
  Clock::time_point end{};
};

// All turns one after another, every turn by all workers at once.
class Race {
 public:
  Race(std::vector<Turn> turns, const Plan& plan, const std::filesystem::path& scratch, LiveLine& line,
       const std::atomic<bool>& stop)
      : turns_(std::move(turns)), plan_(plan), scratch_(scratch), line_(line), stop_(stop) {}

  const std::vector<Turn>& run() {
    std::barrier turn_ends(plan_.workers, [this]() noexcept { end_turn(); });
    std::vector<std::thread> threads;
    for (int worker = 0; worker < plan_.workers; ++worker) {
      threads.emplace_back([this, worker, &turn_ends] {
        // A trainer ends with the thread that started it, so a worker keeps its own.
        try {
          work(worker, turn_ends);
        } catch (...) {
          const std::scoped_lock lock(mutex_);
          if (!error_) error_ = std::current_exception();
          failed_ = true;
        }
        turn_ends.arrive_and_drop();
      });
    }
    for (std::thread& thread : threads) thread.join();
    if (error_) std::rethrow_exception(error_);
    return turns_;
  }

 private:
  class TurnReporter final : public search::Reporter {
   public:
    explicit TurnReporter(const Race& race) : race_(race) {}
    void progress(int, double) override {}
    bool go_on(int) override { return !race_.stop_ && !race_.failed_; }

   private:
    const Race& race_;
  };

  std::unique_ptr<search::Evaluator> trainer(std::size_t path, int worker) const {
    const TrainerSetup setup{.data = plan_.data,
                             .recipe_file = scratch_ / "recipe.toml",
                             .threads = plan_.threads,
                             .kernels = kPaths[path]};
    const std::filesystem::path logs = scratch_ / kPaths[path];
    return trainer_evaluators(setup, logs, kHung)(worker);
  }

  void work(int worker, auto& turn_ends) {
    std::array<std::unique_ptr<search::Evaluator>, kPaths.size()> trainers;
    TurnReporter reporter(*this);
    for (std::size_t i = 0; i < turns_.size() && reporter.go_on(0); ++i) {
      const Turn& turn = turns_[i];
      if (worker == 0)
        line_.update(fmt::format("turn {} of {}, kernels {}", i + 1, turns_.size(), kPaths[turn.path]));
      if (!trainers[turn.path]) trainers[turn.path] = trainer(turn.path, worker);
      const int number = static_cast<int>(i) * plan_.workers + worker;
      const spec::Trial trial{
          .number = number,
          .seed = spec::derive_seed(plan_.seed, "trial", static_cast<std::uint64_t>(number)),
          .candidate = turn.net,
          .budget = turn.budget};
      const spec::Outcome outcome = trainers[turn.path]->evaluate(trial, reporter);
      if (!outcome.scored())
        throw Error(ErrorKind::kFailed, "bench search",
                    fmt::format("{} was not trained: {}", spec::to_text(turn.net.arch), outcome.message));
      turn_ends.arrive_and_wait();
    }
    if (stop_) throw Error(ErrorKind::kStopped, "bench search", "stopped before all was measured");
  }

  void end_turn() noexcept {
    if (turn_ == turns_.size()) return;  // workers leave
    turns_[turn_++].end = Clock::now();
  }

  std::vector<Turn> turns_;
  const Plan& plan_;
  std::filesystem::path scratch_;
  LiveLine& line_;
  const std::atomic<bool>& stop_;
  std::size_t turn_ = 0;
  std::mutex mutex_;
  std::exception_ptr error_;
  std::atomic<bool> failed_ = false;
};

}  // namespace

std::string SearchSpeed::name() const {
  return fmt::format("search of plan '{}', {} nets, {} worker{} of {} thread{}", plan.name, children,
                     plan.workers, plan.workers == 1 ? "" : "s", plan.threads, plan.threads == 1 ? "" : "s");
}

BenchRow measure_search_speed(const SearchSpeed& what, LiveLine& line, const std::atomic<bool>& stop) {
  const ScratchFolder scratch;
  const search::Space space = space_of(what.plan);
  const Plan plan = with_pictures(what, space, scratch.path(), line, stop);
  spec::write_file_atomically(scratch.path() / "recipe.toml", spec::recipe_toml(plan.recipe));

  std::vector<Turn> turns;
  const std::vector<spec::Candidate> nets = sampled(plan, space, what.children);
  const auto add_round = [&](const spec::Candidate& net, const spec::Budget& budget) {
    for (std::size_t path = 0; path < kPaths.size(); ++path)
      turns.push_back({.path = path, .net = net, .budget = budget});
  };
  for (const char* path : kPaths) std::filesystem::create_directories(scratch.path() / path);
  add_round(nets.front(), {.pictures = std::min<std::int64_t>(plan.child.pictures, plan.recipe.batch_size)});
  const std::size_t warm_ups = turns.size();
  for (const spec::Candidate& net : nets) add_round(net, plan.child);

  turns = Race(std::move(turns), plan, scratch.path(), line, stop).run();
  std::array<double, kPaths.size()> seconds{};
  for (std::size_t i = warm_ups; i < turns.size(); ++i)
    seconds[turns[i].path] += std::chrono::duration<double>(turns[i].end - turns[i - 1].end).count();
  const double trained = what.children * plan.workers;
  const double pictures = trained * static_cast<double>(plan.child.total_pictures());
  return {.name = what.name(),
          .images_per_second = pictures / seconds[0],
          .peer = "the same trainers with LibTorch's operators",
          .peer_images_per_second = pictures / seconds[1],
          .floor = kFloor,
          .children_per_hour = 3600 * trained / seconds[0],
          .peer_children_per_hour = 3600 * trained / seconds[1]};
}

}  // namespace effnet::apps
