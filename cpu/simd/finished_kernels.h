// The kernels of inference (cpu/finished_rows.h) for maps of one type of element.
#pragma once

#include "cpu/simd/finished_conv.h"
#include "cpu/simd/finished_depthwise.h"

#define EFFNET_TEXT_OF(name) #name
#define EFFNET_TEXT(name) EFFNET_TEXT_OF(name)

namespace effnet::cpu::EFFNET_ISA {

template <class In, class Out>
void conv_row(const FinishedConvRow<In, Out>& of) {
  ConvRow<In, Out>(of).run();
}

template <class Out>
void finished_depthwise_row(const FinishedDepthwiseRow<Out>& of) {
  DepthwiseRowOf<Out>(of).run();
}

template <class Element>
void scale_panels(const ScaledPanels<Element>& of) {
  constexpr Index kStep = kSlot<Element>;
  const Element* weights = of.weights;
  Element* out = of.out;
  for (Index i = 0; i < of.panels; ++i) {
    const Index vectors = of.vectors * (i + 1) / of.panels - of.vectors * i / of.panels;
    for (Index k = 0; k < of.k; k += kStep) {
      for (Index v = 0; v < vectors; ++v, weights += kLanes * kStep, out += kLanes * kStep)
        Slots<Element>::store_scaled(out, Slots<Element>::many(weights), of.gate + k);
    }
  }
}

template <class Element>
void gate_block(const GatedBlock<Element>& of) {
  const Vec gate = load(of.gate);
  for (Index p = 0; p < of.pixels; ++p) store_map(of.map + p * kLanes, load_map(of.map + p * kLanes) * gate);
}

template <class From, class To>
void convert(Index count, const From* in, To* out) {
  for (Index i = 0; i < count; i += kLanes) store_map(out + i, load_map(in + i));
}

// A few pixels at a time through a piece of floats, whose channels beyond those of the picture stay 0.
template <class Element>
void picture_pixels(const PicturePixels<Element>& of) {
  constexpr Index kPiece = 16 * kLanes;
  const Index most = kPiece / of.out_channels;
  for (Index first = 0; first < of.pixels;) {
    float piece[kPiece + kLanes] = {};
    const Index pixels = of.pixels - first < most ? of.pixels - first : most;
    const float* in = of.in + first * of.channels;
    if (of.channels == 3) {
      for (Index p = 0; p < pixels; ++p) {
        for (Index c = 0; c < 3; ++c) piece[p * of.out_channels + c] = in[p * 3 + c];
      }
    } else {
      for (Index p = 0; p < pixels; ++p) {
        for (Index c = 0; c < of.channels; ++c) piece[p * of.out_channels + c] = in[p * of.channels + c];
      }
    }
    const Index count = pixels * of.out_channels;
    Element rounded[kPiece + kLanes];
    convert(count, piece, rounded);
    __builtin_memcpy(of.out + first * of.out_channels, rounded,
                     static_cast<std::size_t>(count) * sizeof(Element));
    first += pixels;
  }
}

template <class Element>
constexpr FinishedKernels<Element> finished_kernels() {
  return {.name = EFFNET_TEXT(EFFNET_ISA),
          .conv_row = conv_row<Element, Element>,
          .conv_row_to_floats = conv_row<Element, float>,
          .depthwise_row = finished_depthwise_row<Element>,
          .scale_panels = scale_panels<Element>,
          .gate_block = gate_block<Element>,
          .picture_pixels = picture_pixels<Element>,
          .to_floats = convert<Element, float>,
          .from_floats = convert<float, Element>};
}

}  // namespace effnet::cpu::EFFNET_ISA
