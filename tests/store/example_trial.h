// A trial as the tests of the store record it: nothing in it is zero or empty that could be.
#pragma once

#include "store/trial_store.h"

namespace effnet::tests {

inline store::TrialRecord example_record(int number) {
  store::TrialRecord record;
  record.trial.number = number;
  record.trial.seed = 0xfedcba9876543210ULL + number;  // above 2^63: the integers of databases are signed
  record.trial.candidate = {
      {{"stage1.kernel", 5.0}, {"stage1.op", std::string("mb")}},
      spec::parse_arch("conv_k3_s1_c16 | mb_k5_s2_e6_c24_r2_se0.25 | conv_k1_s1_c64 | fc10 @1x20 silu",
                       "test"),
      {.params = 12, .macs = 34, .activations = 56, .bn_buffers = 78}};
  record.trial.budget = {.pictures = 12000, .epochs = 2};
  record.outcome = {.accuracy = 88.125, .loss = 0.4, .pictures = 24000, .seconds = 9.5};
  return record;
}

}  // namespace effnet::tests
