#include "search/regret.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <mutex>
#include <optional>
#include <thread>

#include "search/pareto_scale.h"
#include "search/strategies.h"
#include "spec/error.h"

namespace effnet::search {
namespace {

struct SeedRegret {
  std::vector<double> points;  // one a query count
  double ask_ms_sum = 0, ask_ms_most = 0;
};

// Of this thread: what another program takes of the machine meanwhile is not counted.
double processor_ms() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

// One study, without a store: asks and tells in the order in which search/study.h has them.
class RegretStudy {
 public:
  RegretStudy(const Landscape& landscape, const RegretCase& what, std::uint64_t seed)
      : landscape_(landscape),
        what_(what),
        seed_(seed),
        strategy_(make_strategy(what.strategy, landscape.space, landscape.objective)) {
    if (landscape.objective.form == ObjectiveForm::kPareto)
      front_scale_ = ParetoScale::of(landscape.space, costs_of(landscape.objective));
  }

  SeedRegret run() {
    const int trials = what_.queries.back();
    for (int n = 0; n < trials; ++n) {
      while (told_ <= n - what_.lag) tell();
      ask(n);
    }
    while (told_ < trials) tell();
    return std::move(result_);
  }

 private:
  void ask(int trial) {
    const double start = processor_ms();
    asked_.push_back(
        strategy_->ask({trial, spec::derive_seed(seed_, "ask", static_cast<std::uint64_t>(trial))}));
    const double spent = processor_ms() - start;
    result_.ask_ms_sum += spent;
    result_.ask_ms_most = std::max(result_.ask_ms_most, spent);
  }

  void tell() {
    const spec::Candidate net = landscape_.space.candidate(asked_[static_cast<std::size_t>(told_)]);
    const std::uint64_t run = spec::derive_seed(seed_, "trial", static_cast<std::uint64_t>(told_));
    const double accuracy = what_.noisy ? landscape_.one_run(net, run) : landscape_.accuracy(net);
    strategy_->tell(told_, net.choices, reward(landscape_.objective, accuracy / 100, net.cost));
    ++told_;
    if (front_scale_) points_.push_back(front_scale_->gains(landscape_.accuracy(net) / 100, net.cost));
    if (std::binary_search(what_.queries.begin(), what_.queries.end(), told_))
      result_.points.push_back(100 * (landscape_.best_reward - reached()));
  }

  double reached() const { return front_scale_ ? hypervolume(points_) : recommended_reward(); }

  double recommended_reward() const {
    const std::vector<spec::Choices> best = strategy_->recommend(1);
    if (best.empty()) return 0;
    const spec::Candidate net = landscape_.space.candidate(best.front());
    return reward(landscape_.objective, landscape_.accuracy(net) / 100, net.cost).value_or(0);
  }

  const Landscape& landscape_;
  const RegretCase& what_;
  std::uint64_t seed_;
  std::unique_ptr<Strategy> strategy_;
  std::vector<spec::Choices> asked_;
  int told_ = 0;
  std::optional<ParetoScale> front_scale_;
  std::vector<Gains> points_;  // of the trials that were told, where a front is wanted
  SeedRegret result_;
};

Regret summary(const std::vector<SeedRegret>& seeds, const RegretCase& what) {
  Regret regret;
  const auto count = static_cast<double>(seeds.size());
  for (std::size_t q = 0; q < what.queries.size(); ++q) {
    double sum = 0, squares = 0;
    for (const SeedRegret& seed : seeds) sum += seed.points[q];
    const double mean = sum / count;
    for (const SeedRegret& seed : seeds) squares += (seed.points[q] - mean) * (seed.points[q] - mean);
    regret.mean.push_back(mean);
    regret.standard_error.push_back(count > 1 ? std::sqrt(squares / (count - 1) / count) : 0);
  }
  for (const SeedRegret& seed : seeds) {
    regret.ask_ms_mean += seed.ask_ms_sum / what.queries.back() / count;
    regret.ask_ms_most = std::max(regret.ask_ms_most, seed.ask_ms_most);
  }
  return regret;
}

}  // namespace

Regret measure_regret(const Landscape& landscape, const RegretCase& what, int threads,
                      const std::function<void(double)>& progress, const std::atomic<bool>* stop) {
  std::vector<SeedRegret> seeds(static_cast<std::size_t>(what.seeds));
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::size_t done = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < seeds.size() && !(stop && stop->load()); i = next++) {
      seeds[i] = RegretStudy(landscape, what, what.first_seed + i).run();
      const std::scoped_lock lock(mutex);
      if (++done; progress) progress(static_cast<double>(done) / static_cast<double>(seeds.size()));
    }
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();
  if (done < seeds.size())
    throw spec::Error(spec::ErrorKind::kStopped, "bench regret", "stopped before the last seed");
  return summary(seeds, what);
}

}  // namespace effnet::search
