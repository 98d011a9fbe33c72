#include "apps/effnet/verdicts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "apps/effnet/search_step.h"
#include "report/number_text.h"

namespace effnet::apps {
namespace {

struct Score {
  double mean = 0;   // test top-1, percent
  double error = 0;  // standard error of the mean, points
  double macs = 0, params = 0;
  std::string group;
};

// One score a net: the mean over seeds; the error from the spread, or from the test set's size with one seed.
std::map<std::string, Score> scores(const std::vector<spec::RunRecord>& records) {
  std::map<std::string, std::vector<const spec::RunRecord*>> by_name;
  for (const spec::RunRecord& record : records) by_name[record.name].push_back(&record);
  std::map<std::string, Score> result;
  for (const auto& [name, runs] : by_name) {
    const double n = static_cast<double>(runs.size());
    double sum = 0, squares = 0;
    for (const spec::RunRecord* run : runs) sum += run->top1;
    const double mean = sum / n;
    for (const spec::RunRecord* run : runs) squares += (run->top1 - mean) * (run->top1 - mean);
    const double binomial =
        mean * (100 - mean) / static_cast<double>(std::max<std::int64_t>(runs.front()->test_pictures, 1));
    const double variance = n > 1 ? squares / (n - 1) / n : binomial;
    result[name] = {mean, std::sqrt(variance), static_cast<double>(runs.front()->cost.macs),
                    static_cast<double>(runs.front()->cost.params), runs.front()->group};
  }
  return result;
}

std::string compared(const std::string& ours, const Score& a, const std::string& theirs, const Score& b) {
  const double lead = a.mean - b.mean, noise = 2 * std::hypot(a.error, b.error);
  const char* word = std::abs(lead) <= noise ? "cannot be told from" : lead > 0 ? "beats" : "loses to";
  return fmt::format(
      "{} {} {}: {:.2f} % against {:.2f} % ({:+.2f} points, two standard errors are {:.2f}), {} against {} "
      "MACs, {} against {} parameters.",
      ours, word, theirs, a.mean, b.mean, lead, noise, report::short_count(a.macs),
      report::short_count(b.macs), report::short_count(a.params), report::short_count(b.params));
}

// "mobilenet-v2-b2" -> "b2".
std::optional<std::string> member_of(const std::string& rival, const std::map<std::string, Score>& all) {
  const std::size_t dash = rival.rfind('-');
  if (dash == std::string::npos) return std::nullopt;
  const std::string member = rival.substr(dash + 1);
  return all.contains(member) ? std::optional(member) : std::nullopt;
}

}  // namespace

std::vector<std::string> verdicts(const Plan& plan, const WholeJobResult& result) {
  std::vector<std::string> text;
  const std::map<std::string, Score> all = scores(result.records);
  if (result.search.random_best) {
    const auto& best = result.search.best;
    const auto& random = *result.search.random_best;
    const double lead = *best.reward - *random.reward;
    text.push_back(fmt::format(
        "On held-out pictures with fresh seeds the search's net has reward {:.4f} ({:.2f} %), "
        "the random arm's (of {}) {:.4f} ({:.2f} %): the search {}.",
        *best.reward, best.mean_accuracy, arms_cost_text(result.search), *random.reward, random.mean_accuracy,
        best.candidate.arch == random.candidate.arch ? "found the same net"
        : lead > 0                                   ? "is ahead"
                                                     : "did not win"));
  }
  if (all.contains("b0") && all.contains("random-arm"))
    text.push_back(compared("The baseline b0", all.at("b0"), "the random arm's net", all.at("random-arm")));
  for (const auto& [name, score] : all) {
    if (score.group == "family" || name == "random-arm") continue;
    if (const auto member = member_of(name, all))
      text.push_back(compared(*member, all.at(*member), name, score));
  }
  const std::string last = fmt::format("b{}", plan.phi.size() - 1);
  if (all.contains("b0") && all.contains(last) && all.at(last).macs > all.at("b0").macs) {
    const double doublings = std::log2(all.at(last).macs / all.at("b0").macs);
    text.push_back(
        fmt::format("From b0 to {} the family gained {:+.2f} points for {:.1f} times the multiply-adds, "
                    "{:+.2f} points a doubling.",
                    last, all.at(last).mean - all.at("b0").mean, std::exp2(doublings),
                    (all.at(last).mean - all.at("b0").mean) / doublings));
  }
  if (result.rank_check && result.rank_check->nets < 3) {
    text.push_back(fmt::format(
        "Whether short training ranks nets as long training does is not known: only {} different nets of the "
        "random arm have both scores.",
        result.rank_check->nets));
  } else if (result.rank_check) {
    text.push_back(fmt::format(
        "Short training ranked {} nets with Kendall tau {:.2f} (90 % interval {:.2f} to {:.2f}) against "
        "training as long as the family's.",
        result.rank_check->nets, result.rank_check->tau, result.rank_check->low, result.rank_check->high));
  }
  for (const std::string& failure : result.failures) text.push_back("Not trained: " + failure);
  return text;
}

}  // namespace effnet::apps
