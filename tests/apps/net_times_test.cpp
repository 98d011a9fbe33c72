// What effnet-bench train and infer say of a CUDA device.
#include "apps/effnet_bench/net_times.h"

#include <nlohmann/json.hpp>

#include "tests/support/catch.h"

using namespace effnet;

namespace {

// 256 pictures in 2 ms, and a peer that takes 5.
apps::NetTimes example() {
  return {.work = "inference",
          .device = "a device",
          .torch = "2.11.0",
          .commit = "abc",
          .dtype = "bfloat16",
          .rows = {{"b0", 224, 256, "effnet", 2e-3, 1}, {"b0", 224, 256, "LibTorch eager, fp16", 5e-3, 2.5}}};
}

}  // namespace

TEST_CASE("net times: images a second, milliseconds a batch and the ratio stand in the table") {
  CHECK(apps::net_times_text(example()) ==
        "a device, LibTorch 2.11.0; inference, maps in bfloat16\n"
        "\n"
        "net resolution  batch                                   images/s         ms   ratio\n"
        "b0         224    256  effnet                           128000.0      2.000   1.00x\n"
        "b0         224    256  LibTorch eager, fp16              51200.0      5.000   2.50x\n");
}

TEST_CASE("net times: each row of the CSV says all, and a comma in a name is no new column") {
  CHECK(apps::net_times_csv(example()) ==
        "work,device,torch,commit,net,resolution,batch,dtype,contender,images_per_second,milliseconds,ratio\n"
        "inference,a device,2.11.0,abc,b0,224,256,bfloat16,effnet,128000.0,2.0000,1.000\n"
        "inference,a device,2.11.0,abc,b0,224,256,bfloat16,\"LibTorch eager, fp16\",51200.0,5.0000,2.500\n");
}

TEST_CASE("net times: the same as JSON") {
  const auto json = nlohmann::json::parse(apps::net_times_json(example()));
  CHECK(json["work"] == "inference");
  CHECK(json["dtype"] == "bfloat16");
  REQUIRE(json["cases"].size() == 2);
  const auto& peer = json["cases"][1];
  CHECK(peer["contender"] == "LibTorch eager, fp16");
  CHECK(peer["batch"] == 256);
  CHECK(peer["images_per_second"].get<double>() == Catch::Approx(51200));
  CHECK(peer["milliseconds"].get<double>() == Catch::Approx(5));
  CHECK(peer["ratio"] == 2.5);
}
