// The bytes of whole training steps by the kernels' models, beside level b of the traffic model (docs/kernels.md): 87.4 MB a
// picture for B0, 316 for B3, 3,924 for B7.
#include "tests/cuda/step_bytes.h"

#include "scaling/cost_model.h"
#include "scaling/families.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;

namespace {

double megabytes_a_picture(const char* name, std::int64_t batch) {
  const spec::ArchSpec arch = scaling::find_net(name).arch;
  const auto parameters = static_cast<std::int64_t>(scaling::count(arch).total.params);
  return step_bytes(arch, batch, parameters).total() / 1e6 / static_cast<double>(batch);
}

}  // namespace

TEST_CASE("a training step of B0 moves at most 101 MB a picture, of B3 359, of B7 4300") {
  CHECK(megabytes_a_picture("b0", 256) < 101);
  CHECK(megabytes_a_picture("b3", 128) < 359);
  CHECK(megabytes_a_picture("b7", 64) < 4300);
}
