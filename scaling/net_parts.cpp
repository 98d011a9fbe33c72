#include "scaling/net_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "spec/error.h"

namespace effnet::scaling {
namespace {

using spec::ArchSpec;
using spec::Stage;

constexpr int kChannelsInFront = 8;

std::string input_text(const MapShape& map) {
  return fmt::format("@{}x{}", map.channels, map.size);
}

// "@16x20"; nothing for any other text.
std::optional<MapShape> parse_input(std::string_view text) {
  MapShape map;
  const char* end = text.data() + text.size();
  if (!text.starts_with("@")) return std::nullopt;
  const auto [cross, error] = std::from_chars(text.data() + 1, end, map.channels);
  if (error != std::errc() || cross == end || *cross != 'x') return std::nullopt;
  const auto [last, size_error] = std::from_chars(cross + 1, end, map.size);
  if (size_error != std::errc() || last != end || map.channels < 1 || map.size < 1) return std::nullopt;
  return map;
}

}  // namespace

Blocks blocks_of(const ArchSpec& arch) {
  Blocks blocks{{}, {arch.input_channels, arch.resolution}};
  for (const auto* section : {&arch.stem, &arch.stages, &arch.head}) {
    for (const Stage& stage : *section) {
      Stage block = stage;
      block.repeats = 1;
      for (int repeat = 0; repeat < stage.repeats; ++repeat) {
        if (repeat > 0) block.stride = 1;
        blocks.texts.push_back(fmt::format("{} {}", spec::to_text(block), input_text(blocks.end)));
        if (block.op != spec::Op::kMaxPool) blocks.end.channels = block.channels;
        blocks.end.size = (blocks.end.size + block.stride - 1) / block.stride;
      }
    }
  }
  return blocks;
}

std::string tail_text(int classes, const MapShape& map) {
  return fmt::format("fc{} {}", classes, input_text(map));
}

PartNets nets_around(std::string_view part, const ArchSpec& skeleton, std::string_view where) {
  const std::size_t blank = std::min(part.find(' '), part.size());
  const std::string_view what = part.substr(0, blank);
  const std::optional<MapShape> input = parse_input(part.substr(std::min(blank + 1, part.size())));
  const bool tail = what.starts_with("fc");
  int classes = 1;
  const bool classes_read =
      !tail || std::from_chars(what.data() + 2, what.data() + what.size(), classes).ec == std::errc();
  if (!input || !classes_read) {
    throw spec::Error(spec::ErrorKind::kUsage, where, fmt::format("'{}' is no part of a net", part),
                      "for example mb_k3_s2_e3_c24_r1 @16x20, or fc10 @128x5");
  }
  ArchSpec net = skeleton;
  net.stem.clear();
  net.head.clear();
  net.classes = 1;
  net.resolution = input->size;
  if (!tail && input->channels == skeleton.input_channels) {
    net.stages = {spec::parse_stage(what, where)};
    return {net, std::nullopt};
  }
  net.input_channels = kChannelsInFront;
  net.stages = {{.op = spec::Op::kConv, .kernel = 1, .channels = input->channels}};
  PartNets nets{net, net};
  nets.with.classes = classes;
  if (!tail) nets.with.stages.push_back(spec::parse_stage(what, where));
  return nets;
}

}  // namespace effnet::scaling
