#include "models/weights/state_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "models/weights/safetensors.h"
#include "spec/atomic_file.h"
#include "spec/error.h"

namespace effnet::models {
namespace {

struct TypePair {
  at::ScalarType scalar;
  DType dtype;
};

constexpr std::array<TypePair, 10> kTypes{{{at::kBool, DType::kBool},
                                           {at::kByte, DType::kU8},
                                           {at::kChar, DType::kI8},
                                           {at::kShort, DType::kI16},
                                           {at::kInt, DType::kI32},
                                           {at::kLong, DType::kI64},
                                           {at::kHalf, DType::kF16},
                                           {at::kBFloat16, DType::kBF16},
                                           {at::kFloat, DType::kF32},
                                           {at::kDouble, DType::kF64}}};

DType dtype_of(at::ScalarType scalar) {
  for (const TypePair& pair : kTypes) {
    if (pair.scalar == scalar) return pair.dtype;
  }
  TORCH_CHECK(false, "no safetensors dtype for ", scalar);
}

at::ScalarType scalar_of(DType dtype) {
  for (const TypePair& pair : kTypes) {
    if (pair.dtype == dtype) return pair.scalar;
  }
  return at::kFloat;
}

}  // namespace

const torch::Tensor* StateFile::find(std::string_view name) const {
  for (const auto& [key, tensor] : tensors) {
    if (key == name) return &tensor;
  }
  return nullptr;
}

NamedTensors named_state(const torch::nn::Module& module) {
  NamedTensors tensors;
  for (const auto& item : module.named_parameters()) tensors.emplace_back(item.key(), item.value());
  for (const auto& item : module.named_buffers()) tensors.emplace_back(item.key(), item.value());
  return tensors;
}

void write_state(const std::filesystem::path& file, const NamedTensors& tensors,
                 const std::map<std::string, std::string>& metadata) {
  std::vector<torch::Tensor> kept;  // row-major copies on the CPU, alive until written
  std::vector<TensorView> views;
  for (const auto& [name, tensor] : tensors) {
    kept.push_back(tensor.detach().cpu().contiguous(at::MemoryFormat::Contiguous));
    const torch::Tensor& row_major = kept.back();
    views.push_back({name,
                     dtype_of(row_major.scalar_type()),
                     row_major.sizes().vec(),
                     {static_cast<const std::byte*>(row_major.const_data_ptr()), row_major.nbytes()}});
  }
  spec::write_file_atomically(file, safetensors_bytes(views, metadata));
}

StateFile read_state(const std::filesystem::path& file) {
  const Safetensors read = read_safetensors(file);
  StateFile state;
  state.metadata = read.metadata;
  for (const TensorView& view : read.tensors) {
    torch::Tensor tensor = torch::empty(view.shape, scalar_of(view.dtype));
    if (!view.bytes.empty()) std::memcpy(tensor.mutable_data_ptr(), view.bytes.data(), view.bytes.size());
    state.tensors.emplace_back(view.name, tensor);
  }
  return state;
}

void load_into(const NamedTensors& targets, const StateFile& from, std::string_view prefix,
               std::string_view where) {
  const torch::NoGradGuard no_grad;
  std::map<std::string_view, const torch::Tensor*> known;
  for (const auto& [name, tensor] : from.tensors) known[name] = &tensor;
  for (const auto& [name, target] : targets) {
    const std::string key = std::string(prefix) + name;
    const auto found = known.find(key);
    const auto fail = [&](const std::string& message) {
      throw spec::Error(spec::ErrorKind::kBadData, where, message, "the weights belong to another net");
    };
    if (found == known.end()) fail(fmt::format("tensor '{}' is missing", key));
    if (found->second->sizes() != target.sizes()) {
      fail(fmt::format("tensor '{}' has shape ({}), ({}) is expected", key,
                       fmt::join(found->second->sizes(), ", "), fmt::join(target.sizes(), ", ")));
    }
    torch::Tensor(target).copy_(*found->second);
  }
}

}  // namespace effnet::models
