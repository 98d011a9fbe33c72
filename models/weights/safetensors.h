// Safetensors (huggingface/safetensors): 8 bytes little-endian length of the header, the header (a JSON
// object of name -> {dtype, shape, data_offsets}, and "__metadata__" with strings), then the tensors' bytes
// back to back. Torch-free. What is read is checked: the header's length, every offset, no gap and no
// overlap, size = shape * dtype.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace effnet::models {

enum class DType { kBool, kU8, kI8, kI16, kI32, kI64, kF16, kBF16, kF32, kF64 };

std::size_t size_of(DType dtype);  // bytes an element
std::string_view to_text(DType dtype);

struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;  // row-major
  std::span<const std::byte> bytes;
};

// A parsed file. The views point into `bytes`.
struct Safetensors {
  std::string bytes;
  std::vector<TensorView> tensors;  // in the order of their data
  std::map<std::string, std::string> metadata;

  const TensorView* find(std::string_view name) const;  // null if there is none
};

// Error{kBadData} naming `where` for anything that is not a whole and valid file.
Safetensors parse_safetensors(std::string bytes, std::string_view where);
Safetensors read_safetensors(const std::filesystem::path& file);

std::string safetensors_bytes(const std::vector<TensorView>& tensors,
                              const std::map<std::string, std::string>& metadata);

}  // namespace effnet::models
