// A fixed list of candidates as a strategy: grids of coefficients, the retraining of finalists with fresh
// seeds. Trial n is candidate n; rewards change nothing.
#pragma once

#include <vector>

#include "search/strategy.h"

namespace effnet::search {

class CandidateList final : public Strategy {
 public:
  // The choices name a candidate (nets without choices get {"net": NAME}): candidates with the same choices
  // must be the same net.
  explicit CandidateList(std::vector<spec::Candidate> candidates);

  int size() const { return static_cast<int>(candidates_.size()); }
  spec::Candidate candidate(const spec::Choices& choices) const;

  spec::Choices ask(const AskContext& context) override;  // context.trial must be below size()
  void tell(int, const spec::Choices&, std::optional<double>) override {}
  std::vector<spec::Choices> recommend(int) const override { return {}; }  // it chooses nothing

 private:
  std::vector<spec::Candidate> candidates_;
};

// The list with each candidate `times` times: a b c a b c ...
std::vector<spec::Candidate> repeated(const std::vector<spec::Candidate>& candidates, int times);

}  // namespace effnet::search
