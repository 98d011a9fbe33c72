// The house checks itself: who includes whom, where heavy libraries may appear, names, lengths, and the map
// of folders.
#include "tests/structure/house_rules.h"

#include <fstream>
#include <sstream>

#include "tests/support/catch.h"

using namespace effnet::tests;

namespace {

const std::filesystem::path kRoot = EFFNET_SOURCE_DIR;

// One line a complaint, empty when the rule holds everywhere.
std::string complaints_of(Complaints (*rule)(const SourceFile&)) {
  std::string all;
  for (const auto& file : read_sources(kRoot)) {
    for (const auto& complaint : rule(file)) all += complaint + "\n";
  }
  return all;
}

}  // namespace

TEST_CASE("a folder includes only the folders below it") {
  CHECK(complaints_of(check_include_edges) == "");
}

TEST_CASE("LibTorch is seen by ops, models, training, effnet-train and effnet-bench alone") {
  CHECK(complaints_of(check_torch_is_confined) == "");
}

TEST_CASE("OpenCV stays in data, cuDNN in cudnn, and no parser or database header in a header of ours") {
  CHECK(complaints_of(check_libraries_are_confined) == "");
}

TEST_CASE("CUDA stays with the kernels, and kernels speak to the machine through one header") {
  CHECK(complaints_of(check_cuda_is_confined) == "");
  CHECK(complaints_of(check_kernels_go_through_machine) == "");
}

TEST_CASE("every file has a name of its own, a readable length and an opening") {
  CHECK(complaints_of(check_names) == "");
  CHECK(complaints_of(check_length) == "");
  CHECK(complaints_of(check_opening) == "");
}

TEST_CASE("the architecture page maps the folders that are there") {
  std::ifstream stream(kRoot / "docs" / "architecture.md");
  std::ostringstream page;
  page << stream.rdbuf();
  CHECK(folders_in_table(page.str()) == folders_of_root(kRoot));
}

TEST_CASE("the sources are found") {
  const auto sources = read_sources(kRoot);
  CHECK(sources.size() > 60);
  for (const auto& [folder, allowed] : allowed_includes()) {
    INFO(folder);
    CHECK(std::any_of(sources.begin(), sources.end(),
                      [&](const auto& file) { return file.folder() == folder; }));
  }
}

TEST_CASE("a planted fault is found") {
  CHECK(check_include_edges({"spec/a.cpp", "// A.\n#include \"scaling/rounding.h\"\n"}).size() == 1);
  CHECK(check_include_edges({"scaling/a.cpp", "// A.\n#include \"spec/error.h\"\n#include \"scaling/b.h\"\n"})
            .empty());
  CHECK(check_include_edges({"data/a.cpp", "// A.\n#include \"neighbour.h\"\n"}).size() == 1);
  CHECK(check_torch_is_confined({"search/a.cpp", "#include <torch/torch.h>\n"}).size() == 1);
  CHECK(check_torch_is_confined({"apps/effnet/a.cpp", "#include <ATen/ATen.h>\n"}).size() == 1);
  CHECK(check_torch_is_confined({"cpu/a.cpp", "#include <ATen/Parallel.h>\n"}).size() == 1);
  CHECK(check_include_edges({"cpu/a.cpp", "// A.\n#include \"ops/execution.h\"\n"}).size() == 1);
  CHECK(check_torch_is_confined({"models/a.h", "#include <torch/torch.h>\n"}).empty());
  CHECK(check_libraries_are_confined({"report/a.cpp", "#include <opencv2/core.hpp>\n"}).size() == 1);
  CHECK(check_libraries_are_confined({"data/a.h", "#include <opencv2/core.hpp>\n"}).size() == 1);
  CHECK(check_libraries_are_confined({"store/a.h", "#include <nlohmann/json_fwd.hpp>\n"}).size() == 1);
  CHECK(check_libraries_are_confined({"store/a.h", "#include <pqxx/pqxx>\n"}).size() == 1);
  CHECK(check_libraries_are_confined({"store/a.cpp", "#include <nlohmann/json.hpp>\n"}).empty());
  CHECK(check_libraries_are_confined({"apps/effnet_bench/a.cpp", "#include <cudnn.h>\n"}).size() == 1);
  CHECK(check_libraries_are_confined({"cudnn/a.h", "#include <cudnn.h>\n"}).empty());
  CHECK(check_cuda_is_confined({"cuda/plan.h", "#include <cuda_runtime.h>\n"}).size() == 1);
  CHECK(check_cuda_is_confined({"ops/a.cpp", "#include \"cuda/device/values.h\"\n"}).size() == 1);
  CHECK(check_cuda_is_confined({"cuda/a.cu", "#include \"cuda/device/values.h\"\n"}).empty());
  CHECK(check_torch_is_confined({"cuda/a.cu", "#include <ATen/ATen.h>\n"}).size() == 1);
  CHECK(check_kernels_go_through_machine({"cuda/a.cu", "  walk<<<1, 32>>>(g);\n"}).size() == 1);
  CHECK(check_kernels_go_through_machine({"cuda/device/a.h", "__shared__ float x;\n"}).size() == 1);
  CHECK(check_kernels_go_through_machine({"cuda/device/machine.h", "asm(\"\");\n"}).empty());
  CHECK(check_kernels_go_through_machine({"cuda/device/matrix.h", "asm(\"\");\n"}).empty());
  CHECK(check_names({"spec/utils.h", ""}).size() == 1);
  CHECK(check_names({"data/common/a.h", ""}).size() == 1);
  CHECK(check_length({"spec/a.h", std::string(601, '\n')}).size() == 1);
  CHECK(check_opening({"spec/a.h", "#pragma once\n"}).size() == 2);
}
