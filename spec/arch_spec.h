// ArchSpec: one network as a plain value, the currency of the toolkit. Two specs are the same net exactly
// when their canonical texts are equal:
//
//   conv_k3_s2_c32 | mb_k3_s1_e1_c16_r1_se0.25 mb_k3_s2_e6_c24_r2_se0.25 ... | conv_k1_s1_c1280 | fc1000
//   @3x224 silu
//
// stem | stages | head | classifier @channels x resolution activation, then whatever differs from the
// defaults: pad=symmetric, bn_eps=1e-05, se_of=expanded, divisor=4, fixed_ends. An empty section is written
// "-". "Stage 1" is the first entry of `stages` (the paper's stage 2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace effnet::spec {

enum class Op {
  kConv,    // conv    convolution, BN, activation
  kMBConv,  // mb      expand 1x1, depthwise, squeeze-and-excite, project 1x1 (arXiv 1801.04381, 1905.11946)
  kFused,   // fused   expand kxk, squeeze-and-excite, project 1x1 (arXiv 2104.00298)
  kSeparable,   // sep     depthwise, pointwise, each with BN and activation (arXiv 1704.04861)
  kBasic,       // basic   two kxk convolutions (arXiv 1512.03385)
  kBottleneck,  // bottleneck  1x1, kxk in groups, 1x1 (arXiv 1512.03385, 1611.05431; stride on the kxk)
  kMaxPool,     // maxpool
  kIdentity,    // identity    nothing; with a stride or other channels a 1x1 convolution and BN
};

enum class Activation { kIdentity, kRelu, kRelu6, kSilu, kHardSwish };
enum class Padding { kSame, kSymmetric };  // TensorFlow SAME (right/bottom first) or (k-1)/2 on both sides
enum class SqueezeBase { kInput, kExpanded };  // what se_ratio is a fraction of

// `repeats` blocks in a row. The first carries the stride and the change of channels; the others have
// stride 1.
struct Stage {
  Op op = Op::kMBConv;
  int kernel = 3;
  int stride = 1;
  double expand_ratio = 1;  // mb, fused: middle channels = block input channels * expand_ratio
  int channels = 0;         // output channels; 0 only for maxpool
  int repeats = 1;
  double se_ratio = 0;   // 0: no squeeze-and-excite
  int groups = 1;        // bottleneck: groups of the kxk convolution
  int mid_channels = 0;  // bottleneck: channels of the kxk convolution
  bool skip = true;      // mb, fused: add the input where stride is 1 and channels stay

  bool operator==(const Stage&) const = default;
};

struct ArchSpec {
  static constexpr int kFormat = 1;  // version of the text and TOML forms

  std::vector<Stage> stem;
  std::vector<Stage> stages;
  std::vector<Stage> head;
  int classes = 1000;
  int input_channels = 3;
  int resolution = 224;  // pixels, square
  Activation activation = Activation::kSilu;
  Padding padding = Padding::kSame;
  double bn_eps = 1e-3;
  SqueezeBase squeeze_base = SqueezeBase::kInput;
  int channel_divisor = 8;  // scaled channels are multiples of this
  bool fixed_ends = false;  // Lite: stem, head, and the depth of the first and last stage do not scale

  bool operator==(const ArchSpec&) const = default;
};

std::string to_text(const Stage& stage);
std::string to_text(const ArchSpec& arch);  // canonical
std::string_view to_text(Op op);
std::string_view to_text(Activation activation);

// Parse the forms above; Error{kUsage} names the token that is wrong and what was expected. `where` is put
// into the message (a file, or the flag the text came from).
Stage parse_stage(std::string_view text, std::string_view where);
ArchSpec parse_arch(std::string_view text, std::string_view where);
Op parse_op(std::string_view text, std::string_view where);
Activation parse_activation(std::string_view text, std::string_view where);

// Throws Error{kUsage} when a field is out of range: kernel odd and 1..31, stride 1..4, channels and repeats
// 1..65536, resolution 1..8192, ...
void check(const ArchSpec& arch, std::string_view where);

int channels_before_classifier(const ArchSpec& arch);
int block_count(const ArchSpec& arch);  // blocks in `stages`, repeats counted

}  // namespace effnet::spec
