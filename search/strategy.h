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

// What a strategy has come to think of each value of each choice: one row a dimension of the space, one number a value.
struct Belief {
  enum class Unit {
    kNone,
    kProbability,  // with which it draws the value
    kShare,        // of its parents that have the value
    kPoints,       // of accuracy above the mean of the choice's values, as its model has it
  };
  Unit unit = Unit::kNone;
  std::vector<std::vector<double>> values;
};

// A strategy must be a function of its asks and tells alone: no clock, no other randomness.
class Strategy {
 public:
  virtual ~Strategy() = default;

  virtual spec::Choices ask(const AskContext& context) = 0;
  // No reward: the trial failed, or broke a constraint.
  virtual void tell(int trial, const spec::Choices& choices, std::optional<double> reward) = 0;
  // The nets that it stands for after what it was told, the best first and each once, at most `count`: by what is to be
  // expected of them rather than by a lucky reward (search/tried_nets.h, or a model of its own). Each was tried and scored,
  // so a score can be shown beside it; empty only while no trial was.
  virtual std::vector<spec::Choices> recommend(int count) const = 0;
  // Whether it asks for a net again to have it run again, rather than by chance: then an equal net's score must not be taken
  // over.
  virtual bool asks_again() const { return false; }
  // For the account of how it learnt; none by default.
  virtual Belief belief() const { return {}; }
  // A line for the progress display: what the strategy has come to believe.
  virtual std::string state_note() const { return {}; }
};

}  // namespace effnet::search
