// effnet-bench cuda-kernels: every launch of a net's training step, or of its inference, on a CUDA device: time, bytes a second by the launch's
// model beside a copy within the device, and the same convolution by cuDNN and by LibTorch's operators, in turns.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet_bench/commands.h"
#include "apps/effnet_bench/cudnn_contender.h"
#include "apps/effnet_bench/device_race.h"
#include "apps/effnet_bench/inference_cases.h"
#include "apps/effnet_bench/launch_cases.h"
#include "apps/effnet_bench/reference_contender.h"
#include "apps/net_argument.h"
#include "apps/version.h"
#include "spec/atomic_file.h"
#include "spec/csv_field.h"

namespace effnet::apps {
namespace {

using Json = nlohmann::ordered_json;

struct Flags {
  std::vector<std::string> nets{"b0"};
  std::int64_t batch = 128;
  std::string dtype = "bfloat16";
  double seconds = 0.1;
  std::vector<std::string> peers{"cudnn", "reference"};
  std::string only, csv;
  bool inference = false, json = false;

  bool races(const char* peer) const { return std::find(peers.begin(), peers.end(), peer) != peers.end(); }
};

struct Time {
  double seconds = 0;  // 0: not raced
  std::string engines;
};

struct Row {
  std::string net, layer, kernel;
  int repeats = 1;
  bool whole_layer = false;
  double seconds = 0, bytes = 0;
  Time cudnn, reference;

