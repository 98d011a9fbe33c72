// The space of NAS-Bench-Macro (8 layers, 3 operators each) in our form, and where its table lies, if it does.
// Source: github.com/xiusu/NAS-Bench-Macro, Su et al., CVPR 2021.
#pragma once

#include <filesystem>
#include <string>

namespace effnet::tests {

inline std::string macro_space_toml() {
  std::string toml =
      "name = \"macro\"\n[skeleton]\ninput = 32\nclasses = 10\nactivation = \"relu\"\npadding = "
      "\"symmetric\"\n"
      "bn_eps = 1e-5\nstem = \"conv_k3_s1_c32\"\nhead = \"conv_k1_s1_c1280\"\n";
  const int channels[] = {64, 64, 128, 128, 128, 256, 256, 256};
  const int strides[] = {2, 1, 2, 1, 1, 2, 1, 1};
  for (int layer = 0; layer < 8; ++layer) {
    const std::string ends = "_s" + std::to_string(strides[layer]);
    const std::string width = "_c" + std::to_string(channels[layer]);
    toml += "[[stage]]\nblock = [\"identity" + ends + width + "\", \"mb_k3" + ends + "_e3" + width +
            "\", \"mb_k5" + ends + "_e6" + width + "\"]\n";
  }
  return toml;
}

inline std::filesystem::path macro_table() {
  return std::filesystem::path(EFFNET_SOURCE_DIR) /
         "../shared/data/nas-bench-macro/nas_bench_macro_cifar10.csv";
}

}  // namespace effnet::tests
