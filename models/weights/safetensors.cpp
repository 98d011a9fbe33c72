#include "models/weights/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "spec/atomic_file.h"
#include "spec/error.h"

namespace effnet::models {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and is not converted");

constexpr std::uint64_t kLargestHeader = 100'000'000;  // as the reference implementation
constexpr std::string_view kAdvice = "the file is damaged or was not written whole; make it again";

struct DTypeRow {
  DType dtype;
  std::string_view text;
  std::size_t bytes;
};

constexpr std::array<DTypeRow, 10> kDTypes{{{DType::kBool, "BOOL", 1},
                                            {DType::kU8, "U8", 1},
                                            {DType::kI8, "I8", 1},
                                            {DType::kI16, "I16", 2},
                                            {DType::kI32, "I32", 4},
                                            {DType::kI64, "I64", 8},
                                            {DType::kF16, "F16", 2},
                                            {DType::kBF16, "BF16", 2},
                                            {DType::kF32, "F32", 4},
                                            {DType::kF64, "F64", 8}}};

const DTypeRow& row_of(DType dtype) {
  return *std::find_if(kDTypes.begin(), kDTypes.end(),
                       [&](const DTypeRow& row) { return row.dtype == dtype; });
}

class Parser {
 public:
  Parser(std::string bytes, std::string_view where) : where_(where) { file_.bytes = std::move(bytes); }

  Safetensors run() {
    read_header();
    try {
      for (const auto& [name, entry] : header_.items()) {
        if (name == "__metadata__")
          file_.metadata = entry.get<std::map<std::string, std::string>>();
        else
          add(name, entry);
      }
    } catch (const nlohmann::json::exception& error) {
      fail(fmt::format("the header is not as safetensors has it: {}", error.what()));
    }
    check_coverage();
    return std::move(file_);
  }

 private:
  [[noreturn]] void fail(std::string_view message) const {
    throw spec::Error(spec::ErrorKind::kBadData, where_, message, kAdvice);
  }

  void read_header() {
    std::uint64_t length = 0;
    if (file_.bytes.size() < sizeof length)
      fail(fmt::format("{} bytes are no safetensors file", file_.bytes.size()));
    std::memcpy(&length, file_.bytes.data(), sizeof length);
    if (length > kLargestHeader || length > file_.bytes.size() - sizeof length)
      fail(fmt::format("the header would have {} bytes, the file has {}", length, file_.bytes.size()));
    data_start_ = sizeof length + length;
    const std::string_view text(file_.bytes.data() + sizeof length, length);
    header_ = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!header_.is_object()) fail("the header is not a JSON object");
  }

  void add(const std::string& name, const nlohmann::json& entry) {
    TensorView view;
    view.name = name;
    const auto text = entry.at("dtype").get<std::string>();
    const auto* row = std::find_if(kDTypes.begin(), kDTypes.end(),
                                   [&](const DTypeRow& known) { return known.text == text; });
    if (row == kDTypes.end()) fail(fmt::format("tensor '{}' has the unknown dtype '{}'", name, text));
    view.dtype = row->dtype;
    view.shape = entry.at("shape").get<std::vector<std::int64_t>>();
    const auto offsets = entry.at("data_offsets").get<std::array<std::uint64_t, 2>>();
    const std::uint64_t available = file_.bytes.size() - data_start_;
    if (offsets[0] > offsets[1] || offsets[1] > available)
      fail(fmt::format("tensor '{}' lies at bytes {} .. {} of {}", name, offsets[0], offsets[1], available));
    if (byte_count(view, available) != offsets[1] - offsets[0])
      fail(fmt::format("tensor '{}' has {} bytes, which is not what its shape needs", name,
                       offsets[1] - offsets[0]));
    view.bytes =
        std::as_bytes(std::span(file_.bytes)).subspan(data_start_ + offsets[0], offsets[1] - offsets[0]);
    file_.tensors.push_back(std::move(view));
  }

  // More than `available` stops the product before it can overflow.
  std::uint64_t byte_count(const TensorView& view, std::uint64_t available) const {
    std::uint64_t bytes = row_of(view.dtype).bytes;
    if (std::count(view.shape.begin(), view.shape.end(), 0) > 0) bytes = 0;
    for (const std::int64_t size : view.shape) {
      if (size < 0) fail(fmt::format("tensor '{}' has a negative size", view.name));
      if (bytes == 0) continue;
      if (static_cast<std::uint64_t>(size) > available / bytes)
        fail(fmt::format("tensor '{}' is larger than the file", view.name));
      bytes *= static_cast<std::uint64_t>(size);
    }
    return bytes;
  }

  void check_coverage() {
    std::sort(file_.tensors.begin(), file_.tensors.end(), [](const TensorView& a, const TensorView& b) {
      return std::pair(a.bytes.data(), a.bytes.size()) < std::pair(b.bytes.data(), b.bytes.size());
    });
    const std::byte* expected = std::as_bytes(std::span(file_.bytes)).data() + data_start_;
    for (const TensorView& view : file_.tensors) {
      if (view.bytes.data() != expected)
        fail(fmt::format("tensor '{}' overlaps another or leaves a gap", view.name));
      expected += view.bytes.size();
    }
    if (expected != std::as_bytes(std::span(file_.bytes)).data() + file_.bytes.size())
      fail("bytes follow after the last tensor");
  }

  std::string where_;
  Safetensors file_;
  nlohmann::json header_;
  std::size_t data_start_ = 0;
};

}  // namespace

std::size_t size_of(DType dtype) {
  return row_of(dtype).bytes;
}

std::string_view to_text(DType dtype) {
  return row_of(dtype).text;
}

const TensorView* Safetensors::find(std::string_view name) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const TensorView& view) { return view.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

Safetensors parse_safetensors(std::string bytes, std::string_view where) {
  return Parser(std::move(bytes), where).run();
}

Safetensors read_safetensors(const std::filesystem::path& file) {
  return parse_safetensors(spec::read_file(file), file.string());
}

std::string safetensors_bytes(const std::vector<TensorView>& tensors,
                              const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t offset = 0;
  for (const TensorView& view : tensors) {
    header[view.name] = {{"dtype", to_text(view.dtype)},
                         {"shape", view.shape},
                         {"data_offsets", {offset, offset + view.bytes.size()}}};
    offset += view.bytes.size();
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // tensors start on multiples of 8
  const std::uint64_t length = text.size();
  std::string bytes;
  bytes.reserve(sizeof length + text.size() + offset);
  bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
  bytes += text;
  for (const TensorView& view : tensors)
    bytes.append(reinterpret_cast<const char*>(view.bytes.data()), view.bytes.size());
  return bytes;
}

}  // namespace effnet::models
