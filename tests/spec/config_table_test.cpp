#include "spec/config_table.h"

#include "tests/support/catch.h"
#include "tests/support/expect_error.h"

using namespace effnet;
using spec::ConfigTable;
using tests::contains;
using tests::error_of;

TEST_CASE("an unknown key is an error with its line and the nearest known key") {
  const ConfigTable table = ConfigTable::parse("epochs = 3\nbatch_sze = 4\n", "recipe.toml");
  CHECK(table.integer_or("epochs", 1) == 3);
  CHECK(table.integer_or("batch_size", 64) == 64);
  const spec::Error error = error_of([&] { table.reject_unknown_keys(); });
  CHECK(error.where() == "recipe.toml:2");
  CHECK(contains(error.what(), "unknown key 'batch_sze'"));
  CHECK(contains(error.what(), "did you mean 'batch_size'?"));
  CHECK(error.kind() == spec::ErrorKind::kUsage);
}

TEST_CASE("an unknown key in a table of a list is found too") {
  const ConfigTable table =
      ConfigTable::parse("[[stage]]\nop = \"mb\"\n[[stage]]\nop = \"mb\"\nstrides = 2\n", "net.toml");
  for (const ConfigTable& stage : table.tables("stage")) {
    stage.string("op");
    stage.integer_or("stride", 1);
  }
  CHECK(contains(error_of([&] { table.reject_unknown_keys(); }).what(),
                 "net.toml:5: unknown key 'stage[2].strides'"));
}

TEST_CASE("wrong types and missing keys say what was expected") {
  const ConfigTable table = ConfigTable::parse("a = \"text\"\nb = 1.5\nc = true\nd = []\n", "x.toml");
  CHECK(contains(error_of([&] { table.integer("a"); }).what(), "is a string; an integer is expected"));
  CHECK(contains(error_of([&] { table.integer("b"); }).what(), "an integer is expected"));
  CHECK(contains(error_of([&] { table.number("c"); }).what(), "a number is expected"));
  CHECK(contains(error_of([&] { table.string("missing"); }).what(), "is missing"));
  CHECK(contains(error_of([&] { table.scalars("d"); }).what(), "empty list"));
  CHECK(table.number("b") == 1.5);
}

TEST_CASE("a scalar is a list of one") {
  const ConfigTable table = ConfigTable::parse("kernel = [3, 5]\nop = \"mb\"\n", "x.toml");
  CHECK(table.scalars("kernel") == std::vector<ConfigTable::Scalar>{std::int64_t{3}, std::int64_t{5}});
  CHECK(table.scalars("op") == std::vector<ConfigTable::Scalar>{std::string("mb")});
}

TEST_CASE("a file that is no TOML is an error with its line") {
  const spec::Error error = error_of([] { ConfigTable::parse("a = 1\nb = = 2\n", "x.toml"); });
  CHECK(error.where() == "x.toml:2");
}
