// Training steps as a graph, by a stand-in for the device whose replay does the captured work again: what a step is given,
// how often it is done, and when it is captured. That a real graph computes the same is for a device
// (graph_on_device_test.cpp).
#include "training/step_graph.h"

#include "tests/support/catch.h"
#include "tests/training/loss_curve.h"

using namespace effnet;
using namespace effnet::tests;
using torch::Tensor;
using training::StepGraph;

namespace {

struct Calls {
  int captures = 0, replays = 0;
  bool refuses = false;
};

class StandIn : public training::GraphDevice {
 public:
  explicit StandIn(Calls& calls) : calls_(calls) {}
  void run(const std::function<void()>& work) override { work(); }
  void capture(const std::function<void()>& work) override {
    ++calls_.captures;
    if (calls_.refuses) throw std::runtime_error("operation not permitted when stream is capturing\nmore");
    captured_ = work;
  }
  void replay() override {
    ++calls_.replays;
    captured_();
  }

 private:
  Calls& calls_;
  std::function<void()> captured_;
};

}  // namespace

TEST_CASE("graph of a step: each batch is worked on once, from the same memory after the capture") {
  Calls calls;
  std::vector<double> sums;
  const void* place = nullptr;
  StepGraph graph(std::make_unique<StandIn>(calls), [&](const Tensor& pictures, const Tensor& labels) {
    sums.push_back(pictures.sum().item<double>() + labels.sum().item<double>());
    place = pictures.data_ptr();
  });
  const auto run = [&](std::int64_t batch, double value) {
    graph.run(torch::full({batch, 1}, value), torch::zeros({batch}, torch::kLong));
    return place;
  };
  for (int i = 0; i < StepGraph::kStepsBefore; ++i) run(2, i);
  CHECK(calls.captures == 0);
  const void* const captured = run(2, 3);
  CHECK(graph.replays());
  CHECK(run(2, 4) == captured);
  CHECK(calls.captures == 1);
  CHECK(calls.replays == 2);
  run(3, 1);  // another shape begins anew
  CHECK_FALSE(graph.replays());
  CHECK(sums == std::vector<double>{0, 2, 4, 6, 8, 3});
}

TEST_CASE("graph of a step: what cannot be captured goes on launch by launch and says why, once tried") {
  Calls calls{.refuses = true};
  int done = 0;
  StepGraph graph(std::make_unique<StandIn>(calls), [&](const Tensor&, const Tensor&) { ++done; });
  for (int i = 0; i < 8; ++i) graph.run(torch::zeros({2, 1}), torch::zeros({2}, torch::kLong));
  CHECK(done == 8);
  CHECK(calls.captures == 1);
  CHECK(graph.why() == "operation not permitted when stream is capturing");
}

TEST_CASE("graph of a step: a net is trained as without one") {
  at::set_num_threads(1);
  LossCurve curve{.arch = "conv_k3_s2_c8 | mb_k3_s1_e2_c8_r2_se0.25 | conv_k1_s1_c16 | fc3 @3x12 silu",
                  .recipe = recipe_with(spec::OptimizerKind::kRmspropTf),
                  .batch = 8,
                  .steps = 8};
  const Losses plain = losses_of(curve);
  Calls calls;
  curve.prepare = [&](training::Learner& learner) { learner.use_graph(std::make_unique<StandIn>(calls)); };
  const Losses by_graph = losses_of(curve);
  CHECK(calls.replays == 8 - StepGraph::kStepsBefore);
  CHECK(by_graph.values == plain.values);
}
