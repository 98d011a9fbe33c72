#include "cuda/inference_net.h"

#include <algorithm>

#include "cuda/conv_norm_act.h"

namespace effnet::cuda {
namespace {

using kernels::Activation;
using kernels::ConvShape;
using kernels::MBConvShape;
using kernels::Padding;

struct MapSize {
  Index batch = 0, height = 0, width = 0, channels = 0;

  Index pixels() const { return height * width; }
  Index values() const { return batch * pixels() * channels; }
};

// Gives a window's shape the sizes of a map.
template <class Shape>
void place_on(Shape& s, const MapSize& x, Padding padding) {
  s.batch = x.batch;
  s.height = x.height;
  s.width = x.width;
  s.out_height = kernels::size_after(x.height, s.kernel, s.stride, padding);
  s.out_width = kernels::size_after(x.width, s.kernel, s.stride, padding);
  s.pad_top = kernels::padding_of(x.height, s.kernel, s.stride, padding).before;
  s.pad_left = kernels::padding_of(x.width, s.kernel, s.stride, padding).before;
}

ConvShape shape_for(const InferenceConv& conv, const MapSize& x) {
  ConvShape shape = conv.shape;
  place_on(shape, x, conv.padding);
  return shape;
}

MBConvShape shape_for(const InferenceMBConv& block, const MapSize& x) {
  MBConvShape shape = block.shape;
  place_on(shape.depthwise, x, block.padding);
  return shape;
}

MapSize after(const ConvShape& s) {
  return {s.batch, s.out_height, s.out_width, s.out_channels};
}
MapSize after(const MBConvShape& s) {
  return {s.batch(), s.depthwise.out_height, s.depthwise.out_width, s.out_channels};
}

bool is_stored(const MBConvShape& s, Storage storage) {  // the expanded map
  return s.expands && !expands_in_place(s.depthwise, s.in_channels, storage);
}

// Whether a layer takes a raw map and applies its norm as it reads.
bool takes_raw(const InferenceConv& conv) {
  return !conv.residual && kind_of(conv.shape) != ConvKind::kStem;
}
bool takes_raw(const InferenceMBConv& block) {
  return !block.shape.expands && !block.shape.residual;
}
bool takes_raw(const InferenceFused& block) {
  return !block.residual;
}

// Values of the largest maps: what layers give, and what lies between their kernels.
struct Room {
  Index out = 0, inner = 0, expanded = 0;
};

// A finished map, or a raw one with what is to be applied to it.
struct Map {
  const void* values = nullptr;
  MapSize size;
  FixedNorm norm;
  Activation activation = Activation::kIdentity;
};

class Chain {
 public:
  Chain(Storage storage, const Map& x, Carver& memory) : storage_(storage), memory_(memory), map_(x) {}

  void make_room(const Room& room) {
    for (void*& out : out_) out = take(room.out);
    inner_ = take(room.inner);
    expanded_ = take(room.expanded);
  }

  void add(const InferenceConv& conv, bool raw_goes_on);
  void add(const InferenceMBConv& block, bool raw_goes_on);
  void add(const InferenceFused& block, bool);  // its result is finished
  WorkList pooled(float* to);
  WorkList alone(const InferenceMBConv& block, const InferenceBlockCall& call);

 private:
  void* take(Index values) {
    return memory_.take<std::byte>(values * static_cast<Index>(bytes_of(storage_)));
  }
  // Where the layer's result goes: not where its input lies.
  void* next_out() {
    turn_ = 1 - turn_;
    return out_[turn_];
  }
  void convolve(const InferenceConv& conv, const ConvShape& shape, void* y);
  void multiply(const ConvShape& shape, const void* weights, const float* bias, const void* residual,
                void* y);
  // A raw map becomes the layer's result: in `inner_`, unless it goes on as it is.
  void finish(const Map& raw, const void* residual, bool raw_goes_on);
  const float* squeeze(const InferenceMBConv& block, const MBConvShape& shape, const ExpandDepthwise& work);

