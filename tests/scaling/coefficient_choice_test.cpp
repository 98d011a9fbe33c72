#include "scaling/coefficient_choice.h"

#include "scaling/coefficient_file.h"
#include "scaling/cost_model.h"
#include "scaling/families.h"
#include "tests/support/catch.h"
#include "tests/support/expect_error.h"

using namespace effnet;

namespace {

std::vector<scaling::TrainedNet> trained(const std::vector<std::vector<double>>& accuracies) {
  const auto nets =
      scaling::realise(scaling::find_net("b0").arch, scaling::CoefficientGrid{}, spec::CostKind::kMacs);
  std::vector<scaling::TrainedNet> result;
  for (std::size_t i = 0; i < accuracies.size(); ++i) result.push_back({nets[i], accuracies[i]});
  return result;
}

}  // namespace

TEST_CASE("the highest mean wins; what two standard errors do not separate is listed with it") {
  // Three nets, two seeds each, pooled deviation 0.1: means 90, 89.9 and 89.
  const auto choice = scaling::choose(trained({{89.83, 89.97}, {89.93, 90.07}, {88.93, 89.07}}), 10'000);
  CHECK(choice.winner == 1);
  CHECK(choice.within_noise == std::vector<std::size_t>{1, 0});
  CHECK(choice.standard_error == Catch::Approx(0.099 / std::sqrt(2)).epsilon(0.01));
  CHECK(choice.noise_source == "2 seeds a net");
}

TEST_CASE("with one seed the size of the held-out part sets the noise") {
  // Binomial at 90 % and 10,000 pictures: 0.3 points a run, 0.42 a difference; two of them are 0.85.
  const auto choice = scaling::choose(trained({{90}, {89.3}, {89.0}}), 10'000);
  CHECK(choice.standard_error == Catch::Approx(0.3));
  CHECK(choice.within_noise == std::vector<std::size_t>{0, 1});
}

TEST_CASE("a net whose runs all failed cannot win; when all failed there is no choice") {
  CHECK(scaling::choose(trained({{}, {50}}), 100).winner == 1);
  CHECK_THROWS_AS(scaling::choose(trained({{}, {}}), 100), spec::Error);
}

TEST_CASE("the choice can be made again from the file alone") {
  scaling::CoefficientFile file;
  file.baseline = scaling::find_net("b0");
  file.holdout_pictures = 10'000;
  file.nets = trained({{90}, {91.5}, {89.0}, {}});
  const auto choice = scaling::choose(file.nets, file.holdout_pictures);
  file.rule = file.nets[choice.winner].net.rules.front();
  const auto again = scaling::parse_coefficients(scaling::coefficients_toml(file), "coefficients.toml");
  CHECK(again.rule == file.rule);
  CHECK(again.baseline.arch == file.baseline.arch);
  REQUIRE(again.nets.size() == 4);
  CHECK(again.nets[1].net.rules == file.nets[1].net.rules);
  CHECK(scaling::choose(again.nets, again.holdout_pictures).winner == choice.winner);
  CHECK_THROWS_AS(scaling::check_baseline(again, scaling::find_net("b1").arch, "coefficients.toml"),
                  spec::Error);
}

TEST_CASE("a rule by hand needs three numbers and no more") {
  const auto file = scaling::parse_coefficients("alpha = 1.2\nbeta = 1.1\ngamma = 1.15\n", "hand.toml");
  CHECK(file.rule == scaling::CompoundRule{});
  scaling::check_baseline(file, scaling::find_net("b3").arch, "hand.toml");  // fits any baseline
  CHECK(tests::contains(tests::error_of([] {
                          scaling::parse_coefficients("alpha = 0.5\nbeta = 1\ngamma = 1\n", "h.toml");
                        }).what(),
                        "outside 1 .. 10"));
}
