// "Did you mean": the known word nearest to a misspelt one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace effnet::spec {

// The member of `known` at the smallest edit distance (a swap of neighbours counts one), or "" when none is
// within a third of the word's length (at least 2).
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

// "did you mean 'epochs'?", or "known: a, b, c" when nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace effnet::spec
