#!/usr/bin/env python3
"""libeffnet_ops.so in Python, with torch and nothing else: our block beside the block in torch.nn.

    python library_test.py build/libeffnet_ops.so

Ends with 77, which ctest shows as skipped, where torch cannot be imported.
"""

import copy
import sys
import unittest

try:
    import torch
    from torch import nn
except (ImportError, OSError) as error:
    print(f"skipped: {sys.executable} cannot import torch ({error}).\n"
          "The torch of .venv is there for C++ alone until scripts/setup.sh --cuda has been run; any other Python with\n"
          "torch 2.11 will do: cmake -DEFFNET_PYTHON=PROGRAM")
    sys.exit(77)


class Block(nn.Module):
    """An inverted bottleneck with squeeze-and-excite, of stride 1 and with the residual."""

    def __init__(self, channels: int, expand_ratio: int, kernel: int):
        super().__init__()
        wide = channels * expand_ratio
        self.expand = nn.Conv2d(channels, wide, 1, bias=False)
        self.expand_norm = nn.BatchNorm2d(wide)
        self.depthwise = nn.Conv2d(wide, wide, kernel, padding=kernel // 2, groups=wide, bias=False)
        self.depthwise_norm = nn.BatchNorm2d(wide)
        self.reduce = nn.Conv2d(wide, 4, 1)
        self.gate = nn.Conv2d(4, wide, 1)
        self.project = nn.Conv2d(wide, channels, 1, bias=False)
        self.project_norm = nn.BatchNorm2d(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = nn.functional.silu(self.expand_norm(self.expand(x)))
        y = nn.functional.silu(self.depthwise_norm(self.depthwise(y)))
        y = y * torch.sigmoid(self.gate(nn.functional.silu(self.reduce(y.mean((2, 3), keepdim=True)))))
        return self.project_norm(self.project(y)) + x


class OurBlock(Block):
    """The same parameters, by the library."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        def tensors(norm: nn.BatchNorm2d) -> list[torch.Tensor]:
            return [norm.weight, norm.bias, norm.running_mean, norm.running_var]

        return torch.ops.effnet.mbconv(
            x, expand=self.expand.weight, expand_norm=tensors(self.expand_norm), depthwise=self.depthwise.weight,
            depthwise_norm=tensors(self.depthwise_norm), project=self.project.weight,
            project_norm=tensors(self.project_norm),
            squeeze_excite=[self.reduce.weight, self.reduce.bias, self.gate.weight, self.gate.bias],
            padding="symmetric", residual=True, training=self.training, eps=self.project_norm.eps,
            momentum=self.project_norm.momentum, kernels="effnet")


def blocks() -> tuple[OurBlock, Block]:
    torch.manual_seed(1)
    ours, exact = OurBlock(16, 4, 5), Block(16, 4, 5)
    for norm in (ours.expand_norm, ours.depthwise_norm, ours.project_norm):
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias)
    exact.load_state_dict(ours.state_dict())
    return ours, exact.double()


class LibraryTest(unittest.TestCase):
    def check_close(self, ours: torch.Tensor, exact: torch.Tensor, tolerance: float) -> None:
        size = max(exact.abs().max().item(), 0.1)
        self.assertLess((ours.double() - exact).abs().max().item() / size, tolerance)

    def test_a_training_step_is_that_of_torch_nn(self) -> None:
        ours, exact = blocks()
        x = torch.randn(3, 16, 10, 9)
        our_x, exact_x = x.clone().requires_grad_(), x.double().requires_grad_()
        out, expected = ours(our_x), exact(exact_x)
        gradient = torch.randn_like(expected)
        out.backward(gradient.float())
        expected.backward(gradient)
        self.check_close(out, expected, 1e-5)
        self.check_close(our_x.grad, exact_x.grad, 1e-4)
        for (name, parameter), wanted in zip(ours.named_parameters(), exact.parameters()):
            with self.subTest(name):
                self.check_close(parameter.grad, wanted.grad, 1e-4)
        for name, statistic in ours.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                with self.subTest(name):
                    self.check_close(statistic, exact.get_buffer(name), 1e-5)

    def test_evaluation_is_that_of_torch_nn(self) -> None:
        ours, exact = blocks()
        x = torch.randn(2, 16, 7, 7)
        with torch.inference_mode():
            self.check_close(ours.eval()(x), exact.eval()(x.double()), 1e-5)

    def test_a_block_learns_in_an_optimizer_of_torch(self) -> None:
        ours, _ = blocks()
        theirs = Block(16, 4, 5)
        theirs.load_state_dict(copy.deepcopy(ours.state_dict()))
        x, wanted = torch.randn(8, 16, 6, 6), torch.randn(8, 16, 6, 6)
        losses = []
        for block in (ours, theirs):
            optimizer = torch.optim.SGD(block.parameters(), lr=0.1)
            for _ in range(10):
                loss = nn.functional.mse_loss(block(x), wanted)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            losses.append(loss.item())
        self.assertAlmostEqual(losses[0], losses[1], delta=1e-3 * losses[1])

    def test_a_wrong_argument_is_a_runtime_error_that_names_it(self) -> None:
        ours, _ = blocks()
        with self.assertRaisesRegex(RuntimeError, r"expand is \(64, 16, 1, 1\); \(64, 15, 1, 1\) is wanted"):
            ours(torch.randn(2, 15, 7, 7))


if __name__ == "__main__":
    torch.ops.load_library(sys.argv.pop(1))
    unittest.main()
