// The work of the kernels between sums and batch norms, in bytes.
#include "cuda/norm_finish.h"

namespace effnet::cuda {

BytesModel bytes_of(const NormForwardFinish& work) {
  const double numbers = 4 * static_cast<double>(work.channels), parts = static_cast<double>(work.parts);
  // Weight and bias; with moments the running statistics are moved, without they are what is read.
  const bool moved = work.moments && work.running_mean;
  return {.rest_read = numbers * ((work.moments ? 3 * parts : 2) + 2 + (moved ? 2 : 0)),
          .rest_written = numbers * (4 + (moved ? 2 : 0))};
}

BytesModel bytes_of(const NormBackwardFinish& work) {
  const double numbers = 4 * static_cast<double>(work.channels);
  return {.rest_read = numbers * (2 * static_cast<double>(work.parts) + 3), .rest_written = numbers * 5};
}

}  // namespace effnet::cuda
