#include <fmt/format.h>

#include <array>

#include "apps/effnet_bench/kernel_case.h"
#include "cpu/workspace.h"

namespace effnet::apps {
namespace {

using cpu::Index;
using cpu::KernelTable;

template <class Element>
constexpr const char* kElement = cpu::kSlot<Element> == 2 ? "bfloat16" : "float";

// A pointwise convolution of `pixels` pixels, as of a row of expansion or a piece of projection.
template <class Element>
KernelCase pointwise(Index pixels, Index in, Index out, cpu::Activation activation, const char* activated) {
  return {fmt::format("{}, 1x1, {} pixels, {} to {}{}", kElement<Element>, pixels, in, out, activated),
          "GFLOP/s", 2e-9 * static_cast<double>(pixels * in * out),
          [=](const KernelTable& table, float* memory) {
            cpu::Carver carver(memory);
            const Index vectors = table.blocks(out), panels = (vectors + 2) / 3, blocks = table.blocks(in);
            std::vector<Index> segments;
            for (Index block = 0; block < blocks; ++block) segments.push_back(block * pixels * table.lanes);
            table.maps_of<Element>().conv_row({.pixels = pixels,
                                               .in = carver.take_of<Element>(blocks * pixels * table.lanes),
                                               .in_pixel = table.lanes,
                                               .segments = segments.data(),
                                               .segment_count = blocks,
                                               .run = table.lanes,
                                               .last_run = in - (blocks - 1) * table.lanes,
                                               .vectors = vectors,
                                               .panels = panels,
                                               .last_panel = panels,
                                               .weights = carver.take_of<Element>(in * vectors * table.lanes),
                                               .offset = carver.take(vectors * table.lanes),
                                               .activation = activation,
                                               .out = carver.take_of<Element>(vectors * pixels * table.lanes),
                                               .out_block = pixels * table.lanes});
          }};
}

template <class Element>
KernelCase depthwise(const KernelTable& of, int kernel, int stride) {
  constexpr Index kPixels = 56;
  return {fmt::format("{}, depthwise {}x{} stride {}, SiLU", kElement<Element>, kernel, kernel, stride),
          "GFLOP/s", 2e-9 * static_cast<double>(kPixels * kernel * kernel * of.lanes),
          [=](const KernelTable& table, float* memory) {
            cpu::Carver carver(memory);
            std::array<const float*, 7> rows{};
            for (const float*& row : rows) row = carver.take(((kPixels - 1) * stride + kernel) * table.lanes);
            table.maps_of<Element>().depthwise_row({.rows = rows.data(),
                                                    .weights = carver.take(kernel * kernel * table.lanes),
                                                    .offset = carver.take(table.lanes),
                                                    .kernel = kernel,
                                                    .stride = stride,
                                                    .pixels = kPixels,
                                                    .activation = cpu::Activation::kSilu,
                                                    .out = carver.take_of<Element>(kPixels * table.lanes),
                                                    .sum = carver.take(table.lanes)});
          }};
}

template <class Element>
void add_cases(const KernelTable& table, std::vector<KernelCase>& all) {
  all.push_back(pointwise<Element>(64, 256, 48, cpu::Activation::kIdentity, ""));
  all.push_back(pointwise<Element>(56, 24, 144, cpu::Activation::kSilu, ", SiLU"));
  all.push_back(pointwise<Element>(14, 112, 672, cpu::Activation::kSilu, ", SiLU"));
  all.push_back(pointwise<Element>(64, 672, 112, cpu::Activation::kIdentity, ""));
  all.push_back(pointwise<Element>(49, 1152, 192, cpu::Activation::kIdentity, ""));
  for (const int kernel : {3, 5}) all.push_back(depthwise<Element>(table, kernel, 1));
}

}  // namespace

std::vector<KernelCase> inference_kernel_cases(const KernelTable& table) {
  std::vector<KernelCase> all;
  add_cases<float>(table, all);
  add_cases<cpu::BFloat16>(table, all);
  return all;
}

}  // namespace effnet::apps
