// Where the names of points go in a chart so that they do not collide: greedy placement in pixel space over
// candidates around each point (16 directions, growing distance), the crowded ones first, then a few rounds
// in which each label may move to a better place. Deterministic; about n^2 times the candidates. All values
// are pixels, x to the right and y downwards.
#pragma once

#include <vector>

namespace effnet::report {

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
};
bool overlap(const Box& a, const Box& b);  // touching edges do not count

struct Segment {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

struct LabelledPoint {
  double x = 0, y = 0;
  double radius = 4;             // of the marker
  double width = 0, height = 0;  // of the label's text; width 0: a marker without a label
  bool first = false;            // placed before all others
};

enum class Anchor { kStart, kMiddle, kEnd };  // which end of the text lies at PlacedLabel::x

struct PlacedLabel {
  bool shown = false;  // false: no free place was found, or there is no label
  Box box;
  double x = 0, y = 0;  // where the text is anchored; y is its middle
  Anchor anchor = Anchor::kStart;
  bool has_leader = false;  // the label is far: draw `leader`, from the marker's edge to the label
  Segment leader;
};

// One PlacedLabel a point, in order. Labels never overlap each other, a marker, or the edge of `area`; they
// avoid `lines` (curves, error bars) where they can.
std::vector<PlacedLabel> place_labels(const std::vector<LabelledPoint>& points,
                                      const std::vector<Segment>& lines, const Box& area);

}  // namespace effnet::report
