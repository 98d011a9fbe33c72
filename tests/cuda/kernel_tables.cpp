// kernel_tables REPORT.ptxas ...: the tables of docs/kernels.md, as Markdown on stdout: what ptxas says of the kernels in
// the given reports, the bytes of steps and of inference by the models, and what the emulator counts on B0's depthwise layers,
// on the first halves of its blocks and on dense layers. The target kernel-tables runs it.
#include <algorithm>
#include <cstdio>
#include <map>

#include "apps/effnet_bench/inference_cases.h"
#include "apps/effnet_bench/launch_cases.h"
#include "scaling/families.h"
#include "tests/cuda/b0_layers.h"
#include "tests/cuda/dense_traffic.h"
#include "tests/cuda/expand_depthwise_traffic.h"
#include "tests/cuda/ptxas_report.h"
#include "tests/cuda/traffic.h"

using namespace effnet::tests;

namespace {

// How the name of a kernel for such a layer ends.
std::string ending_of(const DepthwiseShape& shape) {
  return ", " + std::to_string(shape.kernel) + ", " + std::to_string(shape.stride) + ">";
}
Storage storage_of(const std::string& kernel) {
  return kernel.find("<float") != std::string::npos ? Storage::kFloat : Storage::kBfloat16;
}

// The most dynamic shared memory that a kernel of this name takes on B0's layers at a batch of 256, in KiB; 0: B0 has no
// layer for it.
double shared_kib(const std::string& kernel) {
  std::size_t most = 0;
  const bool expands = kernel.starts_with("expand_depthwise");
  for (const ExpandedLayer& layer : expands ? b0_expanded_layers(256) : std::vector<ExpandedLayer>()) {
    const DepthwiseShape& shape = layer.shape;
    if (!kernel.ends_with(ending_of(shape))) continue;
    const bool in_place = effnet::cuda::expands_in_place(shape, layer.in_channels, storage_of(kernel));
    const effnet::cuda::ExpandDepthwisePlan plan =
        effnet::cuda::plan_expand_depthwise(shape, in_place ? layer.in_channels : 0, storage_of(kernel));
    most = std::max(most, static_cast<std::size_t>(
                              effnet::cuda::memory_of(plan, shape.kernel, storage_of(kernel)).bytes));
  }
  if (expands) return static_cast<double>(most) / 1024;
  for (const DepthwiseShape& shape : b0_depthwise_layers(256)) {
    if (!kernel.ends_with(ending_of(shape))) continue;
    const Storage storage = storage_of(kernel);
    most = std::max(most, kernel.starts_with("depthwise_forward")
                              ? effnet::cuda::forward_shared_bytes(shape, storage)
                              : effnet::cuda::backward_shared_bytes(shape, storage, 2, true));
  }
  return static_cast<double>(most) / 1024;
}

// One row a kernel, the architectures side by side.
void print_resources(const std::vector<KernelResources>& kernels) {
  std::map<std::string, std::vector<KernelResources>> by_name;
  for (const KernelResources& kernel : kernels) by_name[kernel.kernel].push_back(kernel);
  std::printf("| kernel | registers | spilled bytes | shared KiB on B0 |\n| --- | --- | --- | --- |\n");
  for (const auto& [name, forms] : by_name) {
    std::string registers, spilled;
    for (const KernelResources& form : forms) {
      const std::string between = registers.empty() ? "" : ", ";
      registers += between + std::to_string(form.registers) + " " + form.architecture;
      spilled += between + std::to_string(form.spill_stores + form.spill_loads);
    }
    const double shared = shared_kib(name);
    std::printf("| `%s` | %s | %s |", name.c_str(), registers.c_str(), spilled.c_str());
    shared > 0 ? std::printf(" %.1f |\n", shared) : std::printf(" - |\n");
  }
}

void print_traffic() {
  std::printf(
      "\n| layer, bfloat16 | forward: counted KB | by model | asked | backward: counted KB | by model | "
      "asked |\n"
      "| --- | --- | --- | --- | --- | --- | --- |\n");
  for (const DepthwiseShape& shape : b0_depthwise_layers(1)) {
    const CountedTraffic forward = forward_traffic(shape, Storage::kBfloat16);
    const CountedTraffic backward = backward_traffic(shape, Storage::kBfloat16);
    std::printf("| %s | %.0f | %.3f | %.2f | %.0f | %.3f | %.2f |\n", name_of(shape).c_str(),
                forward.counted / 1e3, forward.ratio(), forward.maps_asked, backward.counted / 1e3,
                backward.ratio(), backward.maps_asked);
  }
}

void print_dense_traffic() {
  std::printf(
      "\n| layer, bfloat16 | forward: counted KB | by model | asked | to x: counted KB | by model | asked | "
      "to "
      "weights: counted KB | by model | asked |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (const ConvShape& shape : dense_traffic_layers()) {
    const DenseTraffic traffic = dense_traffic(shape, Storage::kBfloat16, {});
    std::printf("| %s |", name_of(shape).c_str());
    for (const CountedTraffic& launch : {traffic.forward, traffic.input_gradient, traffic.weight_gradient})
      std::printf(" %.0f | %.3f | %.2f |", launch.counted / 1e3, launch.ratio(), launch.maps_asked);
    std::printf("\n");
  }
}

void print_expand_traffic() {
  std::printf(
      "\n| layer, bfloat16 | from | counted KB | by model | x asked | weights asked |\n"
      "| --- | --- | --- | --- | --- | --- |\n");
  for (const ExpandedLayer& layer : b0_expanded_layers(1)) {
    const ExpandTraffic traffic =
        expand_traffic(layer.shape, Storage::kBfloat16, {.in_channels = layer.in_channels});
    std::printf("| %s | %d | %.0f | %.3f | %.2f | %.0f |\n", name_of(layer.shape).c_str(),
                static_cast<int>(layer.in_channels), traffic.counted.counted / 1e3, traffic.counted.ratio(),
                traffic.counted.maps_asked, traffic.weights_asked);
  }
}

// Beside two kernels a block, of which nothing but maps is counted.
void print_inference() {
  struct Row {
    const char* net;
    std::int64_t batch;
    double two_kernels;  // MB a picture
  };
  std::printf(
      "\n| net | batch | maps | weights and the rest | in all | two kernels a block | ratio |\n"
      "| --- | --- | --- | --- | --- | --- | --- |\n");
  for (const Row& row : {Row{"b0", 256, 13.9}, Row{"b0", 1, 13.9}, Row{"b3", 128, 53}, Row{"b7", 64, 689}}) {
    const effnet::cuda::BytesModel bytes =
        effnet::apps::inference_bytes({effnet::scaling::find_net(row.net).arch, row.batch});
    const double unit = 1e6 * static_cast<double>(row.batch), all = bytes.total() / unit;
    const double maps = (bytes.maps_read + bytes.maps_written) / unit;
    std::printf("| %s | %d | %.1f | %.1f | %.1f | %.1f | %.2f |\n", row.net, static_cast<int>(row.batch),
                maps, all - maps, all, row.two_kernels, all / row.two_kernels);
  }
}

// Level b is the traffic model's: every map crosses memory as seldom as exact batch statistics allow.
void print_steps() {
  struct Row {
    const char* net;
    std::int64_t batch;
    double level_b;  // MB a picture
  };
  std::printf(
      "\n| net | batch | forward | backward | update | in all | level b | ratio |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (const Row& row : {Row{"b0", 256, 87.4}, Row{"b3", 128, 316}, Row{"b7", 64, 3924}}) {
    const effnet::apps::StepBytes step =
        effnet::apps::step_bytes({effnet::scaling::find_net(row.net).arch, row.batch});
    const double unit = 1e6 * static_cast<double>(row.batch);
    std::printf("| %s | %d | %.1f | %.1f | %.1f | %.1f | %.1f | %.2f |\n", row.net,
                static_cast<int>(row.batch), step.forward.total() / unit, step.backward.total() / unit,
                step.update.total() / unit, step.total() / unit, row.level_b,
                step.total() / unit / row.level_b);
  }
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<KernelResources> kernels;
  for (int i = 1; i < count; ++i) {
    for (const KernelResources& kernel : read_ptxas_report(arguments[i])) kernels.push_back(kernel);
  }
  std::sort(kernels.begin(), kernels.end(), [](const KernelResources& a, const KernelResources& b) {
    return std::pair(a.kernel, a.architecture) < std::pair(b.kernel, b.architecture);
  });
  if (!kernels.empty()) print_resources(kernels);
  print_steps();
  print_inference();
  print_traffic();
  print_expand_traffic();
  print_dense_traffic();
}
