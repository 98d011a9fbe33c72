#include "spec/run_record.h"

#include "tests/support/catch.h"
#include "tests/support/expect_error.h"

using namespace effnet;

namespace {

spec::RunRecord example() {
  spec::RunRecord record;
  record.run = "b1-2026";
  record.name = "b1, wide \"one\"";
  record.group = "family";
  record.arch = spec::parse_arch("conv_k3_s1_c8 | mb_k3_s1_e2_c12_r2 | - | fc10 @1x20 silu", "test");
  record.cost = {.params = 1234, .macs = 567890, .activations = 4242, .bn_buffers = 10};
  record.recipe.epochs = 7;
  record.dataset = "fashion-mnist";
  record.seed = 18446744073709551615ULL;
  record.top1 = 91.25;
  record.class_accuracy = {90, 92.5};
  record.class_names = {"shirt", "bag"};
  return record;
}

}  // namespace

TEST_CASE("a run record is read back as it was written") {
  const spec::RunRecord record = example();
  const spec::RunRecord again = spec::run_record_from_json(spec::run_record_json(record), "results.json");
  CHECK(spec::run_record_json(again) == spec::run_record_json(record));
  CHECK(again.arch == record.arch);
  CHECK(again.recipe == record.recipe);
  CHECK(again.seed == record.seed);
}

TEST_CASE("results.csv quotes what needs quoting and starts with timm's columns") {
  const std::string csv = spec::results_csv({example()});
  CHECK(csv.starts_with("model,img_size,top1,top1_err,top5,top5_err,param_count,"));
  CHECK(tests::contains(csv, "\"b1, wide \"\"one\"\"\",20,91.250,8.750,"));
}

TEST_CASE("a truncated record is bad data, never a crash") {
  const std::string text = spec::run_record_json(example());
  for (std::size_t length = 0; length + 2 < text.size(); length += 7) {
    CHECK(tests::error_of([&] {
            spec::run_record_from_json(text.substr(0, length), "results.json");
          }).kind() == spec::ErrorKind::kBadData);
  }
}
