// Weights to a file and back, whatever their memory format.
#include "models/weights/state_file.h"

#include "models/net.h"
#include "spec/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;

TEST_CASE("a net's weights come back from their file bit for bit") {
  const tests::TemporaryFolder folder;
  const auto arch = spec::parse_arch("conv_k3_s1_c8 | mb_k3_s1_e2_c8_r1_se0.25 | - | fc10 @3x8 silu", "test");
  const models::Net saved(arch, models::Regularization{}, 1), loaded(arch, models::Regularization{}, 2);
  models::write_state(folder / "w.safetensors", models::named_state(*saved), {{"arch", spec::to_text(arch)}});
  const auto file = models::read_state(folder / "w.safetensors");
  CHECK(file.metadata.at("arch") == spec::to_text(arch));
  models::load_into(models::named_state(*loaded), file, "", "w");
  const auto a = models::named_state(*saved), b = models::named_state(*loaded);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(torch::equal(a[i].second, b[i].second));
}

TEST_CASE("weights of another net are refused by name and shape") {
  const tests::TemporaryFolder folder;
  const auto small = spec::parse_arch("conv_k3_s1_c8 | mb_k3_s1_e1_c8_r1 | - | fc10 @3x8 silu", "test");
  const auto wide = spec::parse_arch("conv_k3_s1_c16 | mb_k3_s1_e1_c8_r1 | - | fc10 @3x8 silu", "test");
  const models::Net a(small, models::Regularization{}, 1), b(wide, models::Regularization{}, 1);
  models::write_state(folder / "w.safetensors", models::named_state(*a), {});
  const auto file = models::read_state(folder / "w.safetensors");
  try {
    models::load_into(models::named_state(*b), file, "", "w.safetensors");
    FAIL("the weights were taken");
  } catch (const spec::Error& error) {
    CHECK(error.where() == "w.safetensors");
    CHECK(error.message().find("'stem.conv.weight' has shape (8, 3, 3, 3), (16, 3, 3, 3)") !=
          std::string::npos);
  }
  CHECK_THROWS_AS(models::load_into(models::named_state(*a), file, "ema.", "w"), spec::Error);
}
