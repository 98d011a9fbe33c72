// A descriptor of cuDNN's graph API (cudnn_graph.h): an object with attributes, finalised once they are set. Whatever fails
// is a std::runtime_error with cuDNN's own words.
#pragma once

#include <cudnn.h>

#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

namespace effnet::cudnn {

void check(cudnnStatus_t status, const char* doing);

// By which name cuDNN knows a C++ type.
template <class T>
struct AttributeType;
template <>
struct AttributeType<std::int64_t> : std::integral_constant<cudnnBackendAttributeType_t, CUDNN_TYPE_INT64> {};
template <>
struct AttributeType<float> : std::integral_constant<cudnnBackendAttributeType_t, CUDNN_TYPE_FLOAT> {};
template <>
struct AttributeType<char> : std::integral_constant<cudnnBackendAttributeType_t, CUDNN_TYPE_CHAR> {};
template <>
struct AttributeType<void*> : std::integral_constant<cudnnBackendAttributeType_t, CUDNN_TYPE_VOID_PTR> {};
template <>
struct AttributeType<cudnnHandle_t> : std::integral_constant<cudnnBackendAttributeType_t, CUDNN_TYPE_HANDLE> {
};
template <>
struct AttributeType<cudnnDataType_t>
    : std::integral_constant<cudnnBackendAttributeType_t, CUDNN_TYPE_DATA_TYPE> {};
template <>
struct AttributeType<cudnnConvolutionMode_t>
    : std::integral_constant<cudnnBackendAttributeType_t, CUDNN_TYPE_CONVOLUTION_MODE> {};
template <>
struct AttributeType<cudnnBackendHeurMode_t>
    : std::integral_constant<cudnnBackendAttributeType_t, CUDNN_TYPE_HEUR_MODE> {};
template <>
struct AttributeType<cudnnBackendNumericalNote_t>
    : std::integral_constant<cudnnBackendAttributeType_t, CUDNN_TYPE_NUMERICAL_NOTE> {};

// Copies share the object, as cuDNN's own attributes do.
class Descriptor {
 public:
  explicit Descriptor(cudnnBackendDescriptorType_t type);

  template <class T>
  Descriptor& set(cudnnBackendAttributeName_t name, const std::vector<T>& values) {
    if constexpr (std::is_same_v<T, Descriptor>) {
      // What is referred to stays as long as what refers to it.
      std::vector<cudnnBackendDescriptor_t> raw;
      for (const Descriptor& value : values) {
        raw.push_back(value.get());
        parts_.push_back(value.object_);
      }
      set_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, raw.size(), raw.data());
    } else {
      set_raw(name, AttributeType<T>::value, values.size(), values.data());
    }
    return *this;
  }
  template <class T>
  Descriptor& set(cudnnBackendAttributeName_t name, const T& value) {
    return set(name, std::vector<T>{value});
  }

  Descriptor& finalize();
  bool try_finalize();  // false: cuDNN does not support it

  // At most `most` numbers of an attribute.
  template <class T>
  std::vector<T> numbers(cudnnBackendAttributeName_t name, std::size_t most) const {
    std::vector<T> values(most);
    values.resize(get_raw(name, AttributeType<T>::value, values.size(), values.data()));
    return values;
  }
  // At most `most` descriptors of a type.
  std::vector<Descriptor> descriptors(cudnnBackendAttributeName_t name, cudnnBackendDescriptorType_t type,
                                      std::size_t most) const;

  cudnnBackendDescriptor_t get() const { return object_.get(); }

 private:
  void set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::size_t count,
               const void* values);
  std::size_t get_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::size_t room,
                      void* values) const;

  std::shared_ptr<void> object_;
  std::vector<std::shared_ptr<void>> parts_;
};

}  // namespace effnet::cudnn