  Storage storage_;
  Carver& memory_;
  WorkList list_;
  Map map_;
  void* out_[2] = {};
  void *inner_ = nullptr, *expanded_ = nullptr;
  int turn_ = 0;
};

// A product with a matrix of the map as it is, with what is to be applied to it.
void Chain::multiply(const ConvShape& s, const void* weights, const float* bias, const void* residual,
                     void* y) {
  list_.push_back(PointwiseForward{.shape = {s.batch, s.in_pixels(), s.in_channels, s.out_channels},
                                   .storage = storage_,
                                   .x = map_.values,
                                   .scale = map_.norm.scale,
                                   .offset = map_.norm.offset,
                                   .activation = map_.activation,
                                   .weights = weights,
                                   .bias = bias,
                                   .residual = residual,
                                   .y = y});
}

void Chain::convolve(const InferenceConv& conv, const ConvShape& shape, void* y) {
  switch (kind_of(shape)) {
    case ConvKind::kPointwise:
      return multiply(shape, conv.weights, nullptr, nullptr, y);
    case ConvKind::kStem:
      list_.push_back(StemForward{.shape = shape,
                                  .storage = storage_,
                                  .x = map_.values,
                                  .weights = static_cast<const float*>(conv.weights),
                                  .y = y});
      return;
    case ConvKind::kDense:
      list_.push_back(DenseForward{.shape = shape,
                                   .storage = storage_,
                                   .x = map_.values,
                                   .scale = map_.norm.scale,
                                   .offset = map_.norm.offset,
                                   .activation = map_.activation,
                                   .weights = conv.weights,
                                   .y = y});
      return;
  }
}

void Chain::finish(const Map& raw, const void* residual, bool raw_goes_on) {
  if (raw_goes_on) {
    map_ = raw;
    return;
  }
  const MapSize& size = raw.size;
  void* const out = next_out();
  list_.push_back(BlockOutputForward{.shape = {size.batch, size.pixels(), size.channels},
                                     .storage = storage_,
                                     .y = raw.values,
                                     .scale = raw.norm.scale,
                                     .offset = raw.norm.offset,
                                     .activation = raw.activation,
                                     .x = residual,
                                     .out = out});
  map_ = {out, size};
}

void Chain::add(const InferenceConv& conv, bool raw_goes_on) {
  const ConvShape shape = shape_for(conv, map_.size);
  const void* const residual = conv.residual ? map_.values : nullptr;
  if (folds_norm(shape)) {
    void* const out = next_out();
    multiply(shape, conv.weights, conv.norm.offset, residual, out);
    map_ = {out, after(shape)};
    return;
  }
  const bool stays_raw = raw_goes_on && !residual;
  void* const y = stays_raw ? next_out() : inner_;
  convolve(conv, shape, y);
  finish({y, after(shape), conv.norm, shape.activation}, residual, stays_raw);
}

void Chain::add(const InferenceFused& block, bool) {
  const void* const residual = block.residual ? map_.values : nullptr;
  const ConvShape expand = shape_for(block.expand, map_.size);
  convolve(block.expand, expand, expanded_);
  map_ = {expanded_, after(expand), block.expand.norm, expand.activation};
  const ConvShape project = shape_for(block.project, map_.size);
  void* const out = next_out();
  multiply(project, block.project.weights, block.project.norm.offset, residual, out);
  map_ = {out, after(project)};
}

const float* Chain::squeeze(const InferenceMBConv& block, const MBConvShape& s, const ExpandDepthwise& work) {
  const Index channels = s.expanded();
  const SeLayersForward layers{.shape = {s.batch(), s.depthwise.out_height * s.depthwise.out_width, channels,
                                         s.squeezed_channels, s.activation},
                               .parts = sum_parts(work),
                               .numbers = 1,
                               .pool_sums = work.sums,
                               .reduce = block.reduce,
                               .reduce_bias = block.reduce_bias,
                               .expand = block.gate,
                               .expand_bias = block.gate_bias,
                               .pooled = memory_.take<float>(s.batch() * channels),
                               .squeezed = memory_.take<float>(s.batch() * s.squeezed_channels),
                               .gate = memory_.take<float>(s.batch() * channels)};
  list_.push_back(layers);
  return layers.gate;
}

void Chain::add(const InferenceMBConv& block, bool raw_goes_on) {
  const MBConvShape s = shape_for(block, map_.size);
  const std::size_t used = memory_.used();
  const void* const residual = s.residual ? map_.values : nullptr;
  ExpandDepthwise first{.shape = s.depthwise,
                        .storage = storage_,
                        .x = map_.values,
                        .scale = map_.norm.scale,
                        .offset = map_.norm.offset,
                        .activation = map_.activation,
                        .weights = block.depthwise,
                        .out_scale = block.depthwise_norm.scale,
                        .out_offset = block.depthwise_norm.offset,
                        .out_activation = s.activation,
                        .y = inner_};
  if (s.expands) {
    first.scale = block.expand_norm.scale;
    first.offset = block.expand_norm.offset;
    first.activation = s.activation;
    if (is_stored(s, storage_)) {
      multiply({.batch = s.batch(),
                .in_channels = s.in_channels,
                .out_channels = s.expanded(),
                .height = s.depthwise.height,
                .width = s.depthwise.width},
               block.expand, nullptr, nullptr, expanded_);
      first.x = expanded_;
    } else {
      first.in_channels = s.in_channels;
      first.expand = block.expand;
    }
  }
  if (s.squeezes()) first.sums = memory_.take<float>(s.batch() * sum_parts(first) * s.expanded());
  list_.push_back(first);
  const float* const gate = s.squeezes() ? squeeze(block, s, first) : nullptr;

  const bool stays_raw = !block.folded && raw_goes_on && !residual;
  void* const y = block.folded || stays_raw ? next_out() : expanded_;
  list_.push_back(PointwiseForward{
      .shape = {s.batch(), s.depthwise.out_height * s.depthwise.out_width, s.expanded(), s.out_channels},
      .storage = storage_,
      .x = inner_,
      .gate = gate,
      .weights = block.project,
      .bias = block.folded ? block.project_norm.offset : nullptr,
      .residual = block.folded ? residual : nullptr,
      .y = y});
  memory_.free_after(used);
  if (block.folded) {
    map_ = {y, after(s)};
  } else {
    finish({y, after(s), block.project_norm, s.project_activation}, residual, stays_raw);
  }
}

WorkList Chain::pooled(float* to) {
  list_.push_back(HeadPoolForward{.shape = {map_.size.batch, map_.size.pixels(), map_.size.channels},
                                  .storage = storage_,
                                  .y = map_.values,
                                  .scale = map_.norm.scale,
                                  .offset = map_.norm.offset,
                                  .activation = map_.activation,
                                  .pooled = to});
  return std::move(list_);
}

WorkList Chain::alone(const InferenceMBConv& block, const InferenceBlockCall& call) {
  if (map_.norm.scale && !takes_raw(block)) finish(map_, nullptr, false);
  for (void*& out : out_) out = call.out;
  add(block, call.out_is_raw);
  return std::move(list_);
}

// What a layer needs, and the size of what it gives.
class Measure {
 public:
  Measure(Storage storage, const MapSize& pictures) : storage_(storage), size_(pictures) {}

