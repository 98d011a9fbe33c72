// cudnn/convolution.h by loops over host memory, so that what is built on cuDNN is tested without it. Convolutions of
// stride 2 to one channel have no plan, as with cuDNN there are some that have none.
#include <algorithm>
#include <cstring>

#include "cuda/storage.h"
#include "cudnn/convolution.h"

namespace effnet::cudnn {
namespace {

// A map or weight in its storage, as doubles.
class Values {
 public:
  Values(void* memory, Storage storage) : memory_(memory), storage_(storage) {}

  double get(Index i) const {
    if (storage_ == Storage::kFloat) return static_cast<const float*>(memory_)[i];
    const std::uint32_t bits = std::uint32_t{static_cast<const std::uint16_t*>(memory_)[i]} << 16;
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  void set(Index i, double value) {
    const auto single = static_cast<float>(value);
    if (storage_ == Storage::kFloat) {
      static_cast<float*>(memory_)[i] = single;
      return;
    }
    std::uint32_t bits = 0;
    std::memcpy(&bits, &single, sizeof bits);
    bits += 0x7fff + ((bits >> 16) & 1);  // to the nearest, ties to even
    static_cast<std::uint16_t*>(memory_)[i] = static_cast<std::uint16_t>(bits >> 16);
  }

 private:
  void* memory_;
  Storage storage_;
};

// visit(x, weight, y) for the places of every product of the convolution.
template <class Visit>
void each_product(const Convolution& of, Visit&& visit) {
  const Index in = of.in_channels / of.groups, out = of.out_channels / of.groups, k = of.kernel;
  for (Index n = 0; n < of.batch; ++n)
    for (Index row = 0; row < of.out_height; ++row)
      for (Index column = 0; column < of.out_width; ++column)
        for (Index co = 0; co < of.out_channels; ++co)
          for (Index i = 0; i < k; ++i)
            for (Index j = 0; j < k; ++j) {
              const Index h = row * of.stride + i - of.pad_top, w = column * of.stride + j - of.pad_left;
              if (h < 0 || h >= of.height || w < 0 || w >= of.width) continue;
              for (Index c = 0; c < in; ++c)
                visit(((n * of.height + h) * of.width + w) * of.in_channels + co / out * in + c,
                      ((co * k + i) * k + j) * in + c,
                      ((n * of.out_height + row) * of.out_width + column) * of.out_channels + co);
            }
}

}  // namespace

struct Device::Parts {};
struct ConvolutionPlan::Parts {
  Convolution convolution;
  Direction direction;
};

Device Device::current() {
  return {};
}

std::vector<ConvolutionPlan> find_plans(const Device&, const Convolution& convolution, Direction direction,
                                        std::size_t) {
  if (convolution.stride == 2 && convolution.out_channels == 1) return {};
  ConvolutionPlan plan;
  plan.workspace_bytes_ = 16;
  plan.parts_ = std::make_shared<ConvolutionPlan::Parts>(ConvolutionPlan::Parts{convolution, direction});
  return {plan};
}

void ConvolutionPlan::run(const ConvolutionMemory& memory, Stream) const {
  const Convolution& of = parts_->convolution;
  Values x(memory.x, of.storage), weights(memory.weights, of.storage), y(memory.y, of.storage);
  const Index in_values = of.batch * of.height * of.width * of.in_channels;
  const Index weight_values = of.out_channels * of.kernel * of.kernel * of.in_channels / of.groups;
  const Index out_values = of.batch * of.out_height * of.out_width * of.out_channels;
  const auto sum_into = [&](Values& target, Index count, const auto& add) {
    std::vector<double> sums(static_cast<std::size_t>(count));
    each_product(of, [&](Index xi, Index wi, Index yi) { add(sums.data(), xi, wi, yi); });
    for (Index i = 0; i < count; ++i) target.set(i, sums[static_cast<std::size_t>(i)]);
  };
  switch (parts_->direction) {
    case Direction::kForward:
      return sum_into(y, out_values, [&](double* sums, Index xi, Index wi, Index yi) {
        sums[yi] += x.get(xi) * weights.get(wi);
      });
    case Direction::kMapGradient:
      return sum_into(x, in_values, [&](double* sums, Index xi, Index wi, Index yi) {
        sums[xi] += y.get(yi) * weights.get(wi);
      });
    case Direction::kWeightGradient:
      return sum_into(weights, weight_values,
                      [&](double* sums, Index xi, Index wi, Index yi) { sums[wi] += x.get(xi) * y.get(yi); });
  }
}

}  // namespace effnet::cudnn
