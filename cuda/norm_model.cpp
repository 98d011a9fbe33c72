// The work of norm_finish.h in bytes.
#include "cuda/norm_finish.h"

namespace effnet::cuda {

BytesModel bytes_of(const NormForwardFinish& work) {
  const auto vectors = [&](Index count) { return 4 * static_cast<double>(count * work.channels); };
  const bool moves = work.moments && work.running_mean;
  return {.rest_read = vectors((work.moments ? 3 * work.parts : 0) + 2 + (moves || !work.moments ? 2 : 0)),
          .rest_written = vectors(4 + (moves ? 2 : 0))};
}

BytesModel bytes_of(const NormBackwardFinish& work) {
  const auto vectors = [&](Index count) { return 4 * static_cast<double>(count * work.channels); };
  return {.rest_read = vectors(2 * work.parts + 3), .rest_written = vectors(5)};
}

}  // namespace effnet::cuda
