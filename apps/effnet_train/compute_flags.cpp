#include "apps/effnet_train/compute_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>

#include "apps/kernel_choice.h"
#include "cpu/isa.h"
#include "ops/pooled_allocator.h"
#include "ops/threads.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

constexpr const char* kCudnn = "cudnn";  // of this program alone: the others train on the CPU

torch::Device parse_device(const std::string& text) {
  try {
    const torch::Device device(text);
    if (device.is_cuda()) return device;
  } catch (const std::exception&) {  // c10::Error, std::out_of_range: no device either way
  }
  throw spec::Error(spec::ErrorKind::kUsage, "--device", fmt::format("unknown device '{}'", text),
                    "known: cpu, cuda, cuda:N");
}

const std::map<std::string, ops::Kernels>& kernel_names() {
  static const std::map<std::string, ops::Kernels> kNames{{"auto", ops::Kernels::kAuto},
                                                          {"effnet", ops::Kernels::kEffnet},
                                                          {"reference", ops::Kernels::kReference},
                                                          {kCudnn, ops::Kernels::kCudnn}};
  return kNames;
}

ops::Kernels parse_kernels(const std::string& text) {
  if (text != kCudnn) check_kernel_choice(text, "--kernels");
  return kernel_names().at(text);
}

}  // namespace

std::string to_text(ops::Kernels kernels) {
  for (const auto& [name, value] : kernel_names()) {
    if (value == kernels) return name;
  }
  return "?";
}

std::string to_text(at::ScalarType maps) {
  return maps == torch::kBFloat16 ? "bfloat16" : "float";
}

std::string instruction_set(const training::Compute& compute) {
  return compute.kernels != ops::Kernels::kReference && compute.device.is_cpu() ? cpu::best_kernels().name
                                                                                : "";
}

void add_compute_flags(CLI::App& command, ComputeFlags& flags) {
  command
      .add_option("--threads", flags.threads,
                  "threads of the arithmetic; results depend on them in the last digits")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command.add_option("--device", flags.device, "cpu, cuda or cuda:N")->capture_default_str();
  command.add_option("--dtype", flags.dtype, "how maps are stored on a GPU: float or bfloat16")
      ->capture_default_str()
      ->check(CLI::IsMember({"float", "bfloat16"}));
  command.add_option("--graph", flags.graph, "training steps on a GPU as a CUDA graph: auto or off")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "off"}));
  command
      .add_option_function<std::string>(
          "--kernels", [&flags](const std::string& text) { flags.kernels = parse_kernels(text); },
          fmt::format("{}; with --device cuda also {}: LibTorch's, with convolutions by cuDNN", kKernelsHelp,
                      kCudnn))
      ->default_str("auto");
}

namespace {

torch::Device device_of(const std::string& name) {
  if (name == "cpu") return torch::kCPU;
  const torch::Device device = parse_device(name);
  if (!torch::cuda::is_available()) {
    throw spec::Error(spec::ErrorKind::kEnvironment, "--device",
                      fmt::format("'{}' is not there: LibTorch sees no CUDA device", name),
                      "give --device cpu, or build with -DEFFNET_WITH_CUDA=ON on a machine with a GPU");
  }
  if (device.index() < static_cast<int>(torch::cuda::device_count())) return device;
  throw spec::Error(spec::ErrorKind::kEnvironment, "--device", fmt::format("there is no '{}'", name));
}

}  // namespace

training::Compute prepare_compute(const ComputeFlags& flags) {
  ops::use_pooled_allocator();
  ops::use_threads(flags.threads);
  at::globalContext().setFlushDenormal(
      true);  // moving averages fade into numbers that are slow to compute with
  const bool narrow = flags.dtype == "bfloat16";
  if (narrow && flags.device == "cpu")
    throw spec::Error(spec::ErrorKind::kUsage, "--dtype", "training on a CPU stores maps in float only",
                      "leave it out, or give --device cuda");
  if (flags.kernels == ops::Kernels::kCudnn && flags.device == "cpu")
    throw spec::Error(spec::ErrorKind::kUsage, "--kernels", "cuDNN computes on CUDA devices alone",
                      "leave it out, or give --device cuda");
  return {.device = device_of(flags.device),
          .kernels = flags.kernels,
          .maps = narrow ? torch::kBFloat16 : torch::kFloat,
          .graph = flags.graph == "auto"};
}

}  // namespace effnet::apps
