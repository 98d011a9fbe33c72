#include "cuda/work.h"

namespace effnet::cuda {

BytesModel bytes_of(std::span<const Work> list) {
  BytesModel sum;
  for (const Work& work : list) {
    const BytesModel one = std::visit([](const auto& launch) { return bytes_of(launch); }, work);
    sum.maps_read += one.maps_read;
    sum.maps_written += one.maps_written;
    sum.rest_read += one.rest_read;
    sum.rest_written += one.rest_written;
  }
  return sum;
}

}  // namespace effnet::cuda
