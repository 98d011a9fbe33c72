// What strategies are compared on without training anything: a space whose every net's accuracy is known, and what one
// run of a net may come out as.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "search/objective.h"
#include "search/space.h"

namespace effnet::search {

struct Landscape {
  std::string name;
  Space space;
  Objective objective;
  std::function<double(const spec::Candidate&)> accuracy;  // percent, the mean of many runs
  std::function<double(const spec::Candidate&, std::uint64_t seed)> one_run;  // percent
  double best_reward = 0;  // of accuracy; of a front its hypervolume
};

// The same with a front against these costs for objective: the best is the front of all nets, which are gone through. kUsage
// for a space of more than 100,000.
Landscape with_front(Landscape landscape, std::vector<spec::CostKind> costs);

// "nas-bench-macro", "made-up" or "made-up:SEED"; kUsage for another name.
Landscape landscape(std::string_view name);

// 6,561 nets as they were trained on CIFAR-10, three runs each (Su et al., CVPR 2021); accuracy alone counts.
Landscape nas_bench_macro();
std::string_view nas_bench_macro_csv();  // search/tables/nas-bench-macro.csv

// The space b0-small, 2e9 nets, with accuracies that are drawn and no more than 3e8 multiply-adds wanted: what values
// are worth, alone, in pairs and in threes, is normal noise by `seed`, and accuracy grows with a net's multiply-adds and
// parameters more and more slowly. A run deviates by 0.25 points.
Landscape made_up_landscape(std::uint64_t seed);

}  // namespace effnet::search