  double rate() const { return bytes / seconds; }
};

Row measured(const std::string& net, const LaunchCase& of, const Flags& flags, DeviceRace& race) {
  Row row{net, of.layer, of.kernel, of.repeats, of.whole_layer()};
  row.bytes = cuda::bytes_of(of.work).total();
  std::vector<DeviceContender> contenders{{[&](cuda::Stream stream) { cuda::run(of.work, stream); }}};
  std::vector<Time*> times;
  if (of.peer && flags.races("cudnn")) {
    if (const auto cudnn = cudnn_contender(*of.peer, race)) {
      contenders.push_back({cudnn->work});
      row.cudnn.engines = cudnn->engines;
      times.push_back(&row.cudnn);
    }
  }
  if (of.peer && flags.races("reference")) {
    contenders.push_back({reference_contender(*of.peer)});
    times.push_back(&row.reference);
  }
  race.run(contenders, flags.seconds);
  row.seconds = contenders.front().shortest;
  for (std::size_t i = 0; i < times.size(); ++i) times[i]->seconds = contenders[i + 1].shortest;
  return row;
}

struct Result {
  DeviceFacts device;
  double copy_rate = 0;
  std::vector<Row> rows;
};

std::string cuda_version(int number) {
  return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

// What the layers' lists take in one step of the net.
struct Sum {
  double forward = 0, backward = 0, update = 0, inference = 0, bytes = 0;

  double seconds() const { return forward + backward + update + inference; }
};

Sum sum_of(const Result& result, const std::string& net) {
  Sum sum;
  for (const Row& row : result.rows) {
    if (row.net != net || !row.whole_layer) continue;
    (row.kernel == "forward"     ? sum.forward
     : row.kernel == "backward"  ? sum.backward
     : row.kernel == "inference" ? sum.inference
                                 : sum.update) += row.repeats * row.seconds;
    sum.bytes += row.repeats * row.bytes;
  }
  return sum;
}

std::string heading(const Result& result, const Flags& flags) {
  return fmt::format(
      "{}, driver {}, CUDA {}, LibTorch {}{}; batch {}, {}; copy within the device {:.0f} GB/s\n",
      result.device.name, cuda_version(result.device.driver), cuda_version(result.device.runtime),
      kTorchVersion, cudnn_version().empty() ? ", no cuDNN" : ", cuDNN " + cudnn_version(), flags.batch,
      flags.dtype, 1e-9 * result.copy_rate);
}

std::string beside(const Row& row, const Time& peer) {
  if (peer.seconds == 0) return fmt::format("{:>10} {:>7} {:<6}", "", "", "");
  return fmt::format("{:>10.1f} {:>6.2f}x {:<6}", 1e6 * peer.seconds, peer.seconds / row.seconds,
                     peer.engines);
}

std::string text_of(const Result& result, const Flags& flags) {
  std::string text = heading(result, flags);
  for (const std::string& net : flags.nets) {
    std::string layer;
    for (const Row& row : result.rows) {
      if (row.net != net) continue;
      if (row.layer != layer) {
        layer = row.layer;
        text +=
            fmt::format("\n{}: {}, {} of it\n  {:<24} {:>10} {:>7} {:>8} {:>10} {:>7} {:<6} {:>10} {:>7}\n",
                        net, layer, row.repeats, "launch", "us", "GB/s", "of copy", "cuDNN us", "ratio",
                        "engine", "LibTorch", "ratio");
      }
      std::string line = fmt::format(
          "  {:<24} {:>10.1f} {:>7.0f} {:>7.0f}% {} {}", row.kernel, 1e6 * row.seconds, 1e-9 * row.rate(),
          100 * row.rate() / result.copy_rate, beside(row, row.cudnn), beside(row, row.reference));
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + "\n";
    }
    const Sum sum = sum_of(result, net);
    const double all = sum.seconds();
    if (all == 0) continue;
    const auto batch = static_cast<double>(flags.batch);
    text +=
        flags.inference
            ? fmt::format("\n{}: inference, launch after launch: {:.3f} ms\n", net, 1e3 * sum.inference)
            : fmt::format(
                  "\n{}: these layers in a training step, launch after launch: forward {:.2f} ms, backward "
                  "{:.2f} ms, update {:.2f} ms\n",
                  net, 1e3 * sum.forward, 1e3 * sum.backward, 1e3 * sum.update);
    text += fmt::format(
        "  {:.0f} images/s without the rest of the net; {:.1f} MB an image by the model, {:.0f} % "
        "of a copy\n",
        batch / all, 1e-6 * sum.bytes / batch, 100 * sum.bytes / all / result.copy_rate);
  }
  return text;
}

Json json_of(const Result& result, const Flags& flags) {
  Json json{{"device", result.device.name},
            {"driver", cuda_version(result.device.driver)},
            {"cuda", cuda_version(result.device.runtime)},
            {"torch", kTorchVersion},
            {"cudnn", cudnn_version()},
            {"commit", kCommit},
            {"work", flags.inference ? "inference" : "training step"},
            {"batch", flags.batch},
            {"dtype", flags.dtype},
            {"copy_gb_per_s", 1e-9 * result.copy_rate},
            {"launches", Json::array()}};
  for (const Row& row : result.rows) {
    Json launch{{"net", row.net},
                {"layer", row.layer},
                {"repeats", row.repeats},
                {"launch", row.kernel},
                {"us", 1e6 * row.seconds},
                {"bytes", row.bytes},
                {"gb_per_s", 1e-9 * row.rate()},
                {"of_copy", row.rate() / result.copy_rate}};
    if (row.cudnn.seconds > 0) {
      launch["cudnn_us"] = 1e6 * row.cudnn.seconds;
      launch["cudnn_engines"] = row.cudnn.engines;
      launch["cudnn_ratio"] = row.cudnn.seconds / row.seconds;
    }
    if (row.reference.seconds > 0) {
      launch["reference_us"] = 1e6 * row.reference.seconds;
      launch["reference_ratio"] = row.reference.seconds / row.seconds;
    }
    json["launches"].push_back(launch);
  }
  return json;
}

// One line a launch; what is the same for all of them stands in each, so that files can be put together.
std::string csv_of(const Json& json) {
  constexpr const char* kOfAll[] = {"device", "driver", "cuda",  "torch", "cudnn",
                                    "commit", "work",   "batch", "dtype", "copy_gb_per_s"};
  constexpr const char* kOfLaunch[] = {
      "net",     "layer",    "repeats",       "launch",      "us",           "bytes",          "gb_per_s",
      "of_copy", "cudnn_us", "cudnn_engines", "cudnn_ratio", "reference_us", "reference_ratio"};
  const auto field = [](const Json& of, const char* name) {
    if (!of.contains(name)) return std::string();
    return of[name].is_string() ? spec::csv_field(of[name].get<std::string>()) : of[name].dump();
  };
  std::string csv;
  csv += fmt::format("{},{}\n", fmt::join(kOfAll, ","), fmt::join(kOfLaunch, ","));
  for (const Json& launch : json["launches"]) {
    std::vector<std::string> fields;
    for (const char* name : kOfAll) fields.push_back(field(json, name));
    for (const char* name : kOfLaunch) fields.push_back(field(launch, name));
    csv += fmt::format("{}\n", fmt::join(fields, ","));
  }
  return csv;
}

void run(const Flags& flags) {
  std::vector<NetOnDevice> nets;
  std::size_t bytes = 0;
  for (const std::string& name : flags.nets) {
    nets.push_back({resolve_net(name).arch, flags.batch,
                    flags.dtype == "float" ? cuda::Storage::kFloat : cuda::Storage::kBfloat16});
    bytes = std::max(
        bytes, flags.inference ? inference_memory(nets.back(), name) : launch_memory(nets.back(), name));
  }
  Result result{.device = device_facts()};
  DeviceRace race;
  result.copy_rate = race.copy_rate();
  const DeviceMemory memory(bytes);
  for (std::size_t i = 0; i < nets.size(); ++i) {
    for (const LaunchCase& of :
         flags.inference ? inference_cases(nets[i], memory.data()) : launch_cases(nets[i], memory.data())) {
      const bool wanted = (of.layer + " " + of.kernel).find(flags.only) != std::string::npos;
      if (wanted) {
        result.rows.push_back(measured(flags.nets[i], of, flags, race));
      } else if (of.whole_layer()) {
        cuda::run(of.work, nullptr);  // what is wanted of this layer works on what it leaves
      }
    }
    if (!flags.json) print_note(flags.nets[i] + " is measured");
  }
  const Json json = json_of(result, flags);
  if (!flags.csv.empty()) spec::write_file_atomically(flags.csv, csv_of(json));
  print_result(flags.json ? json.dump(2) + "\n" : text_of(result, flags));
}

}  // namespace

void add_bench_cuda_kernels(CLI::App& program) {
  CLI::App* command = program.add_subcommand("cuda-kernels",
                                             "Every launch of a training step, or of inference, on a CUDA "
                                             "device beside cuDNN and LibTorch's operators");
  auto flags = std::make_shared<Flags>();
  command->add_option("nets", flags->nets, "nets of MBConv blocks by name, such as b0 b3 b7")
      ->capture_default_str();
  command->add_flag("--inference", flags->inference,
                    "the launches of inference in place of those of a training step; without peers, which "
                    "infer --device cuda has for the whole net");
  command->add_option("--batch", flags->batch, "pictures")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 16));
  command->add_option("--dtype", flags->dtype, "of maps: bfloat16 or float")
      ->check(CLI::IsMember({"bfloat16", "float"}))
      ->capture_default_str();
  command->add_option("--seconds", flags->seconds, "time for a launch, all contenders together")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3600.0));
  command
      ->add_option("--peers", flags->peers,
                   "what to race against, comma-separated: cudnn, reference (LibTorch's operators), none")
      ->delimiter(',')
      ->check(CLI::IsMember({"cudnn", "reference", "none"}))
      ->capture_default_str();
  command->add_option("--only", flags->only, "only launches whose layer and name have this in them");
  command->add_option("--csv", flags->csv, "also a line a launch into this file");
  command->add_flag("--json", flags->json, "the result as JSON");
  command->footer(
      "us: the shortest time between two events, with a cold second level cache. GB/s: by the launch's "
      "model, what it\n"
      "must read and write once. cuDNN: the same convolution alone; a launch does batch norm, activation, "
      "gate and\n"
      "statistics besides, and going back both gradients. LibTorch: all of this, an operator each.\n");
  command->callback([flags] { run(*flags); });
}

}  // namespace effnet::apps
