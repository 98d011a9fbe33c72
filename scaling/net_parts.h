// A net as parts in a row, each known by its text and what it is given: every block of stem, stages and head, then the
// tail, which is the classifier. What a net takes in time is about the sum of what its parts take.
//
//   mb_k3_s2_e3_c24_r1_se0.25 @16x20    a block on 16 channels of 20 x 20
//   fc10 @128x5                         the tail
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/arch_spec.h"

namespace effnet::scaling {

struct MapShape {
  int channels = 0, size = 0;
  auto operator<=>(const MapShape&) const = default;
};

struct Blocks {
  std::vector<std::string> texts;
  MapShape end;  // the map behind the last
};

Blocks blocks_of(const spec::ArchSpec& arch);
std::string tail_text(int classes, const MapShape& map);

// Nets by whose times a part is measured: `with` it, and `without` it what stands around it, a 1x1 convolution from 8
// channels in front and a classifier for one class. A part that is given a picture, of as many channels as the skeleton's, has
// nothing in front, so that what every net takes once, whatever its parts, is in the time of its first part. Activation, padding and the like are the
// skeleton's. Error{kUsage} for a text that is no part.
struct PartNets {
  spec::ArchSpec with;
  std::optional<spec::ArchSpec> without;
};
PartNets nets_around(std::string_view part, const spec::ArchSpec& skeleton, std::string_view where);

}  // namespace effnet::scaling
