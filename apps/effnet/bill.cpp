#include "apps/effnet/bill.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/effnet/trainer_process.h"
#include "apps/live_line.h"
#include "report/number_text.h"
#include "report/text_table.h"
#include "scaling/cost_model.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

using Json = nlohmann::ordered_json;

// Scoring a picture is a forward pass: about a third of a training step's work.
constexpr double kScoringShare = 1.0 / 3;
constexpr double kMeasureSeconds = 4;  // a net

struct Expectation {
  double child_macs = 0;                // mean of the space
  std::vector<spec::ArchSpec> members;  // an average baseline at each phi of the plan
};

Expectation expect(const Plan& plan, const search::Space& space) {
  constexpr int kSamples = 200;
  spec::RandomStream random(spec::derive_seed(plan.seed, "bill"));
  std::vector<spec::Candidate> samples;
  double sum = 0;
  for (int i = 0; i < kSamples; ++i) {
    samples.push_back(space.candidate(space.sample(random)));
    sum += static_cast<double>(samples.back().cost.macs);
  }
  Expectation expectation{.child_macs = sum / kSamples, .members = {}};
  // What is found should cost about what was asked for, where multiply-adds are the cost; else about the mean.
  double wanted = expectation.child_macs;
  for (const search::CostTerm& term : plan.objective.terms) {
    if (term.cost == spec::CostKind::kMacs) wanted = term.target;
  }
  const auto off = [&](const spec::Candidate& c) {
    return std::abs(std::log(static_cast<double>(c.cost.macs) / wanted));
  };
  const spec::Candidate& baseline = *std::min_element(
      samples.begin(), samples.end(), [&](const auto& a, const auto& b) { return off(a) < off(b); });
  for (const double phi : plan.phi)
    expectation.members.push_back(scaling::scale(baseline.arch, scaling::multipliers({}, phi)));
  return expectation;
}

double macs_of(const spec::ArchSpec& arch) {
  return static_cast<double>(scaling::count(arch).total.macs);
}

}  // namespace

double Bill::total_seconds() const {
  double total = 0;
  for (const BillRow& row : rows) total += row.seconds;
  return total;
}

double Bill::training_seconds(double macs, std::int64_t pictures, std::int64_t scored_pictures) const {
  const double each = seconds_a_picture + seconds_a_mac * macs;
  return each * (static_cast<double>(pictures) + kScoringShare * static_cast<double>(scored_pictures));
}

Bill measure_bill(const Plan& plan, const search::Space& space, const DatasetInfo& data) {
  const Expectation expectation = expect(plan, space);
  const spec::ArchSpec& small = expectation.members.front();
  const spec::ArchSpec& large = expectation.members.back();
  Bill bill{.data = data};
  const auto speeds = measure_speed({small, large}, plan.recipe.batch_size, kMeasureSeconds,
                                    {.threads = plan.threads, .kernels = plan.kernels}, plan.workers);
  bill.measured_macs = {macs_of(small), macs_of(large)};
  bill.measured_speed = {speeds[0].pictures_per_second, speeds[1].pictures_per_second};
  const double small_seconds = 1 / bill.measured_speed[0], large_seconds = 1 / bill.measured_speed[1];
  if (bill.measured_macs[1] > bill.measured_macs[0]) {
    bill.seconds_a_mac =
        std::max(0.0, (large_seconds - small_seconds) / (bill.measured_macs[1] - bill.measured_macs[0]));
  }
  bill.seconds_a_picture = std::max(0.0, small_seconds - bill.seconds_a_mac * bill.measured_macs[0]);

  const auto add = [&](std::string phase, int nets, double macs, std::int64_t pictures, std::int64_t scored) {
    const double seconds = nets * bill.training_seconds(macs, pictures, scored) / plan.workers;
    bill.rows.push_back({std::move(phase), nets, nets * pictures, seconds});
  };
  const std::int64_t child = plan.child.total_pictures(), holdout = plan.data.holdout;
  add("search", plan.trials, expectation.child_macs, child, holdout);
  if (plan.random_trials > 0) add("random arm", plan.random_trials, expectation.child_macs, child, holdout);
  const int finalists = plan.finalists * plan.finalist_seeds * (plan.random_trials > 0 ? 2 : 1);
  add("finalists", finalists, bill.measured_macs[0], child, holdout);
  const std::int64_t train_pictures = plan.final_pictures(data) * plan.recipe.epochs;
  const std::int64_t scored = holdout * plan.recipe.epochs + data.test_pictures;
  if (plan.rank_check_nets > 0)
    add("rank check", plan.rank_check_nets, expectation.child_macs, train_pictures, holdout);
  const int fit_nets =
      (plan.fit_nets > 0 ? plan.fit_nets : 20) * plan.fit_seeds;  // 20: a usual number of distinct nets
  add("fit", fit_nets, macs_of(scaling::scale(small, scaling::multipliers({}, 1))),
      plan.fit_child.total_pictures(), holdout);

  BillRow train{"train", 0, 0, 0};
  const auto add_net = [&](double macs) {
    const int runs = static_cast<int>(plan.seeds.size());
    train.nets += runs;
    train.pictures += runs * train_pictures;
    train.seconds += runs * bill.training_seconds(macs, train_pictures, scored) / plan.workers;
  };
  for (const spec::ArchSpec& member : expectation.members) add_net(macs_of(member));
  if (plan.random_trials > 0) add_net(macs_of(small));
  for (const Rival& rival : plan.rivals) {
    for (const std::string& member : rival.match)
      add_net(macs_of(expectation.members[std::stoul(member.substr(1))]));
  }
  bill.rows.push_back(train);
  // Weights, their average and the optimizer's state, as last and best: eight tensors of four bytes a parameter.
  for (const spec::ArchSpec& member : expectation.members)
    bill.disk_bytes += 8.0 * 4 * static_cast<double>(scaling::count(member).total.params);
  bill.disk_bytes *= static_cast<double>(train.nets) / static_cast<double>(expectation.members.size());
  bill.disk_bytes += 5e6;  // trial stores, logs, charts
  return bill;
}

