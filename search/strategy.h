// How a search proposes: ask / tell. The study asks trial after trial and tells what came of them in trial
// order; with a lag L, ask n has been told exactly of the trials 0..n-L.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "spec/trial.h"

namespace effnet::search {

struct AskContext {
  int trial = 0;
  std::uint64_t seed = 0;  // for all randomness of this ask, so that a replay asks the same
};

// A strategy must be a function of its asks and tells alone: no clock, no other randomness.
class Strategy {
 public:
  virtual ~Strategy() = default;

  virtual spec::Choices ask(const AskContext& context) = 0;
  // No reward: the trial failed, or broke a constraint.
  virtual void tell(int trial, const spec::Choices& choices, std::optional<double> reward) = 0;
  // The nets that it stands for after what it was told, the best first and each once, at most `count`: by its belief rather
  // than by a lucky observation. Empty: it has none, and the highest rewards are all there is.
  virtual std::vector<spec::Choices> recommend(int /*count*/) const { return {}; }
  // A line for the progress display: what the strategy has come to believe.
  virtual std::string state_note() const { return {}; }
};

}  // namespace effnet::search
