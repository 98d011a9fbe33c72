#include "scaling/coefficient_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "scaling/cost_model.h"
#include "spec/error.h"

namespace effnet::scaling {
namespace {

using spec::Error;
using spec::ErrorKind;

// Five factors of up to 1e7 units each need more than 64 bits.
__extension__ typedef __int128 Wide;

void check_axis(const Range& range, Decimal step, std::string_view name) {
  if (range.low.units < Decimal::kUnitsPerOne || range.high < range.low) {
    throw Error(ErrorKind::kUsage, name,
                fmt::format("{}:{} is not a range of coefficients", to_text(range.low), to_text(range.high)),
                "coefficients are at least 1, low before high");
  }
  if (step.units <= 0) throw Error(ErrorKind::kUsage, "--step", "must be above 0");
  if ((range.high.units - range.low.units) / step.units > 10'000) {
    throw Error(ErrorKind::kUsage, name, "has more than 10000 steps", "use a larger --step");
  }
}

std::int64_t steps_of(const Range& range, Decimal step) {
  return (range.high.units - range.low.units) / step.units + 1;
}

// Each satisfying point is built and counted, some 10 microseconds; a finer grid rounds to the same nets anyway.
void check_size(const CoefficientGrid& grid) {
  constexpr double kMost = 2e7;
  const double points = static_cast<double>(steps_of(grid.alpha, grid.step)) *
                        static_cast<double>(steps_of(grid.beta, grid.step)) *
                        static_cast<double>(steps_of(grid.gamma, grid.step));
  if (points <= kMost) return;
  throw Error(ErrorKind::kUsage, "--step", fmt::format("makes a grid of {:.0f} points", points),
              "use a larger --step or narrower ranges; finer steps than 0.01 round to the same nets");
}

// How a rule spends its cost: the logarithms of alpha, beta^2, gamma^2, normalised to sum 1.
std::array<double, 3> shares(const CompoundRule& rule) {
  const std::array<double, 3> logs{std::log(rule.alpha), 2 * std::log(rule.beta), 2 * std::log(rule.gamma)};
  const double total = std::max(logs[0] + logs[1] + logs[2], 1e-9);
  return {logs[0] / total, logs[1] / total, logs[2] / total};
}

double distance(const std::array<double, 3>& a, const std::array<double, 3>& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

}  // namespace

Range parse_range(std::string_view text, std::string_view where) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {parse_decimal(text, where), parse_decimal(text, where)};
  return {parse_decimal(text.substr(0, colon), where), parse_decimal(text.substr(colon + 1), where)};
}

std::vector<CompoundRule> grid_points(const CoefficientGrid& grid) {
  check_axis(grid.alpha, grid.step, "--alpha");
  check_axis(grid.beta, grid.step, "--beta");
  check_axis(grid.gamma, grid.step, "--gamma");
  check_size(grid);
  const Wide one = Decimal::kUnitsPerOne;
  const Wide unit4 =
      one * one * one * one;  // alpha * beta^2 * gamma^2 carries five units, target and tolerance one
  const Wide low = (grid.target.units - grid.tolerance.units) * unit4;
  const Wide high = (grid.target.units + grid.tolerance.units) * unit4;
  std::vector<CompoundRule> points;
  for (std::int64_t a = grid.alpha.low.units; a <= grid.alpha.high.units; a += grid.step.units) {
    for (std::int64_t b = grid.beta.low.units; b <= grid.beta.high.units; b += grid.step.units) {
      for (std::int64_t g = grid.gamma.low.units; g <= grid.gamma.high.units; g += grid.step.units) {
        const Wide product = Wide{a} * b * b * g * g;
        if (product < low || product > high) continue;
        points.push_back({Decimal{a}.value(), Decimal{b}.value(), Decimal{g}.value()});
      }
    }
  }
  if (points.empty()) {
    throw Error(ErrorKind::kUsage, "--tolerance", "no grid point satisfies alpha * beta^2 * gamma^2 ~ target",
                "widen the ranges or the tolerance, or use a smaller step");
  }
  return points;
}

std::vector<RealisedNet> realise(const spec::ArchSpec& baseline, const CoefficientGrid& grid,
                                 spec::CostKind kind) {
  const auto base_cost = static_cast<double>(spec::cost_of(count(baseline).total, kind));
  std::map<std::string, RealisedNet> by_text;
  for (const CompoundRule& rule : grid_points(grid)) {
    const spec::ArchSpec arch = scale(baseline, multipliers(rule, 1));
    RealisedNet& net = by_text[spec::to_text(arch)];
    if (net.rules.empty()) {
      net.arch = arch;
      net.cost = count(arch).total;
      net.cost_ratio = static_cast<double>(spec::cost_of(net.cost, kind)) / base_cost;
    }
    net.rules.push_back(rule);
  }
  std::vector<RealisedNet> nets;
  for (auto& [text, net] : by_text) {
    const auto off_target = [&](const CompoundRule& rule) {
      return std::abs(rule.product() - grid.target.value());
    };
    std::stable_sort(net.rules.begin(), net.rules.end(), [&](const CompoundRule& a, const CompoundRule& b) {
      return off_target(a) < off_target(b);
    });
    nets.push_back(std::move(net));
  }
  std::stable_sort(nets.begin(), nets.end(),
                   [](const RealisedNet& a, const RealisedNet& b) { return a.cost_ratio < b.cost_ratio; });
  return nets;
}

std::vector<RealisedNet> comparable(const std::vector<RealisedNet>& nets, double spread, double wanted_ratio,
                                    std::size_t enough) {
  const std::size_t cap = enough == 0 ? nets.size() : enough;
  std::size_t best_begin = 0, best_count = 0;
  double best_distance = std::numeric_limits<double>::infinity();
  for (std::size_t begin = 0, end = 0; begin < nets.size(); ++begin) {
    while (end < nets.size() && nets[end].cost_ratio <= nets[begin].cost_ratio * (1 + spread)) ++end;
    const double middle = (nets[begin].cost_ratio + nets[end - 1].cost_ratio) / 2;
    const double distance = std::abs(std::log(middle / wanted_ratio));
    const std::size_t members = end - begin;
    const std::size_t worth = std::min(members, cap), best_worth = std::min(best_count, cap);
    if (worth > best_worth || (worth == best_worth && distance < best_distance)) {
      best_begin = begin;
      best_count = members;
      best_distance = distance;
    }
  }
  const auto first = nets.begin() + static_cast<std::ptrdiff_t>(best_begin);
  return {first, first + static_cast<std::ptrdiff_t>(best_count)};
}

std::vector<RealisedNet> spread_out(const std::vector<RealisedNet>& nets, std::size_t limit) {
  if (nets.size() <= limit) return nets;
  constexpr std::array<double, 3> kEven{1.0 / 3, 1.0 / 3, 1.0 / 3};
  std::vector<double> to_taken(nets.size());
  for (std::size_t i = 0; i < nets.size(); ++i) to_taken[i] = -distance(shares(nets[i].rules.front()), kEven);
  std::vector<RealisedNet> taken;
  while (taken.size() < limit) {
    const auto next =
        static_cast<std::size_t>(std::max_element(to_taken.begin(), to_taken.end()) - to_taken.begin());
    for (std::size_t i = 0; i < nets.size(); ++i) {
      const double away = distance(shares(nets[i].rules.front()), shares(nets[next].rules.front()));
      to_taken[i] = taken.empty() ? away : std::min(to_taken[i], away);
    }
    taken.push_back(nets[next]);
  }
  return taken;
}

}  // namespace effnet::scaling
