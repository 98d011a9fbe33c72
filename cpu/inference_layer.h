// A layer of a net at inference: prepared once, bound to a size of map, then run picture by picture on blocked maps
// of Element (cpu/folded_conv.h) in memory that somebody else keeps.
#pragma once

#include "cpu/folded_conv.h"

namespace effnet::cpu {

// What one picture's run of a layer has: threads, and memory of the sizes that the layer asks for.
struct LayerRun {
  const ParallelFor& parallel;
  float* picture;  // picture_memory()
  float* workers;  // worker_memory() for each worker, `worker_size` floats from one to the next
  Index worker_size;

  float* of_worker(int worker) const { return workers + worker * worker_size; }
};

template <class Element>
class InferenceLayer {
 public:
  virtual ~InferenceLayer() = default;

  virtual MapSize bind(MapSize in) = 0;  // -> the size of its output
  virtual Index out_channels() const = 0;
  virtual Index picture_memory() const = 0;  // floats
  virtual Index worker_memory() const = 0;
  virtual void run(const LayerRun& run, const Element* in, Element* out) const = 0;
};

}  // namespace effnet::cpu
