// What the compiled kernels need of a processor, as ptxas says: nothing spilled, and registers for the blocks that the
// kernels are written for.
#include "tests/cuda/ptxas_report.h"

#include <sstream>

#include "tests/support/catch.h"

using namespace effnet::tests;

namespace {

// Of the 65,536 registers of a processor: 128 a thread leave room for two blocks of 256 threads, 255 for one, 64 for one
// of 1,024 threads.
int most_registers(const std::string& kernel) {
  if (kernel.starts_with("depthwise_backward_row_walk<") && kernel.find(", 7,") != std::string::npos)
    return 255;
  if (kernel.starts_with("dense_forward_strips<") || kernel.starts_with("pointwise_forward_strips<"))
    return kernel.ends_with("<Bfloat16, 2>") ? 168 : 128;
  if (kernel.starts_with("pointwise_backward_strips<") || kernel.starts_with("stem_backward_rows<"))
    return 255;
  if (kernel == "dense_input_gradient_strips<Bfloat16>" ||
      kernel == "dense_weight_gradient_strips<Bfloat16, 5>")
    return 168;
  for (const char* of_two_blocks :
       {"_row_walk<", "pool_", "block_output_", "se_layers_", "stem_", "dense_", "expand_depthwise_"}) {
    if (kernel.find(of_two_blocks) != std::string::npos) return 128;
  }
  return 64;
}

std::vector<KernelResources> all_kernels() {
  std::vector<KernelResources> all;
  std::istringstream objects(EFFNET_CUDA_OBJECTS);
  for (std::string object; std::getline(objects, object, ':');) {
    for (const KernelResources& kernel : read_ptxas_report(object + ".ptxas")) all.push_back(kernel);
  }
  return all;
}

}  // namespace

TEST_CASE("ptxas: no kernel spills, none needs more registers or shared memory than stated") {
  const std::vector<KernelResources> kernels = all_kernels();
  int depthwise = 0, pointwise = 0, dense = 0, expand = 0, stem = 0;
  for (const KernelResources& kernel : kernels) {
    INFO(kernel.kernel << " for " << kernel.architecture);
    CHECK(kernel.spill_stores + kernel.spill_loads + kernel.stack == 0);
    CHECK(kernel.registers > 0);
    CHECK(kernel.registers <= most_registers(kernel.kernel));
    CHECK(kernel.static_shared <= 1024);  // what is large is dynamic (depthwise_plan.h)
    stem += kernel.kernel.starts_with("stem_") && kernel.architecture == kernels[0].architecture;
    pointwise += kernel.kernel.starts_with("pointwise_") && kernel.architecture == kernels[0].architecture;
    expand += kernel.kernel.starts_with("expand_") && kernel.architecture == kernels[0].architecture;
    dense += kernel.kernel.starts_with("dense_") && kernel.architecture == kernels[0].architecture;
    depthwise += kernel.kernel.find("_row_walk<") != std::string::npos &&
                 kernel.architecture == kernels[0].architecture;
  }
  CHECK(depthwise == 24);  // 2 directions, 2 storages, 3 kernel sizes, 2 strides
  CHECK(expand == 12);     // 2 storages, 3 kernel sizes, 2 strides
  CHECK(stem == 8);        // 2 directions, 2 storages, 1 or 3 channels of the picture
  CHECK(pointwise == 10);  // 2 storages; 2 widths of y forward, 3 of its panels back
  CHECK(dense == 12);      // 2 storages; 2 widths of y forward, 1 to the input, 3 kernel sizes to the weights
}

TEST_CASE("ptxas: a report is read, and one of another form is refused") {
  const std::string text =
      "ptxas info    : 0 bytes gmem\n"
      "ptxas info    : Compiling entry function '_Z4walkIfLi3EEvi' for 'sm_80'\n"
      "ptxas info    : Function properties for _Z4walkIfLi3EEvi\n"
      "    96 bytes stack frame, 172 bytes spill stores, 184 bytes spill loads\n"
      "ptxas info    : Used 128 registers, used 1 barriers, 96 bytes cumulative stack size, 1024 bytes "
      "smem\n";
  const std::vector<KernelResources> kernels = parse_ptxas_report(text);
  REQUIRE(kernels.size() == 1);
  CHECK(kernels[0].kernel == "walk<float, 3>");
  CHECK(kernels[0].architecture == "sm_80");
  CHECK(kernels[0].registers == 128);
  CHECK(kernels[0].stack == 96);
  CHECK(kernels[0].spill_stores == 172);
  CHECK(kernels[0].spill_loads == 184);
  CHECK(kernels[0].static_shared == 1024);
  CHECK_THROWS_AS(parse_ptxas_report(text.substr(0, text.find("ptxas info    : Used"))), std::runtime_error);
  CHECK_THROWS_AS(read_ptxas_report("nowhere.ptxas"), std::runtime_error);
}
