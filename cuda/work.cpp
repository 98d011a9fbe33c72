#include "cuda/work.h"

namespace effnet::cuda {

BytesModel bytes_of(std::span<const Work> list) {
  BytesModel sum;
  for (const Work& work : list) {
    const BytesModel of_one = std::visit([](const auto& launch) { return bytes_of(launch); }, work);
    sum.maps_read += of_one.maps_read;
    sum.maps_written += of_one.maps_written;
    sum.rest_read += of_one.rest_read;
    sum.rest_written += of_one.rest_written;
  }
  return sum;
}

}  // namespace effnet::cuda
