#include "models/batch_norm_act.h"

#include <ATen/Parallel.h>

#include <cmath>

#include "models/norm_loops.h"

namespace effnet::models {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

// The rows are cut into ranges by their number alone, so that sums do not depend on the number of threads.
constexpr std::int64_t kRanges = 16;

struct Map {
  explicit Map(const Tensor& x) : channels(x.size(1)), rows(x.numel() / x.size(1)) {}

  // work(rows, range) for every range.
  template <class Work>
  void each_range(Work&& work) const {
    at::parallel_for(0, kRanges, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t range = begin; range < end; ++range)
        work(Rows{rows * range / kRanges, rows * (range + 1) / kRanges, channels}, range);
    });
  }

  // Two sums a channel, of all ranges in order.
  template <class Work>
  std::vector<double> sums(Work&& work) const {
    const auto size = static_cast<std::size_t>(2 * channels);
    std::vector<double> partial(size * kRanges);
    each_range([&](Rows range, std::int64_t index) {
      double* sum = partial.data() + size * static_cast<std::size_t>(index);
      work(range, sum, sum + channels);
    });
    for (std::size_t range = 1; range < kRanges; ++range) {
      for (std::size_t c = 0; c < size; ++c) partial[c] += partial[range * size + c];
    }
    partial.resize(size);
    return partial;
  }

  std::int64_t channels, rows;
};

const float* data(const Tensor& tensor) {
  return tensor.const_data_ptr<float>();
}

Tensor apply_norm(const Tensor& x, const Tensor& scale, const Tensor& offset, spec::Activation activation) {
  Tensor y = torch::empty_like(x, kChannelsLast);
  float* out = y.mutable_data_ptr<float>();
  Map(x).each_range([&](Rows rows, std::int64_t) {
    normalize_and_activate(rows, data(x), data(scale), data(offset), activation, out);
  });
  return y;
}

// Rows of one (4, C) tensor: mean, 1 / deviation, scale and offset of z = scale * x + offset.
Tensor statistics_of(const Tensor& x, const NormState& norm) {
  const Map map(x);
  TORCH_CHECK(map.rows > 1, "batch norm: more than one value a channel is needed for training");
  const std::vector<double> sums = map.sums(
      [&](Rows rows, double* sum, double* square) { add_channel_sums(rows, data(x), data(x), sum, square); });
  Tensor statistics = torch::empty({4, map.channels});
  auto of = statistics.accessor<float, 2>();
  float* running_mean = norm.running_mean.mutable_data_ptr<float>();
  float* running_var = norm.running_var.mutable_data_ptr<float>();
  const auto count = static_cast<double>(map.rows);
  for (std::int64_t c = 0; c < map.channels; ++c) {
    const double shifted = sums[static_cast<std::size_t>(c)] / count;  // the first row is the shift
    const double mean = data(x)[c] + shifted;
    const double variance =
        std::max(0.0, sums[static_cast<std::size_t>(map.channels + c)] / count - shifted * shifted);
    const double inverse = 1 / std::sqrt(variance + norm.eps);
    const double scale = data(norm.weight)[c] * inverse;
    of[0][c] = static_cast<float>(mean);
    of[1][c] = static_cast<float>(inverse);
    of[2][c] = static_cast<float>(scale);
    of[3][c] = static_cast<float>(data(norm.bias)[c] - mean * scale);
    const auto move = [&](float& running, double value) {
      running = static_cast<float>((1 - norm.momentum) * running + norm.momentum * value);
    };
    move(running_mean[c], mean);
    move(running_var[c], variance * count / (count - 1));
  }
  return statistics;
}

struct BatchNormAct : torch::autograd::Function<BatchNormAct> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const NormState& norm, spec::Activation activation) {
    const Tensor statistics = statistics_of(x, norm);
    context->save_for_backward({x, weight, bias, statistics});
    context->saved_data["activation"] = static_cast<std::int64_t>(activation);
    return apply_norm(x, statistics[2], statistics[3], activation);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &statistics = saved[3];
    const auto activation = static_cast<spec::Activation>(context->saved_data["activation"].toInt());
    const Tensor y_gradient = gradients[0].contiguous(kChannelsLast);
    const Tensor mean = statistics[0], scale = statistics[2], offset = statistics[3];
    Tensor gradient = torch::empty_like(x, kChannelsLast);
    float* out = gradient.mutable_data_ptr<float>();
    const Map map(x);
    const std::vector<double> sums = map.sums([&](Rows rows, double* sum, double* product) {
      activation_gradient(
          rows, {data(x), data(y_gradient), data(scale), data(offset), data(mean), out, sum, product},
          activation);
    });

    Tensor to_weight = torch::empty({map.channels}), to_bias = torch::empty({map.channels});
    Tensor factors = torch::empty({3, map.channels});
    auto factor = factors.accessor<float, 2>();
    const auto of = statistics.accessor<float, 2>();
    const auto count = static_cast<double>(map.rows);
    for (std::int64_t c = 0; c < map.channels; ++c) {
      const double sum = sums[static_cast<std::size_t>(c)];
      const double product =
          sums[static_cast<std::size_t>(map.channels + c)] * of[1][c];  // of d and (x - mean) / dev
      to_bias.mutable_data_ptr<float>()[c] = static_cast<float>(sum);
      to_weight.mutable_data_ptr<float>()[c] = static_cast<float>(product);
      factor[0][c] = of[2][c];
      factor[1][c] = static_cast<float>(-of[2][c] * of[1][c] * product / count);
      factor[2][c] = static_cast<float>(-of[2][c] * sum / count);
    }
    const float* f = data(factors);
    map.each_range([&](Rows rows, std::int64_t) {
      norm_gradient(rows, {data(x), data(mean), f, f + map.channels, f + 2 * map.channels, out});
    });
    return {gradient, to_weight, to_bias, Tensor(), Tensor()};
  }
};

}  // namespace

bool supports_batch_norm_act(const Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4 && x.numel() > 0 &&
         x.is_contiguous(kChannelsLast);
}

Tensor batch_norm_act_train(const Tensor& x, const NormState& norm, spec::Activation activation) {
  return BatchNormAct::apply(x, norm.weight, norm.bias, norm, activation);
}

Tensor batch_norm_act_eval(const Tensor& x, const NormState& norm, spec::Activation activation) {
  const torch::NoGradGuard no_grad;
  const Tensor scale = norm.weight * (norm.running_var + norm.eps).rsqrt();
  return apply_norm(x, scale, norm.bias - norm.running_mean * scale, activation);
}

}  // namespace effnet::models
