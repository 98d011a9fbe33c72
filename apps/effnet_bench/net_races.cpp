#include "apps/effnet_bench/net_races.h"

#include <fmt/format.h>

#include "apps/command_line.h"
#include "apps/effnet_bench/device_race.h"
#include "apps/effnet_bench/graphed_step.h"
#include "apps/effnet_bench/interleaved.h"
#include "apps/net_argument.h"
#include "apps/version.h"
#include "spec/atomic_file.h"

namespace effnet::apps {
namespace {

std::vector<NetBatch> cases_of(const DeviceFlags& of) {
  std::vector<NetBatch> cases;
  for (const std::string& net : of.nets) {
    for (const std::int64_t batch : of.batches) cases.push_back({net, resolve_net(net).arch, batch});
  }
  return cases;
}

Contender until_done(Work work) {
  return {[work = std::move(work)] {
    work();
    torch::cuda::synchronize();
  }};
}

}  // namespace

NetRaces::NetRaces(std::string work, const BenchFlags& flags, const DeviceFlags& of)
    : flags_(flags),
      csv_(of.csv),
      maps_(of.dtype == "float" ? torch::kFloat : torch::kBFloat16),
      cases_(cases_of(of)),
      times_{.work = std::move(work),
             .device = device_facts().name,
             .torch = kTorchVersion,
             .commit = kCommit,
             .dtype = of.dtype} {
  at::globalContext().setBenchmarkCuDNN(true);
}

void NetRaces::run(const NetBatch& on, const OwnWork& own,
                   const std::function<Work(at::ScalarType)>& libtorch) {
  std::vector<std::string> names{"effnet", "effnet, launch by launch"};
  std::vector<Contender> contenders{until_done(own.graph), until_done(own.launches)};
  for (const std::string& peer : flags_.peers) {
    const bool half = peer.ends_with("-fp16"), graph = peer.starts_with("graph");
    const Work work = libtorch(half ? torch::kHalf : maps_);
    names.push_back(std::string(graph ? "LibTorch in a CUDA graph" : "LibTorch eager") +
                    (half ? ", fp16" : ""));
    contenders.push_back(until_done(graph ? as_graph(work) : work));
  }
  race(contenders, flags_.seconds);
  for (const std::string& reason : own.context.fallbacks()) print_note(on.net + " falls back: " + reason);
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    times_.rows.push_back({on.net, on.arch.resolution, on.batch, names[i], contenders[i].shortest,
                           contenders[i].shortest / contenders.front().shortest});
  }
  if (!csv_.empty()) spec::write_file_atomically(csv_, net_times_csv(times_));
  if (!flags_.json) print_note(fmt::format("{}, batch {}, is measured", on.net, on.batch));
}

void NetRaces::print() const {
  print_result(flags_.json ? net_times_json(times_) : net_times_text(times_));
}

}  // namespace effnet::apps
