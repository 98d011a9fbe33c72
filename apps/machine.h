// What a result should say about the machine it was made on.
#pragma once

#include <string>
#include <vector>

namespace effnet::apps {

std::string machine_name();  // "AMD EPYC 9B45", "unknown processor"
std::vector<std::string>
cpu_features();  // of avx2, fma, avx512f, avx512_bf16, amx_tile: those that are there

}  // namespace effnet::apps
