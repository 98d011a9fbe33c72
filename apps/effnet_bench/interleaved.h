// Times pieces of work in turn, A B A B ..., so that a machine's slow phases hit all alike, and keeps each one's shortest.
#pragma once

#include <functional>
#include <vector>

namespace effnet::apps {

struct Contender {
  std::function<void()> work;
  double shortest = 0;  // seconds; set by the race
  int runs = 0;
};

// Two runs of each to warm up, then rounds for about `seconds`, at least five. A contender whose run is much shorter than
// the longest one's runs several times a round.
void race(std::vector<Contender>& contenders, double seconds);

}  // namespace effnet::apps
