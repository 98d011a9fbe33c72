#include "cudnn/descriptor.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace effnet::cudnn {

void check(cudnnStatus_t status, const char* doing) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  char words[1024] = "";
  cudnnGetLastErrorString(words, sizeof words);
  throw std::runtime_error(std::string("cuDNN: ") + doing + ": " + cudnnGetErrorString(status) +
                           (words[0] ? std::string(" (") + words + ")" : ""));
}

Descriptor::Descriptor(cudnnBackendDescriptorType_t type) {
  cudnnBackendDescriptor_t raw = nullptr;
  check(cudnnBackendCreateDescriptor(type, &raw), "a new descriptor");
  object_ = {raw, [](void* of) { cudnnBackendDestroyDescriptor(of); }};
}

Descriptor& Descriptor::finalize() {
  check(cudnnBackendFinalize(get()), "finalising a descriptor");
  return *this;
}

bool Descriptor::try_finalize() {
  return cudnnBackendFinalize(get()) == CUDNN_STATUS_SUCCESS;
}

std::vector<Descriptor> Descriptor::descriptors(cudnnBackendAttributeName_t name,
                                                cudnnBackendDescriptorType_t type, std::size_t most) const {
  std::vector<Descriptor> all;
  std::vector<cudnnBackendDescriptor_t> raw;
  for (std::size_t i = 0; i < most; ++i) raw.push_back(all.emplace_back(type).get());
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(
                              get_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, raw.size(), raw.data())),
            all.end());
  return all;
}

void Descriptor::set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                         std::size_t count, const void* values) {
  check(cudnnBackendSetAttribute(get(), name, type, static_cast<std::int64_t>(count), values),
        "setting an attribute");
}

std::size_t Descriptor::get_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                                std::size_t room, void* values) const {
  std::int64_t count = 0;
  check(cudnnBackendGetAttribute(get(), name, type, static_cast<std::int64_t>(room), &count, values),
        "reading an attribute");
  return std::min(room, static_cast<std::size_t>(count));
}

}  // namespace effnet::cudnn
