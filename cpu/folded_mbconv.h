// The inverted bottleneck of kernels/mbconv.h at inference. Batch norms are folded in, and the expanded map is never
// there as a whole: a ring of k rows of some channels holds what the depthwise convolution sees next.
//
//   for each tile (channels x rows of the output): rows come into the ring -> depthwise row -> wide map, its row sums
//   gate from the sums; gate into the project weights or, on small maps, into the wide map; project, + x
//
// A row comes into the ring through the expansion; without one, through the convolution before the block (a stem, say,
// whose map then is never there either), or as a copy. The ring is of floats, whatever the elements of the maps. Sums are of rows, added in their order, so that results depend
// neither on tiles nor on threads.
#pragma once

#include <optional>

#include "cpu/inference_layer.h"
#include "cpu/mbconv.h"

namespace effnet::cpu {

template <class Element>
class FoldedMBConv : public InferenceLayer<Element> {
 public:
  // The maps of `shape` are of no interest.
  FoldedMBConv(const KernelTable& kernels, const MBConvShape& shape, Padding padding,
               const MBConvWeights& weights);

  // Of a block without expansion and residual: reads the convolution's input instead of its output.
  void read_through(FoldedConv<Element> conv) { source_.emplace(std::move(conv)); }
  bool can_read_through() const { return !source_ && !shape_.residual; }

  MapSize bind(MapSize in) override;
  Index out_channels() const override { return shape_.out_channels; }
  Index picture_memory() const override;
  Index worker_memory() const override { return Carver::size_of((kernel() + 1) * slot_size()); }
  void run(const LayerRun& run, const Element* in, Element* out) const override;

 private:
  struct Tile {
    Range panels;  // of the source; of a copy, blocks
    Range blocks;  // channels
    Range rows;    // of the output
  };
  // What a picture's run works in.
  struct Memory {
    Element* padded;                  // the source's input
    Element* wide;                    // (blocks, H' W', lanes)
    float* row_sums;                  // (H', blocks, lanes)
    float *pooled, *squeezed, *gate;  // (blocks, lanes)
    Element* scaled;                  // project weights times gate
  };

  Index kernel() const { return shape_.depthwise.kernel; }
  Index blocks() const { return kernels_.blocks(shape_.expanded()); }
  Index slot_size() const { return group_blocks_ * columns_ * kernels_.lanes; }
  Index panels() const { return source_ ? source_->panels() : blocks(); }
  Index first_block(Index panel) const { return source_ ? source_->first_vector(panel) : panel; }
  bool gates_weights() const { return out_.pixels() >= shape_.out_channels; }

  void pack_depthwise(const MBConvWeights& weights);
  void choose_groups();
  Memory carve(float* memory) const;
  Tile tile(Index task, Index bands) const;
  void run_tile(const Tile& tile, const Element* in, float* ring, const Memory& memory) const;
  void bring_in(const Tile& tile, const Element* in, Index row, float* slot) const;
  const float* squeeze(const Memory& memory) const;  // -> the gate
  void gate_map(const float* gate, Element* wide) const;

  const KernelTable& kernels_;
  MBConvShape shape_;
  Padding padding_;
  std::optional<FoldedConv<Element>> source_;
  std::optional<FoldedConv<float>> reduce_, excite_;
  FoldedConv<Element> project_;
  Lines<float> depthwise_, depthwise_offset_;  // (blocks, k, k, lanes), (blocks, lanes)
  MapSize middle_, out_;                       // of the depthwise convolution's input and output
  Index top_ = 0, left_ = 0, columns_ = 0;
  Index groups_ = 1, group_blocks_ = 0;  // blocks of the largest
};

}  // namespace effnet::cpu
