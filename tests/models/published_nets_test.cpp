// Published nets by the project's kernels and by LibTorch's operators: the same logits, but for what float rounds.
#include <string>

#include "models/net.h"
#include "scaling/families.h"
#include "tests/support/catch.h"

using namespace effnet;
using torch::Tensor;

namespace {

enum class Statistics { kFresh, kOfPictures };

struct Logits {
  Tensor kernels, reference;
  Tensor exact;  // in double, with the pictures' statistics only
};

// Two pictures in evaluation. Weights are those of the initialization; batch norm's running statistics are the initial
// ones, or the pictures' own, with which every layer's values have the size that a trained net's have.
Logits logits_of(const std::string& name, int resolution, Statistics statistics) {
  const torch::NoGradGuard no_grad;
  at::set_num_threads(1);  // the maps are too small for more
  spec::ArchSpec arch = scaling::find_net(name).arch;
  arch.resolution = resolution;
  const models::Regularization regularization{.bn_momentum = 1};
  models::Net reference(arch, regularization, 1, ops::Kernels::kReference);
  models::Net ours(arch, regularization, 1, ops::Kernels::kEffnet);
  torch::manual_seed(3);
  const Tensor pictures = torch::randn({2, resolution, resolution, 3}).permute({0, 3, 1, 2});
  if (statistics == Statistics::kOfPictures) {
    reference->forward(pictures);
    const auto from = reference->buffers();
    auto to = ours->buffers();
    for (std::size_t i = 0; i < from.size(); ++i) to[i].copy_(from[i]);
  }
  reference->eval();
  ours->eval();
  Logits logits{ours->forward(pictures), reference->forward(pictures), {}};
  CHECK(ours->context().fallbacks().empty());
  if (statistics == Statistics::kFresh) return logits;
  reference->to(torch::kDouble);
  logits.exact = reference->forward(pictures.to(torch::kDouble));
  return logits;
}

// The largest difference as a part of the largest logit.
double distance(const Tensor& a, const Tensor& b) {
  return ((a - b).abs().max() / b.abs().max()).item<double>();
}

}  // namespace

TEST_CASE("B0 to B7 and others by the project's kernels have the reference's logits") {
  for (const char* name : {"b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "lite0", "mnasnet-a1",
                           "mobilenet-v1", "mobilenet-v2", "resnet-18", "resnet-50"}) {
    INFO(name);
    const Logits logits = logits_of(name, 64, Statistics::kFresh);
    CHECK(distance(logits.kernels, logits.reference) < 1e-5);
  }
}

// Statistics of few values magnify what float rounds, for the reference as for the kernels: both stand about 1e-5 from
// double, in directions of their own.
TEST_CASE("with real statistics the project's kernels are as near to double as the reference is") {
  for (const char* name : {"b0", "mobilenet-v2", "resnet-18"}) {
    INFO(name);
    const Logits logits = logits_of(name, 96, Statistics::kOfPictures);
    CHECK(distance(logits.kernels, logits.exact) < 2 * distance(logits.reference, logits.exact));
  }
}
