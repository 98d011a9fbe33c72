// How real-valued multipliers become whole channels, repeats and pixels
// (tensorflow/tpu models/official/efficientnet/efficientnet_model.py: round_filters, round_repeats).
#pragma once

namespace effnet::scaling {

// channels * width to the nearest multiple of `divisor`, not below `divisor`, and one step up when that lost
// more than 10 %. A width of exactly 1 changes nothing, whatever the divisor.
int round_channels(int channels, double width, int divisor);

// ceil(depth * repeats); a product within 1e-9 of an integer counts as that integer.
int round_repeats(int repeats, double depth);

// Nearest pixel, at least 1. No rule was published; B1..B7 were rounded by hand.
int round_resolution(int resolution, double factor);

}  // namespace effnet::scaling
