// What training does to a picture: a random square window of the zero-padded source, a mirror image, a
// rectangle blotted out (random erasing, arXiv 1708.04896, with timm's proportions). "Zero" is meant after
// normalisation, so padding and blots have the training set's mean colour.
#pragma once

#include "data/dataset.h"
#include "spec/random_stream.h"

namespace effnet::data {

struct AugmentOptions {
  int crop_padding = 0;  // pixels of the source picture, on every side
  bool hflip = false;    // mirror every second picture, at random
  double erase_probability = 0;
};

// A square of the source; it may reach over the edges. A picture is used by its shorter side.
struct Window {
  int top = 0, left = 0, side = 0;
  bool mirrored = false;
};

Window centre_window(const Picture& picture);
Window random_window(const Picture& picture, const AugmentOptions& options, spec::RandomStream& random);

// Sets a rectangle of `pixels` (size, size, channels) to 0: 2..33 % of the area, sides' ratio 0.3..3.3.
void erase_at_random(const AugmentOptions& options, int size, int channels, float* pixels,
                     spec::RandomStream& random);

}  // namespace effnet::data
