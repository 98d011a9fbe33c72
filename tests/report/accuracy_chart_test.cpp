#include "report/accuracy_chart.h"

#include <nlohmann/json.hpp>
#include <set>

#include "report/label_layout.h"
#include "report/published_rows.h"
#include "spec/error.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::report;
using Json = nlohmann::json;

namespace {

std::vector<ChartRow> paper() {
  std::vector<ChartRow> rows = published_rows("efficientnet-v5");
  for (const ChartRow& row : published_rows("table2-v5")) rows.push_back(row);
  return rows;
}

ChartRow trained(std::string name, double params, double top1) {
  return {.name = name,
          .label = name,
          .group = RowGroup::kHumanDesigned,
          .source = RowSource::kTrainedHere,
          .provenance = "run " + name,
          .dataset = "imagenet",
          .params = params,
          .macs = params * 50,
          .top1 = top1,
          .epochs = 3,
          .train_pictures = 1000};
}

std::set<std::string> texts_of(const Json& chart) {
  std::set<std::string> texts;
  for (const Json& layer : chart["layer"]) {
    if (layer["mark"]["type"] != "text") continue;
    if (layer["mark"].contains("text")) texts.insert(layer["mark"]["text"].get<std::string>());
    for (const Json& value : layer["data"]["values"])
      if (value.contains("text")) texts.insert(value["text"].get<std::string>());
  }
  return texts;
}

// Boxes of the labels, from their anchors in the chart.
std::vector<Box> label_boxes(const Json& chart) {
  std::vector<Box> boxes;
  for (const Json& layer : chart["layer"]) {
    if (layer["mark"]["type"] != "text" || layer["mark"].contains("text") || layer["mark"].contains("stroke"))
      continue;
    for (const Json& value : layer["data"]["values"]) {
      // 4.9 px a letter at 11 px is what these labels need at least.
      const double width = 4.9 * static_cast<double>(value["text"].get<std::string>().size());
      const double x = value["px"], y = value["py"];
      const double left = value["align"] == "left"    ? x
                          : value["align"] == "right" ? x - width
                                                      : x - width / 2;
      boxes.push_back({left, y - 5, left + width, y + 5});
    }
  }
  return boxes;
}

std::string subtitle_of(const Json& chart) {
  std::string text;
  for (const Json& line : chart["title"]["subtitle"]) text += line.get<std::string>() + " ";
  return text;
}

}  // namespace

TEST_CASE("the paper's figure: every net is drawn, named, and inside the axes") {
  const Json chart = Json::parse(accuracy_chart(paper()));
  CHECK(chart["data"]["values"].size() == 24);
  const auto& encoding = chart["layer"][0]["encoding"];
  const double low = encoding["x"]["scale"]["domain"][0], high = encoding["x"]["scale"]["domain"][1];
  const double bottom = encoding["y"]["scale"]["domain"][0], top = encoding["y"]["scale"]["domain"][1];
  CHECK(encoding["x"]["scale"]["type"] == "log");
  for (const Json& row : chart["data"]["values"]) {
    CHECK((row["x"] > low && row["x"] < high));
    CHECK((row["top1"] > bottom && row["top1"] < top));
    CHECK(row["from"] == "arXiv 1905.11946v5 table 2");
  }
  const std::set<std::string> texts = texts_of(chart);
  for (const ChartRow& row : paper()) CHECK(texts.count(row.label) == 1);
  for (const char* entry :
       {"EfficientNet (arXiv v5)", "Human-designed", "Machine-designed", "filled: published"})
    CHECK(texts.count(entry) == 1);
  CHECK(texts.count("hollow: trained here") == 0);
  CHECK(subtitle_of(chart).find("ImageNet") != std::string::npos);
  CHECK(subtitle_of(chart).find("1905.11946v5") != std::string::npos);
}

