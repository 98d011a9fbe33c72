#include "spec/arch_spec.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::spec {
namespace {

template <class E>
struct Word {
  E value;
  std::string_view text;
};

constexpr std::array<Word<Op>, 8> kOps{{{Op::kConv, "conv"},
                                        {Op::kMBConv, "mb"},
                                        {Op::kFused, "fused"},
                                        {Op::kSeparable, "sep"},
                                        {Op::kBasic, "basic"},
                                        {Op::kBottleneck, "bottleneck"},
                                        {Op::kMaxPool, "maxpool"},
                                        {Op::kIdentity, "identity"}}};

constexpr std::array<Word<Activation>, 5> kActivations{{{Activation::kIdentity, "identity"},
                                                        {Activation::kRelu, "relu"},
                                                        {Activation::kRelu6, "relu6"},
                                                        {Activation::kSilu, "silu"},
                                                        {Activation::kHardSwish, "hard_swish"}}};

template <class E, std::size_t N>
std::string_view word_of(const std::array<Word<E>, N>& words, E value) {
  for (const auto& word : words) {
    if (word.value == value) return word.text;
  }
  return "?";
}

template <class E, std::size_t N>
E value_of(const std::array<Word<E>, N>& words, std::string_view text, std::string_view where,
           std::string_view kind) {
  std::vector<std::string> known;
  for (const auto& word : words) {
    if (word.text == text) return word.value;
    known.emplace_back(word.text);
  }
  throw Error(ErrorKind::kUsage, where, fmt::format("unknown {} '{}'", kind, text),
              did_you_mean(text, known));
}

bool is_inverted(Op op) {
  return op == Op::kMBConv || op == Op::kFused;
}

template <class T>
T parse_number(std::string_view text, std::string_view token, std::string_view where) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(ErrorKind::kUsage, where, fmt::format("'{}' is not a number in '{}'", text, token));
  }
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    if (const std::string_view part = text.substr(0, end); !part.empty()) parts.push_back(part);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

std::string to_text(const std::vector<Stage>& stages) {
  if (stages.empty()) return "-";
  std::string text;
  for (const Stage& stage : stages) {
    if (!text.empty()) text += ' ';
    text += to_text(stage);
  }
  return text;
}

std::vector<Stage> parse_section(std::string_view text, std::string_view where) {
  std::vector<Stage> stages;
  for (const std::string_view token : split(text, ' ')) {
    if (token != "-") stages.push_back(parse_stage(token, where));
  }
  return stages;
}

void check_range(double value, double low, double high, std::string_view name, std::string_view where) {
  if (value >= low && value <= high) return;
  throw Error(ErrorKind::kUsage, where, fmt::format("{} is {}, outside {} .. {}", name, value, low, high));
}

// A search checks thousands of stages: what an error would say is put together when there is one.
void check_stage(const Stage& stage, std::string_view where) {
  const auto in_token = [&](std::string_view field) {
    return fmt::format("{} of '{}'", field, to_text(stage));
  };
  const auto in_range = [&](double value, double low, double high, std::string_view field) {
    if (!(value >= low && value <= high)) check_range(value, low, high, in_token(field), where);
  };
  in_range(stage.kernel, 1, 31, "kernel");
  if (stage.kernel % 2 == 0) throw Error(ErrorKind::kUsage, where, in_token("kernel") + " must be odd");
  in_range(stage.stride, 1, 4, "stride");
  in_range(stage.repeats, 1, 1024, "repeats");
  in_range(stage.channels, stage.op == Op::kMaxPool ? 0 : 1, 65536, "channels");
  in_range(stage.expand_ratio, 1, 64, "expand");
  in_range(stage.se_ratio, 0, 8, "se");
  in_range(stage.groups, 1, 65536, "groups");
  if (stage.op == Op::kBottleneck) {
    in_range(stage.mid_channels, 1, 65536, "middle channels (m)");
    if (stage.mid_channels % stage.groups != 0) {
      throw Error(ErrorKind::kUsage, where,
                  in_token("middle channels (m)") + " must be a multiple of the groups (g)");
    }
  }
}

