// Named tensors to and from a safetensors file: what a module's parameters and buffers, a moving average and
// an optimizer are saved as.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace effnet::models {

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

struct StateFile {
  NamedTensors tensors;
  std::map<std::string, std::string> metadata;

  const torch::Tensor* find(std::string_view name) const;
};

// Parameters, then buffers, by name; the tensors are the module's own.
NamedTensors named_state(const torch::nn::Module& module);

// Whole or not at all (spec/atomic_file.h).
void write_state(const std::filesystem::path& file, const NamedTensors& tensors,
                 const std::map<std::string, std::string>& metadata);
StateFile read_state(const std::filesystem::path& file);  // tensors on the CPU

// Copies the tensors named `prefix` + name into `targets`. Error{kBadData} with `where` at the first that is
// missing or has another shape.
void load_into(const NamedTensors& targets, const StateFile& from, std::string_view prefix,
               std::string_view where);

}  // namespace effnet::models
