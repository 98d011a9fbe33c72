#include "models/net.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <string>

#include "ops/mean_of_map.h"
#include "spec/trial.h"

namespace effnet::models {
namespace {

using Module = torch::nn::Module;

NetTraits traits_of(const spec::ArchSpec& arch, const Regularization& regularization,
                    const ops::ExecutionContext& context) {
  return {.activation = arch.activation,
          .padding = arch.padding,
          .squeeze_base = arch.squeeze_base,
          .bn_eps = arch.bn_eps,
          .bn_momentum = regularization.bn_momentum,
          .context = context};
}

// Builds the blocks in order and hangs them into the tree of names.
class Builder {
 public:
  Builder(Module& net, const spec::ArchSpec& arch, const Regularization& regularization,
          const NetTraits& traits)
      : net_(net), arch_(arch), traits_(traits), drop_path_(regularization.drop_path) {
    channels_ = arch.input_channels;
  }

  std::vector<std::shared_ptr<BlockImpl>> run() {
    ends("stem", arch_.stem);
    stages();
    ends("head", arch_.head);
    return std::move(blocks_);
  }

  int channels() const { return channels_; }

 private:
  std::shared_ptr<BlockImpl> add(const spec::Stage& stage, int repeat, double drop_path) {
    const BlockOptions options{stage, channels_, repeat == 0 ? stage.stride : 1, drop_path};
    channels_ = block_channels(options);
    return blocks_.emplace_back(make_block(options, traits_));
  }

  void ends(const std::string& section, const std::vector<spec::Stage>& entries) {
    if (entries.size() == 1 && entries[0].repeats == 1) {
      net_.register_module(section, add(entries[0], 0, 0));
      return;
    }
    if (entries.empty()) return;
    const auto group = net_.register_module(section, std::make_shared<Module>(section));
    int index = 0;
    for (const spec::Stage& entry : entries) {
      for (int repeat = 0; repeat < entry.repeats; ++repeat)
        group->register_module(std::to_string(index++), add(entry, repeat, 0));
    }
  }

  void stages() {
    const auto blocks = net_.register_module("blocks", std::make_shared<Module>("blocks"));
    const int count = spec::block_count(arch_);
    int index = 0;
    for (std::size_t s = 0; s < arch_.stages.size(); ++s) {
      const auto stage = blocks->register_module(std::to_string(s), std::make_shared<Module>("stage"));
      for (int repeat = 0; repeat < arch_.stages[s].repeats; ++repeat, ++index)
        stage->register_module(std::to_string(repeat),
                               add(arch_.stages[s], repeat, drop_path_of_block(drop_path_, index, count)));
    }
  }

  Module& net_;
  const spec::ArchSpec& arch_;
  NetTraits traits_;
  double drop_path_;
  int channels_ = 0;
  std::vector<std::shared_ptr<BlockImpl>> blocks_;
};

// The mean over the last map.
class Mean final : public MapReader {
 public:
  explicit Mean(const ops::ExecutionContext& context) : context_(context) {}
  bool takes_raw(kernels::Activation, const torch::Tensor& like) const override {
    return ops::mean_takes_raw(context_, like);
  }

 private:
  ops::ExecutionContext context_;
};

}  // namespace

double drop_path_of_block(double drop_path, int index, int count) {
  return drop_path * index / count;
}

Regularization regularization_of(const spec::Recipe& recipe) {
  return {.drop_path = recipe.drop_path, .drop = recipe.drop, .bn_momentum = recipe.bn_momentum};
}

NetImpl::NetImpl(const spec::ArchSpec& arch, const Regularization& regularization, std::uint64_t seed,
                 const ops::ExecutionContext& context, at::ScalarType maps)
    : arch_(arch), drop_(regularization.drop), maps_(maps), context_(context) {
  Builder builder(*this, arch_, regularization, traits_of(arch_, regularization, context_));
  blocks_ = builder.run();
  classifier_ = register_module("classifier", torch::nn::Linear(builder.channels(), arch.classes));
  initialize(*this, seed);
  if (maps == torch::kBFloat16) prepared_.use(cpu::Precision::kBFloat16);
}

void NetImpl::train(bool on) {
  prepared_.reset();
  Module::train(on);
}

torch::Tensor NetImpl::infer(const torch::Tensor& pictures) {
  ops::NetTerms terms;
  for (const auto& block : blocks_) {
    if (!block->describe(terms)) return {};  // the blocks run one by one
  }
  terms.classifier_weight = classifier_->weight;
  terms.classifier_bias = classifier_->bias;
  return prepared_.run(terms, pictures, context_);
}

torch::Tensor NetImpl::forward(const torch::Tensor& pictures) {
  if (!is_training() && context_.by_own_kernels() && !at::GradMode::is_enabled()) {
    if (torch::Tensor logits = infer(pictures); logits.defined()) return logits;
  }
  ops::Map map{maps_ == torch::kFloat ? pictures : pictures.to(maps_)};
  const Mean mean(context_);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const MapReader* const next =
        i + 1 < blocks_.size() ? static_cast<const MapReader*>(blocks_[i + 1].get()) : &mean;
    map = blocks_[i]->forward_to(next, map, noise_);
  }
  torch::Tensor x = ops::mean_of_map(map);
  if (is_training() && drop_ > 0) x = x * noise_.keep(x.sizes(), 1 - drop_, x);
  return classifier_->forward(x.to(classifier_->weight.scalar_type()));
}

void initialize(Module& net, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  for (const auto& module : net.named_modules(/*name_prefix=*/"", /*include_self=*/false)) {
    const auto* conv = dynamic_cast<const ConvImpl*>(module.value().get());
    for (auto& item : module.value()->named_parameters(/*recurse=*/false)) {
      const std::string name = module.key() + "." + item.key();
      const at::Generator generator = at::detail::createCPUGenerator(spec::derive_seed(seed, name));
      torch::Tensor& parameter = item.value();
      if (parameter.dim() == 4) {
        parameter.normal_(0, std::sqrt(2 / (conv ? conv->fan_out() : static_cast<double>(parameter.size(0)))),
                          generator);
      } else if (parameter.dim() == 2) {
        const double bound = 1 / std::sqrt(static_cast<double>(parameter.size(0)));
        parameter.uniform_(-bound, bound, generator);
      } else {
        const bool scale = dynamic_cast<const BatchNormImpl*>(module.value().get()) && item.key() == "weight";
        parameter.fill_(scale ? 1 : 0);
      }
    }
  }
}

std::int64_t parameter_count(const Module& net) {
  std::int64_t count = 0;
  for (const torch::Tensor& parameter : net.parameters()) count += parameter.numel();
  return count;
}

torch::Tensor as_channels_last(float* pixels, std::int64_t count, std::int64_t channels, std::int64_t size) {
  return torch::from_blob(pixels, {count, size, size, channels}).permute({0, 3, 1, 2});
}

}  // namespace effnet::models
