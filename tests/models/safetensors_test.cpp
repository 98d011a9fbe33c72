// The safetensors parser: what it writes it reads, the layout is the published one, and hostile files are refused.
#include "models/weights/safetensors.h"

#include <cstring>

#include "spec/error.h"
#include "tests/support/catch.h"

using namespace effnet;

namespace {

std::string file_of(std::string header, std::string data) {
  const std::uint64_t length = header.size();
  std::string bytes(reinterpret_cast<const char*>(&length), 8);
  return bytes + header + data;
}

void refuse(const std::string& bytes, const std::string& word) {
  INFO(word);
  try {
    models::parse_safetensors(bytes, "weights.safetensors");
    FAIL("the file was taken");
  } catch (const spec::Error& error) {
    CHECK(error.kind() == spec::ErrorKind::kBadData);
    CHECK(std::string(error.what()).find(word) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("safetensors: a file written by hand is read") {
  // The example of the format's own description, 2 x 2 float16 would be 8 bytes.
  const std::string bytes = file_of(
      R"({"__metadata__":{"arch":"x"},"t":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]}})", "01234567");
  const models::Safetensors file = models::parse_safetensors(bytes, "f");
  REQUIRE(file.tensors.size() == 1);
  CHECK(file.tensors[0].shape == std::vector<std::int64_t>{2, 2});
  CHECK(file.tensors[0].dtype == models::DType::kF16);
  CHECK(std::memcmp(file.tensors[0].bytes.data(), "01234567", 8) == 0);
  CHECK(file.metadata.at("arch") == "x");
  CHECK(file.find("t") != nullptr);
  CHECK(file.find("u") == nullptr);
}

TEST_CASE("safetensors: written and read again") {
  const float values[6] = {1, 2, 3, 4, 5, 6};
  const std::int64_t number = -7;
  const std::string bytes =
      models::safetensors_bytes({{"a.weight", models::DType::kF32, {2, 3}, std::as_bytes(std::span(values))},
                                 {"step", models::DType::kI64, {}, std::as_bytes(std::span(&number, 1))},
                                 {"empty", models::DType::kF32, {0, 4}, {}}},
                                {{"k", "v \" \\ \n"}});
  const models::Safetensors file = models::parse_safetensors(bytes, "f");
  REQUIRE(file.tensors.size() == 3);
  CHECK(std::memcmp(file.find("a.weight")->bytes.data(), values, sizeof values) == 0);
  CHECK(file.find("step")->shape.empty());
  CHECK(file.find("empty")->bytes.empty());
  CHECK(file.metadata.at("k") == "v \" \\ \n");
}

TEST_CASE("safetensors: hostile files get one message each") {
  refuse("", "0 bytes");
  refuse("1234567", "7 bytes");
  refuse(std::string("\xff\xff\xff\xff\xff\xff\xff\x7f", 8) + "{}", "header would have");
  refuse(file_of("[]", ""), "not a JSON object");
  refuse(file_of("{\"t\":", ""), "not a JSON object");
  refuse(file_of(R"({"t":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}})", "1234"), "F99");
  refuse(file_of(R"({"t":{"dtype":"F32","shape":[1]}})", "1234"), "safetensors has it");
  refuse(file_of(R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "1234"),
         "larger than the file");
  refuse(file_of(R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", "1234"), "lies at bytes");
  refuse(file_of(R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "1234"), "lies at bytes");
  refuse(file_of(R"({"t":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "1234"), "negative");
  refuse(file_of(R"({"t":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}})", "1234"),
         "larger");
  refuse(
      file_of(
          R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
          "123456"),
      "overlaps");
  refuse(file_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})", "1234"), "gap");
  refuse(file_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", "1234"), "after the last");
  refuse(file_of(R"({"__metadata__":{"a":1}})", ""), "safetensors has it");
}

TEST_CASE("safetensors: cut short at every byte") {
  const std::string whole = file_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", "1234");
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK_THROWS_AS(models::parse_safetensors(whole.substr(0, length), "f"), spec::Error);
  CHECK_NOTHROW(models::parse_safetensors(whole, "f"));
}