std::string bill_json(const Bill& bill) {
  Json json;
  json["schema"] = "effnet.bill/2";
  json["data"] = Json::parse(dataset_json(bill.data));
  json["seconds_a_picture"] = bill.seconds_a_picture;
  json["seconds_a_mac"] = bill.seconds_a_mac;
  json["measured_macs"] = bill.measured_macs;
  json["measured_speed"] = bill.measured_speed;
  json["disk_bytes"] = bill.disk_bytes;
  json["rows"] = Json::array();
  for (const BillRow& row : bill.rows) {
    json["rows"].push_back(
        {{"phase", row.phase}, {"nets", row.nets}, {"pictures", row.pictures}, {"seconds", row.seconds}});
  }
  return json.dump(2) + "\n";
}

Bill bill_from_json(std::string_view text, std::string_view where) {
  try {
    const Json json = Json::parse(text);
    Bill bill{.data = dataset_from_json(json.at("data").dump(), where)};
    json.at("seconds_a_picture").get_to(bill.seconds_a_picture);
    json.at("seconds_a_mac").get_to(bill.seconds_a_mac);
    json.at("measured_macs").get_to(bill.measured_macs);
    json.at("measured_speed").get_to(bill.measured_speed);
    json.at("disk_bytes").get_to(bill.disk_bytes);
    for (const Json& row : json.at("rows")) {
      bill.rows.push_back({row.at("phase"), row.at("nets"), row.at("pictures"), row.at("seconds")});
    }
    return bill;
  } catch (const nlohmann::json::exception& error) {
    throw spec::Error(spec::ErrorKind::kBadData, where, fmt::format("is not a bill: {}", error.what()),
                      "remove the file; the bill is measured again");
  }
}

std::string bill_text(const Bill& bill, const std::vector<BillRow>& actual) {
  const auto right = report::Align::kRight;
  std::vector<report::Column> columns{{"phase"}, {"nets", right}, {"pictures", right}, {"predicted", right}};
  if (!actual.empty()) columns.insert(columns.end(), {{"nets done", right}, {"actual", right}});
  report::TextTable table(columns);
  BillRow total{"total", 0, 0, 0}, total_actual{"total", 0, 0, 0};
  const auto add = [&](const BillRow& row, const BillRow& done) {
    std::vector<std::string> cells{row.phase, fmt::format("{}", row.nets),
                                   report::short_count(static_cast<double>(row.pictures)),
                                   duration_text(row.seconds)};
    if (!actual.empty())
      cells.insert(cells.end(), {fmt::format("{}", done.nets), duration_text(done.seconds)});
    table.add_row(cells);
  };
  for (const BillRow& row : bill.rows) {
    const auto done =
        std::find_if(actual.begin(), actual.end(), [&](const BillRow& a) { return a.phase == row.phase; });
    const BillRow done_row = done == actual.end() ? BillRow{} : *done;
    add(row, done_row);
    total.nets += row.nets;
    total.pictures += row.pictures;
    total.seconds += row.seconds;
    total_actual.nets += done_row.nets;
    total_actual.seconds += done_row.seconds;
  }
  table.add_rule();
  add(total, total_actual);
  return table.to_text() + fmt::format("disk: about {}B\n", report::short_count(bill.disk_bytes));
}

}  // namespace effnet::apps