TEST_CASE("labels of the published tables do not collide") {
  for (const char* table : {"efficientnet-v5", "table2-v5", "pycls", "timm"}) {
    for (const ChartX x : {ChartX::kParams, ChartX::kMacs}) {
      std::vector<ChartRow> rows = published_rows(table);
      const std::vector<Box> boxes = label_boxes(Json::parse(accuracy_chart(rows, {.x = x})));
      CHECK(boxes.size() + 1 >= rows.size());  // GPipe has no MACs
      for (std::size_t i = 0; i < boxes.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) CHECK_FALSE(overlap(boxes[i], boxes[j]));
    }
  }
}

TEST_CASE("a row without the x value is named, not dropped in silence") {
  const Json chart = Json::parse(accuracy_chart(paper(), {.x = ChartX::kMacs}));
  CHECK(chart["data"]["values"].size() == 23);
  CHECK(subtitle_of(chart).find("no multiply-adds published: GPipe") != std::string::npos);
}

TEST_CASE("published is filled, trained here is hollow, and the words say so") {
  std::vector<ChartRow> rows = paper();
  ChartRow ours = trained("ours", 9e6, 78);
  ours.top1_low = 77.5;
  ours.top1_high = 78.4;
  ours.seeds = 3;
  rows.push_back(ours);
  const Json chart = Json::parse(accuracy_chart(rows));
  const std::set<std::string> texts = texts_of(chart);
  CHECK(texts.count("filled: published") == 1);
  CHECK(texts.count("hollow: trained here") == 1);
  CHECK(subtitle_of(chart).find("Trained here: 1 net, 3 epochs over 1,000 pictures, 3 seeds") !=
        std::string::npos);
  int hollow = 0, filled = 0;
  for (const Json& layer : chart["layer"]) {
    if (layer["mark"]["type"] != "point" || !layer.contains("transform")) continue;
    const std::string filter = layer["transform"][0]["filter"];
    hollow += filter.find("trained here") != std::string::npos && layer["mark"]["fill"] == "white";
    filled += filter.find("published") != std::string::npos && layer["encoding"].contains("fill");
  }
  CHECK(hollow == 1);
  CHECK(filled == 1);
}

TEST_CASE("a family is a line in order of cost, whatever the order of its rows") {
  std::vector<ChartRow> rows = published_rows("efficientnet-v5");
  std::reverse(rows.begin(), rows.end());
  const Json chart = Json::parse(accuracy_chart(rows));
  const Json& line = chart["layer"][0];
  REQUIRE(line["mark"]["type"] == "line");
  double before = 0;
  for (const Json& point : line["data"]["values"]) {
    CHECK(point["x"] > before);
    before = point["x"];
  }
}

TEST_CASE("what cannot be drawn is refused with words") {
  std::vector<ChartRow> mixed = paper();
  mixed.push_back(trained("ours", 1e6, 90));
  mixed.back().dataset = "fashion-mnist";
  CHECK_THROWS_AS(accuracy_chart(mixed), spec::Error);
  CHECK(split_by_dataset(mixed).size() == 2);
  CHECK_THROWS_AS(accuracy_chart({}), spec::Error);
  ChartRow no_params = trained("x", 1, 50);
  no_params.params.reset();
  CHECK_THROWS_AS(accuracy_chart({no_params}), spec::Error);
}

TEST_CASE("hostile and broken texts make valid JSON") {
  ChartRow row = trained("</script><script>alert('1')\"\\", 1e6, 90);
  row.label = "\xff\xfe broken utf-8";
  CHECK_NOTHROW(Json::parse(accuracy_chart({row})));
}

TEST_CASE("a crowd of rows stays quick and keeps every point") {
  std::vector<ChartRow> rows;
  for (int i = 0; i < 400; ++i)
    rows.push_back(trained("net" + std::to_string(i), 1e4 * (1 + i), 80 + i % 17));
  CHECK(Json::parse(accuracy_chart(rows))["data"]["values"].size() == 400);
}
