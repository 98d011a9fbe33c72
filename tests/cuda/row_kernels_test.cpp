// The CUDA kernels that pass over a map row by row, and the layers between them, on the emulator: the same bits in any
// order of threads and blocks, and the bytes of their model.
#include "tests/cuda/block_ends_example.h"
#include "tests/cuda/squeeze_excite_example.h"
#include "tests/cuda/traffic.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;

namespace {

template <class Work>
void check_same_bits(Work&& work) {
  const std::vector<std::byte> once = work();
  for (const std::uint64_t seed : {0, 1, 2, 3}) {
    emulator::set_order(seed);
    CHECK(work() == once);
  }
  emulator::set_order(0);
}

// Counted sectors by the model's bytes.
template <class Work>
void check_traffic(const char* what, const cuda::BytesModel& model, double most, Work&& work) {
  INFO(what);
  emulator::clear_launches();
  work();
  const double ratio = counted(model, {}).ratio();
  CHECK(ratio >= 0.999);
  CHECK(ratio <= most);
}

void check_traffic(const RowShape& shape, Index squeezed_channels, Storage storage, double most) {
  INFO(shape.batch << "x" << shape.pixels << "x" << shape.channels);
  static float wanted = 0;
  const BlockEndsExample ends(shape, storage, {.activation = Activation::kSilu});
  cuda::BlockOutputBackward output = ends.output_gradient_work();
  output.y_gradient = &wanted;
  check_traffic("output", bytes_of(ends.output_work()), most, [&] { ends.output(); });
  const BlockEndsExample raw(shape, storage, {.raw_residual = true});
  check_traffic("output, raw residual", bytes_of(raw.output_work()), most, [&] { raw.output(); });
  check_traffic("output back", bytes_of(output), most, [&] { ends.output_gradient(); });
  check_traffic("head", bytes_of(ends.pooled_work()), most, [&] { ends.pooled(); });
  check_traffic("head back", bytes_of(ends.pooled_gradient_work()), most, [&] { ends.pooled_gradient(); });
  const SqueezeExciteExample squeeze(shape, squeezed_channels, storage, Activation::kSilu);
  check_traffic("pool", bytes_of(squeeze.pool_work()), most, [&] { squeeze.pool(true); });
  cuda::BytesModel all = bytes_of(squeeze.pool_work());
  for (const cuda::BytesModel& layers :
       {bytes_of(squeeze.forward_work()), bytes_of(squeeze.backward_work())}) {
    all.rest_read += layers.rest_read;
    all.rest_written += layers.rest_written;
  }
  check_traffic("pool and layers", all, most, [&] { squeeze.result(); });
}

}  // namespace

TEST_CASE("row kernels: the same bits in any order of threads and blocks, and again") {
  for (const RowShape& shape : {RowShape{5, 63, 40}, RowShape{2, 740, 8}, RowShape{3, 5, 272}}) {
    for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
      INFO(shape.batch << "x" << shape.pixels << "x" << shape.channels);
      const BlockEndsExample ends(shape, storage, {.activation = Activation::kSilu});
      const SqueezeExciteExample squeeze(shape, 9, storage, Activation::kSilu);
      check_same_bits([&] { return ends.output().bytes; });
      check_same_bits([&] { return ends.output_gradient().bytes; });
      check_same_bits([&] { return ends.pooled().bytes; });
      check_same_bits([&] { return ends.pooled_gradient().bytes; });
      check_same_bits([&] { return squeeze.result().bytes; });
    }
  }
}

TEST_CASE("row kernels: the model's bytes and no more") {
  check_traffic({.batch = 2, .pixels = 49, .channels = 672}, 28 * 4, Storage::kBfloat16, 1.005);
  check_traffic({.batch = 1, .pixels = 784, .channels = 240}, 16, Storage::kBfloat16, 1.005);
  check_traffic({.batch = 2, .pixels = 196, .channels = 96}, 8, Storage::kFloat, 1.005);
  // Pictures and their rows of sums begin within sectors.
  check_traffic({.batch = 3, .pixels = 63, .channels = 40}, 10, Storage::kBfloat16, 1.05);
}

TEST_CASE("row plan: every vector of a map belongs to one thread, blocks are as many as they should be") {
  for (const cuda::RowCut cut : {cuda::RowCut::kSegments, cuda::RowCut::kPictures, cuda::RowCut::kMap}) {
    for (const RowShape& shape : {RowShape{256, 12544, 16}, RowShape{256, 49, 1280}, RowShape{1, 1, 8},
                                  RowShape{1, 360000, 48}, RowShape{100, 7, 3840}}) {
      for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
        INFO(shape.batch << "x" << shape.pixels << "x" << shape.channels << " cut " << static_cast<int>(cut));
        const cuda::RowPlan p = plan_rows(shape, storage, cut);
        const Index vector = cuda::vector_channels(storage);
        CHECK(p.chunks * p.lanes * vector >= shape.channels);
        CHECK((p.chunks - 1) * p.lanes * vector < shape.channels);
        CHECK(p.threads <= cuda::kRowThreads);
        CHECK(p.threads >= p.lanes * p.rows_at_once);
        CHECK(p.segments * p.segment_rows >= p.pixels);
        CHECK((p.segments - 1) * p.segment_rows < p.pixels);
        CHECK(p.parts * p.items_a_part >= p.items);
        CHECK((p.parts - 1) * p.items_a_part < p.items);
        if (cut == cuda::RowCut::kMap) CHECK(p.parts * p.chunks <= cuda::kRowBlocks);
        if (cut == cuda::RowCut::kPictures) CHECK(p.parts == shape.batch);
      }
    }
  }
}