  void operator()(const InferenceConv& conv) {
    size_ = after(shape_for(conv, size_));
    grow(room_.inner, size_);
    grow(room_.out, size_);
  }
  void operator()(const InferenceFused& block) {
    size_ = after(shape_for(block.expand, size_));
    grow(room_.expanded, size_);
    (*this)(block.project);
  }
  void operator()(const InferenceMBConv& block) {
    const MBConvShape s = shape_for(block, size_);
    size_ = after(s);
    grow(room_.out, size_);
    grow(room_.inner, {s.batch(), s.depthwise.out_height, s.depthwise.out_width, s.expanded()});
    if (is_stored(s, storage_))
      grow(room_.expanded, {s.batch(), s.depthwise.height, s.depthwise.width, s.expanded()});
    if (!block.folded) grow(room_.expanded, size_);
  }

  const Room& room() const { return room_; }

 private:
  static void grow(Index& room, const MapSize& map) { room = std::max(room, map.values()); }

  Storage storage_;
  MapSize size_;
  Room room_;
};

bool are_multiples_of_8(std::initializer_list<Index> channels) {
  return std::all_of(channels.begin(), channels.end(), [](Index c) { return c % 8 == 0; });
}

const char* refusal(const InferenceConv& conv) {
  // Kernel sizes and channels alone count.
  return conv_refusal(shape_for(conv, {1, 64, 64, conv.shape.in_channels}));
}
const char* refusal(const InferenceMBConv& block) {
  const MBConvShape& s = block.shape;
  const int kernel = s.depthwise.kernel;
  if ((kernel != 3 && kernel != 5 && kernel != 7) || s.depthwise.stride > 2)
    return "depthwise kernels other than 3, 5 and 7 and strides above 2 have no kernel on CUDA";
  if (!are_multiples_of_8({s.in_channels, s.expanded(), s.out_channels}))
    return "MBConv: only channels that are multiples of 8 have a kernel on CUDA";
  return nullptr;
}
const char* refusal(const InferenceFused& block) {
  if (!folds_norm(block.project.shape))
    return "fused: only a pointwise projection without activation has a kernel";
  const char* reason = refusal(block.expand);
  return reason ? reason : refusal(block.project);
}

}  // namespace

bool folds_norm(const ConvShape& shape) {
  return shape.pointwise() && shape.activation == Activation::kIdentity;
}
bool folds_norm(const MBConvShape& shape) {
  return shape.project_activation == Activation::kIdentity;
}

const char* inference_refusal(const InferenceLayer& layer) {
  return std::visit([](const auto& of) { return refusal(of); }, layer);
}

WorkList work_of(const InferenceNet& net, const InferenceCall& call, Carver& memory) {
  Measure measure(net.storage, {call.batch, call.height, call.width, 0});
  for (const InferenceLayer& layer : net.layers) std::visit(measure, layer);
  Chain chain(net.storage, {call.pictures, {call.batch, call.height, call.width, 0}}, memory);
  chain.make_room(measure.room());
  for (std::size_t i = 0; i < net.layers.size(); ++i) {
    const bool last = i + 1 == net.layers.size();
    const bool raw_goes_on =
        last || std::visit([](const auto& of) { return takes_raw(of); }, net.layers[i + 1]);
    std::visit([&](const auto& of) { chain.add(of, raw_goes_on); }, net.layers[i]);
  }
  return chain.pooled(call.pooled);
}

WorkList work_of(const InferenceMBConv& block, Storage storage, const InferenceBlockCall& call,
                 Carver& memory) {
  const MapSize size{call.batch, call.height, call.width, block.shape.in_channels};
  Measure measure(storage, size);
  measure(block);
  Room room = measure.room();
  room.out = call.norm.scale ? size.values() : 0;  // of x alone, finished
  Chain chain(storage, {call.x, size, call.norm, call.activation}, memory);
  chain.make_room(room);
  return chain.alone(block, call);
}

}  // namespace effnet::cuda
