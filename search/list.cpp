#include "search/list.h"

#include <algorithm>
#include <cassert>

namespace effnet::search {

CandidateList::CandidateList(std::vector<spec::Candidate> candidates) : candidates_(std::move(candidates)) {}

spec::Candidate CandidateList::candidate(const spec::Choices& choices) const {
  const auto found =
      std::find_if(candidates_.begin(), candidates_.end(),
                   [&](const spec::Candidate& candidate) { return candidate.choices == choices; });
  assert(found != candidates_.end());
  return *found;
}

spec::Choices CandidateList::ask(const AskContext& context) {
  assert(context.trial >= 0 && context.trial < size());
  return candidates_[static_cast<std::size_t>(context.trial)].choices;
}

std::vector<spec::Candidate> repeated(const std::vector<spec::Candidate>& candidates, int times) {
  std::vector<spec::Candidate> list;
  for (int i = 0; i < times; ++i) list.insert(list.end(), candidates.begin(), candidates.end());
  return list;
}

}  // namespace effnet::search
