// Pictures for measuring where there are no others: grey, 28 x 28, a bright band a class under noise, as IDX files. What
// a net computes takes as long on them as on any.
#pragma once

#include <cstdint>
#include <filesystem>

namespace effnet::apps {

// Writes the four files of a data set `idx` into `folder`: `train` pictures to train on and some to test, in `classes`
// classes (1 to 255), about as many of each. Error{kEnvironment} where there is no room.
void write_made_up_pictures(const std::filesystem::path& folder, std::int64_t train, int classes);

}  // namespace effnet::apps
