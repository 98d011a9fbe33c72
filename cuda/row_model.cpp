// The work of the kernels that pass over a map row by row, in bytes and flops.
#include "cuda/block_output.h"
#include "cuda/head_pool.h"
#include "cuda/se_pool.h"

namespace effnet::cuda {
namespace {

double values_of(const RowShape& shape) {
  return static_cast<double>(shape.rows() * shape.channels);
}

double map_bytes(const RowShape& shape, Storage storage) {
  return values_of(shape) * static_cast<double>(bytes_of(storage));
}

// Of (rows, C) floats.
double vector_bytes(const RowShape& shape, Index rows) {
  return 4 * static_cast<double>(rows * shape.channels);
}

}  // namespace

Index pool_parts(const RowShape& shape, Storage storage) {
  return plan_rows(shape, storage, RowCut::kSegments).segments;
}

Index output_parts(const RowShape& shape, Storage storage) {
  return plan_rows(shape, storage, RowCut::kMap).parts;
}

Index head_parts(const RowShape& shape, Storage storage) {
  return output_parts(shape, storage);
}

double flops_of(const SePool& work) {
  return values_of(work.shape) * (work.mean ? 7 : 3);
}

BytesModel bytes_of(const SePool& work) {
  const Index parts = work.shape.batch * pool_parts(work.shape, work.storage);
  return {.maps_read = map_bytes(work.shape, work.storage),
          .rest_read = vector_bytes(work.shape, work.mean ? 3 : 2),
          .rest_written = vector_bytes(work.shape, parts * (work.mean ? 3 : 1))};
}

double flops_of(const BlockOutputForward& work) {
  return values_of(work.shape) * (2 + (work.keep ? 1 : 0) + (work.x ? (work.x_scale ? 3 : 1) : 0));
}

BytesModel bytes_of(const BlockOutputForward& work) {
  const double map = map_bytes(work.shape, work.storage);
  return {.maps_read = map * (work.x ? 2 : 1),
          .maps_written = map,
          .rest_read = vector_bytes(work.shape, work.x && work.x_scale ? 4 : 2) +
                       (work.keep ? 4 * static_cast<double>(work.shape.batch) : 0)};
}

double flops_of(const BlockOutputBackward& work) {
  return values_of(work.shape) * (7 + (work.keep ? 1 : 0));
}

BytesModel bytes_of(const BlockOutputBackward& work) {
  const double map = map_bytes(work.shape, work.storage);
  return {
      .maps_read = 2 * map,
      .maps_written = work.y_gradient ? map : 0,
      .rest_read = vector_bytes(work.shape, 3) + (work.keep ? 4 * static_cast<double>(work.shape.batch) : 0),
      .rest_written = vector_bytes(work.shape, 2 * output_parts(work.shape, work.storage))};
}

double flops_of(const HeadPoolForward& work) {
  return values_of(work.shape) * 3;
}

BytesModel bytes_of(const HeadPoolForward& work) {
  return {.maps_read = map_bytes(work.shape, work.storage),
          .rest_read = vector_bytes(work.shape, work.scale ? 2 : 0),
          .rest_written = vector_bytes(work.shape, work.shape.batch)};
}

double flops_of(const HeadPoolBackward& work) {
  return values_of(work.shape) * 7;
}

BytesModel bytes_of(const HeadPoolBackward& work) {
  const double map = map_bytes(work.shape, work.storage);
  return {.maps_read = map,
          .maps_written = map,
          .rest_read = vector_bytes(work.shape, 3 + work.shape.batch),
          .rest_written = vector_bytes(work.shape, 2 * output_parts(work.shape, work.storage))};
}

}  // namespace effnet::cuda
