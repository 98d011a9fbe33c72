// Every member of the space once, in random order: a search that ends early has seen a fair sample. When all were tried it
// starts over, with other seeds for the same nets.
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "search/standing_nets.h"
#include "search/strategies.h"
#include "spec/error.h"

namespace effnet::search {
namespace {

class Exhaustive final : public Strategy {
 public:
  Exhaustive(const Space& space, const Objective& objective) : tried_(space, objective) {
    if (space.size() > kMostMembers) {
      throw spec::Error(spec::ErrorKind::kUsage, "--strategy",
                        fmt::format("'exhaustive' is for spaces of at most {} nets, '{}' has {:.3g}",
                                    kMostMembers, space.name(), space.size()),
                        "name another strategy, or leave the choice to 'auto'");
    }
    space.for_each([&](const spec::Choices& choices) {
      members_.push_back(choices);
      return true;
    });
  }

  // Fisher and Yates' shuffle, as far as it has been asked for.
  spec::Choices ask(const AskContext& context) override {
    const std::size_t index = static_cast<std::size_t>(context.trial) % members_.size();
    spec::RandomStream random(context.seed);
    for (; shuffled_ <= index; ++shuffled_)
      std::swap(members_[shuffled_], members_[shuffled_ + random.below(members_.size() - shuffled_)]);
    return members_[index];
  }

  void tell(int, const spec::Choices& choices, std::optional<double> reward) override {
    if (reward) tried_.add(choices, *reward);
  }

  std::vector<spec::Choices> recommend(int count) const override { return tried_.best(count); }

 private:
  static constexpr int kMostMembers = 100'000;

  StandingNets tried_;
  std::vector<spec::Choices> members_;
  std::size_t shuffled_ = 0;  // so many are in their places
};

}  // namespace

std::unique_ptr<Strategy> make_exhaustive(const Space& space, int, const Objective& objective) {
  return std::make_unique<Exhaustive>(space, objective);
}

}  // namespace effnet::search
