// RunRecord: one trained net, from which the run can be repeated and its chart row drawn. A run folder keeps
// it as results.json; results.csv has one row a record with timm's column names first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spec/arch_spec.h"
#include "spec/cost.h"
#include "spec/recipe.h"

namespace effnet::spec {

struct RunRecord {
  std::string run;    // id: name, time, hash; unique
  std::string name;   // "b1", "resnet-8x2"
  std::string group;  // "family", "human-designed", "machine-designed", "random-arm", ...
  ArchSpec arch;
  Cost cost;
  Recipe recipe;
  std::string dataset;      // "fashion-mnist"
  std::string fingerprint;  // of the data read
  std::int64_t train_pictures = 0, holdout_pictures = 0, test_pictures = 0;
  std::uint64_t seed = 0;
  int threads = 1;
  std::string device = "cpu";
  std::string versions;  // "effnet 0.1.0 (commit), torch 2.11.0, GNU 12.2.0, kernels auto (avx512)"
  std::string machine;                 // processor name
  double top1 = 0, top5 = 0;           // percent, test set
  std::vector<double> class_accuracy;  // percent, per class of the test set
  std::vector<std::string> class_names;
  double holdout_top1 = 0;  // percent, last epoch; 0 when nothing was held out
  double seconds = 0;       // training time, all attempts
};

std::string run_record_json(const RunRecord& record);  // indented
RunRecord run_record_from_json(std::string_view json, std::string_view where);
std::string results_csv(const std::vector<RunRecord>& records);

}  // namespace effnet::spec
