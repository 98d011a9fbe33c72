// Random search: every member within the limits equally likely, whatever was seen. The arm that any other
// strategy has to beat at equal cost (Li and Talwalkar, arXiv 1902.07638).
#include "search/standing_nets.h"
#include "search/strategies.h"

namespace effnet::search {
namespace {

class Random final : public Strategy {
 public:
  Random(const Space& space, const Objective& objective) : space_(space), tried_(space, objective) {}

  spec::Choices ask(const AskContext& context) override {
    spec::RandomStream random(context.seed);
    return space_.sample(random);
  }

  void tell(int, const spec::Choices& choices, std::optional<double> reward) override {
    if (reward) tried_.add(choices, *reward);
  }

  std::vector<spec::Choices> recommend(int count) const override { return tried_.best(count); }

 private:
  const Space& space_;
  StandingNets tried_;
};

}  // namespace

std::unique_ptr<Strategy> make_random(const Space& space, int, const Objective& objective) {
  return std::make_unique<Random>(space, objective);
}

}  // namespace effnet::search
