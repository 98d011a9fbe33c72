// Scores of a net whose answers are known.
#include "training/evaluation.h"

#include "tests/support/catch.h"
#include "tests/training/striped_pictures.h"

using namespace effnet;
using Catch::Approx;

TEST_CASE("evaluation: top-1, top-5, classes and cross-entropy of a constant answer") {
  const auto pictures = tests::striped_pictures(31);  // classes 0, 1, 2, 0, ...: 11, 10, 10 pictures
  models::Net net(spec::parse_arch("conv_k3_s1_c4 | conv_k1_s1_c4 | - | fc6 @1x8 silu", "test"),
                  models::Regularization{}, 1);
  {
    const torch::NoGradGuard no_grad;
    auto p = net->named_parameters();
    p["classifier.weight"].zero_();
    p["classifier.bias"].copy_(
        torch::tensor({1.0, 3.0, -9.0, 2.0, 2.5, 2.6}));  // class 1 always, class 2 last
  }
  std::vector<std::int64_t> all(31);
  std::iota(all.begin(), all.end(), 0);
  net->train();
  const auto result = training::evaluate(
      net, pictures, {.indices = all, .preprocessing = {8, {0.4}, {0.3}}, .batch_size = 7, .workers = 0});
  CHECK(net->is_training());
  CHECK(result.pictures == 31);
  CHECK(result.top1 == Approx(100.0 * 10 / 31));
  CHECK(result.top5 == Approx(100.0 * 21 / 31));
  REQUIRE(result.class_accuracy.size() == 6);
  CHECK(result.class_accuracy[0] == 0);
  CHECK(result.class_accuracy[1] == 100);
  double z = 0;
  for (const double logit : {1.0, 3.0, -9.0, 2.0, 2.5, 2.6}) z += std::exp(logit);
  CHECK(result.loss == Approx(std::log(z) - (11 * 1.0 + 10 * 3.0 + 10 * -9.0) / 31));
}
