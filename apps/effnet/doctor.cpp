// effnet doctor: what this machine has for the work, what is missing and how to get it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "apps/effnet/sibling_program.h"
#include "apps/machine.h"
#include "apps/version.h"
#include "cpu/isa.h"
#include "report/picture_renderer.h"
#include "report/text_table.h"
#include "search/child_process.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string data_dir = "/usr/share/datasets/fashion-mnist";
  std::string output = ".";
  bool json = false;
};

enum class Verdict { kGood, kOptional, kMissing };

struct Finding {
  std::string what;
  Verdict verdict;
  std::string found;
  std::string advice;  // empty when good
};

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGood:
      return "ok";
    case Verdict::kOptional:
      return "optional";
    case Verdict::kMissing:
      return "missing";
  }
  return "?";
}

Finding trainer() {
  if (fs::exists(sibling_path("effnet-train")))
    return {"effnet-train", Verdict::kGood, fmt::format("LibTorch {}", kTorchVersion), ""};
  return {"effnet-train", Verdict::kMissing, "not beside effnet",
          "build with LibTorch: make build (it runs scripts/setup.sh)"};
}

Finding benchmark() {
  if (fs::exists(sibling_path("effnet-bench"))) return {"effnet-bench", Verdict::kGood, "effnet bench", ""};
  return {"effnet-bench", Verdict::kOptional, "not beside effnet", "build with LibTorch: make build"};
}

// The widest instruction set is the one that runs.
Finding kernels() {
  std::vector<std::string> names;
  for (const cpu::KernelTable* table : cpu::usable_kernels()) names.emplace_back(table->name);
  const std::string others =
      names.size() > 1 ? fmt::format(" (also: {})", fmt::join(names.begin() + 1, names.end(), " ")) : "";
  const char* bfloat16 = cpu::has_bfloat16_products() ? " with bfloat16" : "";
  return {"kernels", Verdict::kGood, names.front() + bfloat16 + others, ""};
}

Finding processor() {
  return {"processor", Verdict::kGood,
          fmt::format("{}, {} threads, {}", machine_name(), std::thread::hardware_concurrency(),
                      fmt::join(cpu_features(), " ")),
          ""};
}

Finding device() {
  if (fs::exists("/dev/nvidiactl")) {
    return {"device", Verdict::kOptional, "an NVIDIA driver is there; this build trains on the CPU",
            "build with the gpu preset for --device cuda"};
  }
  return {"device", Verdict::kGood, "cpu", ""};
}

Finding data(const std::string& folder) {
  if (fs::exists(fs::path(folder) / "train-images-idx3-ubyte.gz"))
    return {"Fashion-MNIST", Verdict::kGood, folder, ""};
  return {"Fashion-MNIST", Verdict::kOptional, "not in " + folder,
          "apt-get install dataset-fashion-mnist, or --data-dir for other pictures"};
}

Finding disk(const std::string& folder) {
  const fs::space_info space = fs::space(folder);
  const double gigabytes = static_cast<double>(space.available) / 1e9;
  const std::string found =
      fmt::format("{:.1f} GB free in {}", gigabytes, fs::absolute(folder).lexically_normal().string());
  if (gigabytes < 1)
    return {"disk", Verdict::kMissing, found, "free at least 1 GB; a run keeps a few checkpoints"};
  return {"disk", Verdict::kGood, found, ""};
}

bool has_vl_convert(const std::string& python) {
  try {
    search::ChildProcess child(
        {.arguments = {python, "-c", "import vl_convert"}, .environment = {}, .log = "/dev/null"});
    return child.finish(std::chrono::seconds(20)).code == 0;
  } catch (const spec::Error&) {
    return false;  // no such program
  }
}

Finding charts() {
  for (const std::string& python : report::chart_pythons()) {
    if (has_vl_convert(python)) return {"chart pictures", Verdict::kGood, "vl-convert by " + python, ""};
  }
  return {"chart pictures", Verdict::kOptional, "HTML only",
          "scripts/setup.sh installs vl-convert for SVG, PNG and PDF"};
}

void run(const Options& options) {
  const std::vector<Finding> findings{
      {"effnet", Verdict::kGood, fmt::format("{} ({}), {}, {}", kVersion, kCommit, kCompiler, kBuildType),
       ""},
      trainer(),
      benchmark(),
      processor(),
      kernels(),
      device(),
      data(options.data_dir),
      disk(options.output),
      charts()};
  report::TextTable table({{"what"}, {"state"}, {"found"}, {"what to do"}});
  nlohmann::ordered_json json{{"schema", "effnet.doctor/1"}, {"findings", nlohmann::ordered_json::array()}};
  bool usable = true;
  for (const Finding& f : findings) {
    table.add_row({f.what, std::string(to_text(f.verdict)), f.found, f.advice});
    json["findings"].push_back(
        {{"what", f.what}, {"state", to_text(f.verdict)}, {"found", f.found}, {"advice", f.advice}});
    usable = usable && f.verdict != Verdict::kMissing;
  }
  json["usable"] = usable;
  print_result(options.json ? json.dump(2) + "\n" : table.to_text());
  if (!usable) {
    throw spec::Error(spec::ErrorKind::kEnvironment, "doctor", "something that the main job needs is missing",
                      "see the last column");
  }
}

}  // namespace

void add_doctor(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "doctor", "Versions, processor, device, data, disk: what is missing and how to get it");
  auto options = std::make_shared<Options>();
  command->add_option("--data-dir", options->data_dir, "folder of the Fashion-MNIST files")
      ->capture_default_str();
  command->add_option("--output", options->output, "folder whose free space is looked at")
      ->capture_default_str();
  command->add_flag("--json", options->json, "the same as JSON");
  command->footer("Examples:\n  effnet doctor\n  effnet doctor --json\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