// "k3" -> stage.kernel = 3; returns false when the prefix is no field of this op.
bool set_field(Stage& stage, std::string_view field, std::string_view token, std::string_view where) {
  const auto number_after = [&](std::size_t prefix) {
    return parse_number<int>(field.substr(prefix), token, where);
  };
  const bool inverted = is_inverted(stage.op);
  if (field == "noskip" && inverted) {
    stage.skip = false;
  } else if (field.starts_with("se")) {
    if (!inverted) return false;
    stage.se_ratio = parse_number<double>(field.substr(2), token, where);
  } else if (field.starts_with("k")) {
    stage.kernel = number_after(1);
  } else if (field.starts_with("s")) {
    stage.stride = number_after(1);
  } else if (field.starts_with("e") && inverted) {
    stage.expand_ratio = parse_number<double>(field.substr(1), token, where);
  } else if (field.starts_with("c")) {
    stage.channels = number_after(1);
  } else if (field.starts_with("r")) {
    stage.repeats = number_after(1);
  } else if (field.starts_with("g") && stage.op == Op::kBottleneck) {
    stage.groups = number_after(1);
  } else if (field.starts_with("m") && stage.op == Op::kBottleneck) {
    stage.mid_channels = number_after(1);
  } else {
    return false;
  }
  return true;
}

// "@3x224" -> channels, resolution.
void parse_input(ArchSpec& arch, std::string_view token, std::string_view where) {
  const std::vector<std::string_view> parts = split(token.substr(1), 'x');
  if (parts.size() != 2) {
    throw Error(ErrorKind::kUsage, where,
                fmt::format("'{}' is not an input; @CHANNELSxRESOLUTION is expected", token));
  }
  arch.input_channels = parse_number<int>(parts[0], token, where);
  arch.resolution = parse_number<int>(parts[1], token, where);
}

void parse_property(ArchSpec& arch, std::string_view token, std::string_view where) {
  const auto value = [&] { return token.substr(token.find('=') + 1); };
  if (token == "pad=symmetric") {
    arch.padding = Padding::kSymmetric;
  } else if (token == "se_of=expanded") {
    arch.squeeze_base = SqueezeBase::kExpanded;
  } else if (token == "fixed_ends") {
    arch.fixed_ends = true;
  } else if (token.starts_with("bn_eps=")) {
    arch.bn_eps = parse_number<double>(value(), token, where);
  } else if (token.starts_with("divisor=")) {
    arch.channel_divisor = parse_number<int>(value(), token, where);
  } else {
    throw Error(ErrorKind::kUsage, where, fmt::format("unknown property '{}'", token),
                "known: pad=symmetric, bn_eps=NUMBER, se_of=expanded, divisor=NUMBER, fixed_ends");
  }
}

}  // namespace

std::string_view to_text(Op op) {
  return word_of(kOps, op);
}
std::string_view to_text(Activation activation) {
  return word_of(kActivations, activation);
}
Op parse_op(std::string_view text, std::string_view where) {
  return value_of(kOps, text, where, "operator");
}
Activation parse_activation(std::string_view text, std::string_view where) {
  return value_of(kActivations, text, where, "activation");
}

std::string to_text(const Stage& stage) {
  std::string text = fmt::format("{}_k{}_s{}", to_text(stage.op), stage.kernel, stage.stride);
  if (is_inverted(stage.op)) text += fmt::format("_e{}", stage.expand_ratio);
  if (stage.op != Op::kMaxPool) text += fmt::format("_c{}", stage.channels);
  if (stage.op == Op::kBottleneck) text += fmt::format("_m{}", stage.mid_channels);
  const bool ends_only = stage.op == Op::kConv || stage.op == Op::kMaxPool;
  if (!ends_only || stage.repeats != 1) text += fmt::format("_r{}", stage.repeats);
  if (stage.groups != 1) text += fmt::format("_g{}", stage.groups);
  if (stage.se_ratio != 0) text += fmt::format("_se{}", stage.se_ratio);
  if (!stage.skip) text += "_noskip";
  return text;
}

