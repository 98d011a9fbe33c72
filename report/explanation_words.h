// Why a net won, in plain words. Each sentence names the trials, runs or model it rests on, so that it can be checked against
// the store; "points" are 0.01 of reward or one percent of accuracy.
#pragma once

#include <string>
#include <vector>

#include "search/explanation.h"

namespace effnet::report {

std::vector<std::string> explanation_sentences(const search::Explanation& explanation);

}  // namespace effnet::report
