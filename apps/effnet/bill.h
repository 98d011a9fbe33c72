// The bill of a plan before it runs: the speed of this machine is measured for two nets, every phase is extrapolated
// from it, and the same phases are read back from what was recorded once they are done.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/effnet/plan.h"
#include "search/space.h"

namespace effnet::apps {

struct BillRow {
  std::string phase;  // "search", "random arm", "finalists", "fit", "train"
  int nets = 0;
  std::int64_t pictures = 0;  // shown in training, repeats counted
  double seconds = 0;         // wall clock with the plan's workers
};

struct Bill {
  DatasetInfo data;  // as it was when the job began; a job that goes on keeps to it
  std::vector<BillRow> rows;
  double disk_bytes = 0;
  double seconds_a_picture = 0;       // one worker, net of no cost
  double seconds_a_mac = 0;           // and for every multiply-add of the net, a picture
  std::vector<double> measured_macs;  // the two nets' and their pictures a second
  std::vector<double> measured_speed;

  double total_seconds() const;
  double training_seconds(double macs, std::int64_t pictures,
                          std::int64_t scored_pictures) const;  // one worker
};

// Trains two nets for a few seconds each, all workers at once; at most ten seconds of steps.
Bill measure_bill(const Plan& plan, const search::Space& space, const DatasetInfo& data);

std::string bill_json(const Bill& bill);
Bill bill_from_json(std::string_view json, std::string_view where);

// The plan in words and the bill as a table. `actual` may be empty, or has a row a phase.
std::string bill_text(const Bill& bill, const std::vector<BillRow>& actual);

}  // namespace effnet::apps
