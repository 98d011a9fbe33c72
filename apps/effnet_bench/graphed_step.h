// Work of LibTorch's as one CUDA graph. no_graph.cpp stands in where a build has no CUDA.
#pragma once

#include <functional>

namespace effnet::apps {

// Runs the work some times on a stream of its own, captures it and gives its replay. The work must not wait for the device,
// nor allocate by anything but LibTorch; its numbers that come from the host stay what they are now.
std::function<void()> as_graph(const std::function<void()>& work);

}  // namespace effnet::apps
