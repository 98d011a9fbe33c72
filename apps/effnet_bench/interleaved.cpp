#include "apps/effnet_bench/interleaved.h"

#include <algorithm>
#include <chrono>

namespace effnet::apps {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

void race(std::vector<Contender>& contenders, double seconds) {
  constexpr int kWarmUps = 2, kFewestRounds = 5;
  double longest = 0;
  for (Contender& contender : contenders) {
    for (int i = 0; i < kWarmUps; ++i) contender.shortest = seconds_of(contender.work);
    longest = std::max(longest, contender.shortest);
  }
  const auto end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  for (int round = 0; round < kFewestRounds || Clock::now() < end; ++round) {
    for (Contender& contender : contenders) {
      const int times = std::clamp(static_cast<int>(longest / std::max(contender.shortest, 1e-9)), 1, 8);
      for (int i = 0; i < times; ++i, ++contender.runs)
        contender.shortest = std::min(contender.shortest, seconds_of(contender.work));
    }
  }
}

}  // namespace effnet::apps
