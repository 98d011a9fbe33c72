#include "spec/net_file.h"

#include "spec/published_nets.h"
#include "tests/support/catch.h"
#include "tests/support/expect_error.h"

using namespace effnet;
using tests::contains;
using tests::error_of;

TEST_CASE("a net written as TOML is read back equal") {
  for (const spec::PublishedNet& published : spec::published_nets()) {
    const spec::NamedNet net{std::string(published.name) + " \"quoted\"",
                             spec::parse_arch(published.arch, published.name)};
    const spec::NamedNet again = spec::parse_net(spec::net_toml(net), "net.toml");
    INFO(published.name);
    CHECK(again.arch == net.arch);
    CHECK(again.name == net.name);
  }
}

TEST_CASE("mistakes in a net file are named with their line") {
  const std::string good =
      "format = 1\nname = \"n\"\n[skeleton]\nstem = \"conv_k3_s2_c8\"\n[[stage]]\nop = \"mb\"\nchannels = "
      "8\n";
  CHECK(spec::parse_net(good, "n.toml").arch.stages.size() == 1);
  const auto message = [](const std::string& text) {
    return std::string(error_of([&] { spec::parse_net(text, "n.toml"); }).what());
  };
  CHECK(contains(message(good + "se_ratio = 0.25\n"), "n.toml:8: unknown key 'stage[1].se_ratio'"));
  CHECK(contains(message(good + "kernel = [3, 5]\n"), "is a list; an integer is expected"));
  CHECK(contains(message("name = \"../b0\"\n[skeleton]\n"), "no '/'"));
  CHECK(contains(message("name = \"n\"\n[skeleton]\n[[stage]]\nop = \"mb\"\nchannels = 4294967298\n"),
                 "outside 0 .. 1000000"));
  CHECK(contains(message("format = 9\nname = \"n\"\n"), "version 9 is not known"));
  CHECK(
      contains(message("name = \"n\"\n[skeleton]\nactivation = \"swish\"\n"), "unknown activation 'swish'"));
}