std::string to_text(const ArchSpec& arch) {
  std::string text = fmt::format("{} | {} | {} | fc{} @{}x{} {}", to_text(arch.stem), to_text(arch.stages),
                                 to_text(arch.head), arch.classes, arch.input_channels, arch.resolution,
                                 to_text(arch.activation));
  const ArchSpec defaults;
  if (arch.padding != defaults.padding) text += " pad=symmetric";
  if (arch.bn_eps != defaults.bn_eps) text += fmt::format(" bn_eps={}", arch.bn_eps);
  if (arch.squeeze_base != defaults.squeeze_base) text += " se_of=expanded";
  if (arch.channel_divisor != defaults.channel_divisor)
    text += fmt::format(" divisor={}", arch.channel_divisor);
  if (arch.fixed_ends) text += " fixed_ends";
  return text;
}

Stage parse_stage(std::string_view text, std::string_view where) {
  const std::vector<std::string_view> fields = split(text, '_');
  if (fields.empty())
    throw Error(ErrorKind::kUsage, where, "an empty stage", "for example mb_k3_s2_e6_c24_r2_se0.25");
  Stage stage;
  stage.op = parse_op(fields[0], where);
  if (stage.op == Op::kIdentity) stage.kernel = 1;
  for (std::size_t i = 1; i < fields.size(); ++i) {
    if (!set_field(stage, fields[i], text, where)) {
      throw Error(
          ErrorKind::kUsage, where,
          fmt::format("'{}' is no field of a {} stage in '{}'", fields[i], fields[0], text),
          "fields: k kernel, s stride, c channels, r repeats; mb and fused also e expand, se ratio, noskip; "
          "bottleneck also m middle channels, g groups");
    }
  }
  check_stage(stage, where);
  return stage;
}

ArchSpec parse_arch(std::string_view text, std::string_view where) {
  const std::vector<std::string_view> sections = split(text, '|');
  if (sections.size() != 4) {
    throw Error(ErrorKind::kUsage, where, fmt::format("'{}' is not a net", text.substr(0, 80)),
                "expected: STEM | STAGES | HEAD | fcCLASSES @CHANNELSxRESOLUTION ACTIVATION");
  }
  ArchSpec arch;
  arch.stem = parse_section(sections[0], where);
  arch.stages = parse_section(sections[1], where);
  arch.head = parse_section(sections[2], where);
  const std::vector<std::string_view> tail = split(sections[3], ' ');
  if (tail.size() < 3 || !tail[0].starts_with("fc") || !tail[1].starts_with("@")) {
    throw Error(ErrorKind::kUsage, where, fmt::format("the last section is '{}'", sections[3].substr(0, 80)),
                "expected: fcCLASSES @CHANNELSxRESOLUTION ACTIVATION");
  }
  arch.classes = parse_number<int>(tail[0].substr(2), tail[0], where);
  parse_input(arch, tail[1], where);
  arch.activation = parse_activation(tail[2], where);
  for (std::size_t i = 3; i < tail.size(); ++i) parse_property(arch, tail[i], where);
  check(arch, where);
  return arch;
}

void check(const ArchSpec& arch, std::string_view where) {
  for (const auto* section : {&arch.stem, &arch.stages, &arch.head}) {
    for (const Stage& stage : *section) check_stage(stage, where);
  }
  if (arch.stages.empty()) throw Error(ErrorKind::kUsage, where, "a net needs at least one stage");
  check_range(arch.classes, 1, 1'000'000, "classes", where);
  check_range(arch.input_channels, 1, 1024, "input channels", where);
  check_range(arch.resolution, 1, 8192, "resolution", where);
  check_range(arch.bn_eps, 0, 1, "bn_eps", where);
  check_range(arch.channel_divisor, 1, 1024, "channel divisor", where);
}

int channels_before_classifier(const ArchSpec& arch) {
  int channels = arch.input_channels;
  for (const auto* section : {&arch.stem, &arch.stages, &arch.head}) {
    for (const Stage& stage : *section) channels = stage.op == Op::kMaxPool ? channels : stage.channels;
  }
  return channels;
}

int block_count(const ArchSpec& arch) {
  int blocks = 0;
  for (const Stage& stage : arch.stages) blocks += stage.repeats;
  return blocks;
}

}  // namespace effnet::spec
