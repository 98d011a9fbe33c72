// Local search with restarts (on architectures: White et al., arXiv 2005.02960): from a random net, its neighbours in
// random order, one choice changed; the first that pays more is the next net to start from. When none is left to try, a
// new climb starts.
#include <fmt/format.h>

#include <limits>
#include <map>
#include <set>
#include <vector>

#include "search/strategies.h"
#include "search/tried_nets.h"

namespace effnet::search {
namespace {

class Local final : public Strategy {
 public:
  explicit Local(const Space& space) : space_(space) {}

  spec::Choices ask(const AskContext& context) override {
    const auto [place, fresh] = asked_.try_emplace(context.trial);
    Asked& asked = place->second;
    if (fresh) {
      spec::RandomStream random(context.seed);
      asked.net = next(random);
      asked.climb = climb_;
      seen_.insert(asked.net);
    }
    return asked.net;
  }

  // What comes late of a former climb does not bring it back.
  void tell(int trial, const spec::Choices& choices, std::optional<double> reward) override {
    if (!reward) return;
    tried_.add(choices, *reward);
    if (asked_.at(trial).climb != climb_ || *reward <= height_) return;
    height_ = *reward;
    top_ = choices;
  }

  std::vector<spec::Choices> recommend(int count) const override { return tried_.best(count); }

  std::string state_note() const override {
    return climb_ == 0 ? "no climb yet" : fmt::format("climb {} is at {:.4f}", climb_, height_);
  }

 private:
  static constexpr double kGround = -std::numeric_limits<double>::infinity();

  // A neighbour of the climb's best that was never asked for; without one the first net of a new climb.
  spec::Choices next(spec::RandomStream& random) {
    if (climb_ > 0) {
      std::vector<spec::Choices> fresh;
      for (spec::Choices& net : space_.neighbours(top_)) {
        if (!seen_.contains(net)) fresh.push_back(std::move(net));
      }
      random.shuffle(fresh);
      for (spec::Choices& net : fresh) {
        if (space_.within_limits(net)) return std::move(net);
      }
    }
    ++climb_;
    height_ = kGround;
    top_ = space_.sample(random);
    return top_;
  }

  struct Asked {
    spec::Choices net;
    int climb = 0;
  };

  const Space& space_;
  TriedNets tried_;
  std::map<int, Asked> asked_;  // by trial
  std::set<spec::Choices> seen_;
  int climb_ = 0;
  spec::Choices top_;  // the best of this climb; its start while nothing has been told of it
  double height_ = kGround;
};

}  // namespace

std::unique_ptr<Strategy> make_local(const Space& space, int, const Objective&) {
  return std::make_unique<Local>(space);
}

}  // namespace effnet::search
