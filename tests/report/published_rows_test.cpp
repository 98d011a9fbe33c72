#include "report/published_rows.h"

#include <algorithm>
#include <map>
#include <set>

#include "spec/error.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::report;
using Catch::Approx;

namespace {

ChartRow row(std::string_view table, std::string_view name) {
  for (const ChartRow& candidate : published_rows(table))
    if (candidate.name == name) return candidate;
  FAIL("no row " << name << " in " << table);
  return {};
}

std::string error_of(std::string_view csv) {
  try {
    parse_published(csv, "t.csv");
  } catch (const spec::Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("every table reads, names its source, and has no net twice") {
  std::size_t rows = 0;
  for (const PublishedTable& table : published_tables()) {
    INFO(table.id);
    CHECK_FALSE(table.source.empty());
    std::set<std::string> names;
    for (const ChartRow& r : published_rows(table.id)) {
      CHECK(names.insert(r.name).second);
      CHECK(r.source == RowSource::kPublished);
      CHECK(r.provenance == table.source);
      CHECK(r.dataset == "imagenet");
      CHECK(r.top1 > 40);
      CHECK(r.top5.value_or(100) > r.top1);
      CHECK((r.params || r.macs));
      ++rows;
    }
  }
  CHECK(rows > 120);
}

TEST_CASE("the two printed versions of B0..B7 stay apart") {
  CHECK(row("efficientnet-v5", "efficientnet-b0").top1 == 77.1);
  CHECK(row("efficientnet-icml2019", "efficientnet-b0").top1 == 76.3);
  CHECK(row("efficientnet-v5", "efficientnet-b7").top1 == 84.3);
  CHECK(row("efficientnet-icml2019", "efficientnet-b7").top1 == 84.4);
  CHECK(row("efficientnet-v5", "efficientnet-b7").resolution == 600);
  CHECK(row("efficientnet-v5", "efficientnet-b0").series !=
        row("efficientnet-icml2019", "efficientnet-b0").series);
}

// Oracle: the ratio columns that table 2 prints beside the counts.
TEST_CASE("parameters and multiply-adds of table 2 agree with the ratios printed there") {
  struct Printed {
    const char *net, *base;
    double params, macs;
  };
  for (const Printed& p : {Printed{"resnet-50", "b0", 4.9, 11}, Printed{"densenet-169", "b0", 2.6, 8.9},
                           Printed{"resnet-152", "b1", 7.6, 16}, Printed{"densenet-264", "b1", 4.3, 8.6},
                           Printed{"inception-v3", "b1", 3.0, 8.1}, Printed{"xception", "b1", 3.0, 12},
                           Printed{"inception-v4", "b2", 5.2, 13}, Printed{"resnext-101", "b3", 7.0, 18},
                           Printed{"polynet", "b3", 7.7, 19}, Printed{"senet", "b4", 7.7, 10},
                           Printed{"nasnet-a", "b4", 4.7, 5.7}, Printed{"amoebanet-a", "b4", 4.6, 5.5},
                           Printed{"pnasnet", "b4", 4.5, 5.5}, Printed{"amoebanet-c", "b5", 5.2, 4.1}}) {
    INFO(p.net);
    const ChartRow net = row("table2-v5", p.net);
    const ChartRow base = row("efficientnet-v5", std::string("efficientnet-") + p.base);
    CHECK(*net.params / *base.params == Approx(p.params).epsilon(0.04));
    CHECK(*net.macs / *base.macs == Approx(p.macs).epsilon(0.06));
  }
  CHECK_FALSE(row("table2-v5", "gpipe").macs.has_value());  // none is printed
  CHECK(row("table2-v5", "nasnet-a").group == RowGroup::kMachineDesigned);
  CHECK(row("table2-v5", "senet").group == RowGroup::kHumanDesigned);
}

TEST_CASE("compound scaling wins in tables 3 and 7, as the paper says") {
  std::map<std::string, double> compound, best_single;
  for (const char* table : {"table3-v5", "table7-v5"}) {
    for (const ChartRow& r : published_rows(table)) {
      const std::string base = r.name.substr(0, r.name.rfind('-'));
      if (r.name.ends_with("-compound"))
        compound[base] = r.top1;
      else
        best_single[base] = std::max(best_single[base], r.top1);
    }
  }
  CHECK(compound.size() == 4);
  for (const auto& [base, top1] : compound) CHECK(top1 > best_single.at(base));
}

TEST_CASE("an unknown table is an error that names the nearest") {
  try {
    published_rows("efficientnet-v4");
    FAIL("no error");
  } catch (const spec::Error& error) {
    CHECK(error.kind() == spec::ErrorKind::kUsage);
    CHECK(std::string(error.what()).find("efficientnet-v5") != std::string::npos);
  }
}

TEST_CASE("a bad table is refused with its line") {
  const std::string head =
      "# source: s\n# dataset: d\nname,label,group,series,resolution,params,macs,top1,top5,note\n";
  CHECK(parse_published(head + "a,A,family,\"x, y\",224,1,,50,,\r\n", "t.csv").at(0).series == "x, y");
  CHECK(error_of(head + "a,A,family,,224,1,1\n").find("t.csv:4") != std::string::npos);
  CHECK(error_of(head + "a,A,family,,224,many,1,50,,\n").find("many") != std::string::npos);
  CHECK(error_of(head + "a,A,family,,224,1,1,150,,\n").find("150") != std::string::npos);
  CHECK(error_of(head + "a,A,family,,1e300,1,1,50,,\n").find("1e300") != std::string::npos);
  CHECK(error_of(head + "a,A,nobody,,224,1,1,50,,\n").find("nobody") != std::string::npos);
  CHECK(error_of("name,label\n").find("source") != std::string::npos);
}
