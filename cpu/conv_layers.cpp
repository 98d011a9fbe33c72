#include "cpu/conv_layers.h"

namespace effnet::cpu {

template <class Element>
MapSize ConvLayer<Element>::bind(MapSize in) {
  conv_.bind(in);
  return conv_.out_size();
}

template <class Element>
void ConvLayer<Element>::run(const LayerRun& run, const Element* in, Element* out) const {
  const Element* seen = conv_.padded(in, reinterpret_cast<Element*>(run.picture));
  conv_.template run<Element>(run.parallel, {.in = seen, .addend = residual_ ? in : nullptr, .out = out});
}

template <class Element>
void ConvLayer<Element>::run_sum(const LayerRun& run, const Element* in, float* sum) const {
  const Element* seen = conv_.padded(in, reinterpret_cast<Element*>(run.picture));
  conv_.template run<Element>(run.parallel, {.in = seen, .addend = residual_ ? in : nullptr, .sum = sum});
}

template <class Element>
MapSize FusedLayer<Element>::bind(MapSize in) {
  expand_.bind(in);
  project_.bind(expand_.out_size());
  return project_.out_size();
}

template <class Element>
Index FusedLayer<Element>::picture_memory() const {
  return Carver::size_for<Element>(expand_.padded_size()) + Carver::size_for<Element>(expand_.out_elements());
}

template <class Element>
void FusedLayer<Element>::run(const LayerRun& run, const Element* in, Element* out) const {
  Carver carver(run.picture);
  const Element* padded = expand_.padded(in, carver.take_of<Element>(expand_.padded_size()));
  Element* wide = carver.take_of<Element>(expand_.out_elements());
  expand_.template run<Element>(run.parallel, {.in = padded, .out = wide});
  project_.template run<Element>(run.parallel, {.in = wide, .addend = residual_ ? in : nullptr, .out = out});
}

template class ConvLayer<float>;
template class ConvLayer<BFloat16>;
template class FusedLayer<float>;
template class FusedLayer<BFloat16>;

}  // namespace effnet::cpu
