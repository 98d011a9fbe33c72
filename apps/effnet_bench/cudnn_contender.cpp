#include "apps/effnet_bench/cudnn_contender.h"

#include <memory>

#include "cudnn/convolution.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

// A plan with its workspace.
struct Prepared {
  cudnn::ConvolutionPlan plan;
  std::shared_ptr<DeviceMemory> workspace;
  cudnn::ConvolutionMemory memory;

  void run(cuda::Stream stream) const { plan.run(memory, stream); }
};

std::optional<Prepared> prepare(const cudnn::ConvolutionPlan& plan, cudnn::ConvolutionMemory memory) {
  try {
    Prepared prepared{plan, nullptr, memory};
    if (plan.workspace_bytes() > 0) {
      prepared.workspace = std::make_shared<DeviceMemory>(plan.workspace_bytes(), Contents::kUnset);
      prepared.memory.workspace = prepared.workspace->data();
    }
    return prepared;
  } catch (const spec::Error&) {
    return std::nullopt;  // it wants more memory than there is
  }
}

std::optional<Prepared> fastest(const PeerConvolution& peer, cudnn::Direction direction,
                                const cudnn::ConvolutionMemory& memory, DeviceRace& race) {
  constexpr std::size_t kPlans = 4;
  static const cudnn::Device device = cudnn::Device::current();
  std::optional<Prepared> best;
  double shortest = 0;
  for (const cudnn::ConvolutionPlan& plan : cudnn::find_plans(device, peer.convolution, direction, kPlans)) {
    const std::optional<Prepared> prepared = prepare(plan, memory);
    if (!prepared) continue;
    std::vector<DeviceContender> alone{{[&](cuda::Stream stream) { prepared->run(stream); }}};
    race.run(alone, 0);
    if (best && alone.front().shortest >= shortest) continue;
    shortest = alone.front().shortest;
    best = prepared;
  }
  return best;
}

}  // namespace

std::string cudnn_version() {
  return EFFNET_CUDNN_VERSION;
}

std::optional<CudnnContender> cudnn_contender(const PeerConvolution& peer, DeviceRace& race) {
  using cudnn::Direction;
  if (!peer.backward) {
    const auto forward =
        fastest(peer, Direction::kForward, {.x = peer.x, .weights = peer.weights, .y = peer.y}, race);
    if (!forward) return std::nullopt;
    return CudnnContender{[forward](cuda::Stream stream) { forward->run(stream); }, forward->plan.engine()};
  }
  const auto of_weights = fastest(peer, Direction::kWeightGradient,
                                  {.x = peer.x, .weights = peer.weight_gradient, .y = peer.y}, race);
  if (!of_weights) return std::nullopt;
  if (!peer.x_gradient)
    return CudnnContender{[of_weights](cuda::Stream stream) { of_weights->run(stream); },
                          of_weights->plan.engine()};
  const auto of_map = fastest(peer, Direction::kMapGradient,
                              {.x = peer.x_gradient, .weights = peer.weights, .y = peer.y}, race);
  if (!of_map) return std::nullopt;
  return CudnnContender{[of_map, of_weights](cuda::Stream stream) {
                          of_map->run(stream);
                          of_weights->run(stream);
                        },
                        of_map->plan.engine() + "+" + of_weights->plan.engine()};
}

}  // namespace effnet::apps
