// The words of a search: what a strategy proposes (Candidate), what an evaluator is asked (Trial), what it
// answers (Outcome). JSON forms are one line each; they are what travels between `effnet` and a child
// process:
//
//   in   {"trial":3,"arch":"conv_k3 ...","choices":{"stage1.kernel":3},"macs":1.2e6,"params":40000,
//         "seed":17,"budget":{"pictures":12000,"epochs":2}}
//   out  {"trial":3,"accuracy":88.1,"loss":0.41,"pictures":24000,"seconds":9.5}
//   or   {"trial":3,"error":"diverged","message":"loss is not finite at step 17"}
//
// Where the space has measured times, "latency_ns" is beside macs. A trial that may be stopped early has "rungs":[{"epoch":1,"least":71.5}] as well, and its answer the accuracies there,
// "rungs":[70.2], with "error":"stopped-early" where one of them was less. An evaluator may leave rungs out.
//
// Before the outcome any number of {"trial":3,"progress":0.4} may come.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "spec/arch_spec.h"
#include "spec/cost.h"

namespace effnet::spec {

using ChoiceValue = std::variant<double, std::string>;  // 3, 0.25, "mb"
using Choices = std::map<std::string, ChoiceValue>;     // "stage1.kernel" -> 3
std::string to_text(const ChoiceValue& value);
std::string choices_json(const Choices& choices);
Choices choices_from_json(std::string_view json, std::string_view where);

struct Candidate {
  Choices choices;
  ArchSpec arch;
  Cost cost;
};

// How long a child trains: `pictures` distinct training pictures, `epochs` times.
struct Budget {
  std::int64_t pictures = 0;
  int epochs = 1;
  std::int64_t total_pictures() const { return pictures * epochs; }
  bool operator==(const Budget&) const = default;
};

// After `epoch` epochs the trial is scored, and ends if it has less than `least`.
struct Rung {
  int epoch = 0;
  double least = 0;  // accuracy in percent
  bool operator==(const Rung&) const = default;
};

struct Trial {
  int number = 0;
  std::uint64_t seed = 0;  // derived from (study seed, trial number)
  Candidate candidate;
  Budget budget;
  std::vector<Rung> rungs;  // by epoch
};

enum class OutcomeKind { kScored, kStoppedEarly, kDiverged, kOutOfMemory, kTimedOut, kCrashed };
std::string_view to_text(OutcomeKind kind);
OutcomeKind parse_outcome_kind(std::string_view text, std::string_view where);

struct Outcome {
  OutcomeKind kind = OutcomeKind::kScored;
  double accuracy = 0;        // top-1 in percent on the held-out part; 0 unless scored
  double loss = 0;            // mean cross-entropy on the held-out part
  std::int64_t pictures = 0;  // training pictures shown, repeats counted
  double seconds = 0;
  std::vector<double> rungs;  // accuracies at the trial's rungs, as far as it came
  std::string message;        // why it failed; empty when scored

  bool scored() const { return kind == OutcomeKind::kScored; }
  bool failed() const { return !scored() && kind != OutcomeKind::kStoppedEarly; }
};

std::string trial_json(const Trial& trial);
Trial trial_from_json(std::string_view json, std::string_view where);
std::string outcome_json(int trial, const Outcome& outcome);
// Error{kBadData} for anything but a finite accuracy in 0..100 or an "error".
Outcome outcome_from_json(std::string_view json, int expected_trial, std::string_view where);

// Independent streams from one seed (SplitMix64 over a hash of the parts).
std::uint64_t derive_seed(std::uint64_t seed, std::string_view stream, std::uint64_t index = 0);

}  // namespace effnet::spec
