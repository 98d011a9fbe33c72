#include "search/rank_agreement.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <optional>

#include "spec/random_stream.h"

namespace effnet::search {
namespace {

// Kendall 1945: (concordant - discordant) / sqrt((pairs untied in a) (pairs untied in b)); empty when all tie.
std::optional<double> tau_b(const std::vector<double>& a, const std::vector<double>& b) {
  double balance = 0, untied_a = 0, untied_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const int sign_a = (a[i] > a[j]) - (a[i] < a[j]);
      const int sign_b = (b[i] > b[j]) - (b[i] < b[j]);
      balance += sign_a * sign_b;
      untied_a += sign_a != 0;
      untied_b += sign_b != 0;
    }
  }
  if (untied_a == 0 || untied_b == 0) return std::nullopt;
  return balance / std::sqrt(untied_a * untied_b);
}

}  // namespace

RankAgreement rank_agreement(const std::vector<double>& scores, const std::vector<double>& references,
                             std::uint64_t seed) {
  assert(scores.size() == references.size());
  RankAgreement result{.tau = 0, .low = -1, .high = 1, .nets = static_cast<int>(scores.size())};
  const std::optional<double> tau = tau_b(scores, references);
  if (scores.size() < 3 || !tau) return result;
  result.tau = *tau;
  constexpr int kResamples = 2000;
  spec::RandomStream random(seed);
  std::vector<double> taus;
  for (int i = 0; i < kResamples; ++i) {
    std::vector<double> a, b;
    for (std::size_t k = 0; k < scores.size(); ++k) {
      const std::size_t pick = random.below(scores.size());
      a.push_back(scores[pick]);
      b.push_back(references[pick]);
    }
    if (const auto resampled = tau_b(a, b)) taus.push_back(*resampled);
  }
  std::sort(taus.begin(), taus.end());
  result.low = taus[taus.size() / 20];
  result.high = taus[taus.size() - 1 - taus.size() / 20];
  return result;
}

}  // namespace effnet::search
