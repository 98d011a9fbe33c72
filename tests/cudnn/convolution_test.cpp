// cuDNN's convolutions on a device against the loops in double of kernels/: dense and depthwise, three directions.
#include "cudnn/convolution.h"
#include "kernels/padding.h"
#include "tests/cuda/depthwise_example.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;
using cudnn::Convolution;
using cudnn::Direction;
using kernels::Padding;

namespace {

std::size_t elements(Index a, Index b, Index c, Index d) {
  return static_cast<std::size_t>(a * b * c * d);
}

// Loops of kernels/ over x, weights and the gradient of y.
struct Definition {
  std::function<void(const double* x, const double* weights, double* y)> forward;
  std::function<void(const double* x, const double* weights, const double* y_gradient, double* x_gradient,
                     double* weight_gradient)>
      backward;
};

// Runs one plan and gives what it has written.
std::vector<double> carried_out(const cudnn::ConvolutionPlan& plan, Direction direction, Storage storage,
                                const StoredMap& x, const StoredMap& weights, const StoredMap& y,
                                std::size_t written) {
  const StoredMap out(storage, written);
  const DeviceBuffer<std::byte> workspace(std::max<std::size_t>(plan.workspace_bytes(), 1));
  cudnn::ConvolutionMemory memory{x.data(), weights.data(), y.data(), workspace.data()};
  (direction == Direction::kForward       ? memory.y
   : direction == Direction::kMapGradient ? memory.x
                                          : memory.weights) = out.data();
  plan.run(memory, nullptr);
  const std::vector<std::byte> first = out.bytes();
  plan.run(memory, nullptr);
  CHECK(out.bytes() == first);
  return out.values();
}

void check(const Convolution& of, const Definition& definition, std::size_t most_plans = 1) {
  INFO(of.batch << "x" << of.height << "x" << of.width << "x" << of.in_channels << " to " << of.out_channels
                << " k" << of.kernel << " s" << of.stride << " pads " << of.pad_top << "," << of.pad_left
                << (of.storage == Storage::kFloat ? " float" : " bfloat16"));
  const StoredMap x(of.storage, numbers(elements(of.batch, of.height, of.width, of.in_channels), 1));
  const StoredMap weights(
      of.storage, numbers(elements(of.out_channels, of.kernel, of.kernel, of.in_channels / of.groups), 2));
  const StoredMap y_gradient(of.storage,
                             numbers(elements(of.batch, of.out_height, of.out_width, of.out_channels), 3));
  const std::vector<double> exact_x = x.values(), exact_weights = weights.values(),
                            exact_gradient = y_gradient.values();
  std::vector<double> y(exact_gradient.size()), x_gradient(exact_x.size()),
      weight_gradient(exact_weights.size());
  definition.forward(exact_x.data(), exact_weights.data(), y.data());
  definition.backward(exact_x.data(), exact_weights.data(), exact_gradient.data(), x_gradient.data(),
                      weight_gradient.data());

  static const cudnn::Device device = cudnn::Device::current();
  const double taps = static_cast<double>(of.kernel) * of.kernel;
  const auto products = [&](Index channels) { return taps * static_cast<double>(channels / of.groups); };
  const struct {
    Direction direction;
    const std::vector<double>& wanted;
    double summands;
  } cases[] = {{Direction::kForward, y, products(of.in_channels)},
               {Direction::kMapGradient, x_gradient, products(of.out_channels)},
               {Direction::kWeightGradient, weight_gradient,
                static_cast<double>(of.batch * of.out_height * of.out_width)}};
  for (const auto& [direction, wanted, summands] : cases) {
    const auto plans = cudnn::find_plans(device, of, direction, most_plans);
    REQUIRE(!plans.empty());
    for (const cudnn::ConvolutionPlan& plan : plans) {
      INFO("direction " << static_cast<int>(direction) << ", engine " << plan.engine());
      // Numbers are up to 1; engines by Winograd lose a digit more than sums do.
      CHECK(error_beyond(of.storage, 4e-6 * summands,
                         carried_out(plan, direction, of.storage, x, weights, y_gradient, wanted.size()),
                         wanted) == 0);
    }
  }
}

void check(const kernels::DepthwiseShape& shape, Storage storage, std::size_t most_plans = 1) {
  check(cudnn::convolution_of(shape, storage),
        {[&](auto*... of) { kernels::depthwise_forward(shape, of...); },
         [&](auto*... of) { kernels::depthwise_backward(shape, of...); }},
        most_plans);
}

void check(const kernels::ConvShape& shape, Storage storage) {
  check(cudnn::convolution_of(shape, storage),
        {[&](auto*... of) { kernels::conv_forward(shape, of...); },
         [&](auto*... of) { kernels::conv_backward(shape, of...); }});
}

}  // namespace

TEST_CASE("cuDNN's depthwise convolutions, with either padding and stride") {
  DeviceBuffer<float> needs_a_device(1);
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    for (const int kernel : {3, 5}) {
      for (const int stride : {1, 2}) {
        for (const Padding padding : {Padding::kSame, Padding::kSymmetric})
          check(same_shape(2, 32, 10, 9, kernel, stride, padding), storage);
      }
    }
  }
}

TEST_CASE("cuDNN's other engines for a depthwise convolution") {
  DeviceBuffer<float> needs_a_device(1);
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16})
    check(same_shape(4, 64, 14, 14, 5, 1), storage, 4);
}

TEST_CASE("cuDNN's dense convolutions: a stem, a 1x1") {
  DeviceBuffer<float> needs_a_device(1);
  for (const Storage storage : {Storage::kFloat, Storage::kBfloat16}) {
    check(kernels::ConvShape{.batch = 2,
                             .in_channels = 3,
                             .out_channels = 16,
                             .height = 14,
                             .width = 12,
                             .out_height = 7,
                             .out_width = 6,
                             .kernel = 3,
                             .stride = 2},
          storage);
    check(kernels::ConvShape{.batch = 3,
                             .in_channels = 24,
                             .out_channels = 40,
                             .height = 7,
                             .width = 7,
                             .out_height = 7,
                             .out_width = 7},
          storage);
  }
}
