#!/usr/bin/env python3
"""One MBConv block of a timm model, or all of them, computed by this project's kernels inside PyTorch.

    python3 -m venv /tmp/timm-venv && /tmp/timm-venv/bin/pip install torch==2.11.0 torchvision==0.26.0 timm==1.0.31
    cmake --build build --target effnet_operator_library
    /tmp/timm-venv/bin/python docs/examples/timm_mbconv.py                         # the block blocks.2.1 of efficientnet_b0
    /tmp/timm-venv/bin/python docs/examples/timm_mbconv.py --all --batch 8         # every block of it
    /tmp/timm-venv/bin/python docs/examples/timm_mbconv.py --device cuda --amp

Modules, parameters and state dict stay timm's; only forward() of a block is another. Output, gradients and running
statistics of a training step are compared with timm's in double, beside what timm's in float is off; then both are timed
in turns, and the shortest times stand beside each other. Ends with 1 where ours is off by much more than timm's.
"""

import argparse
import contextlib
import copy
import functools
import pathlib
import sys
import time

import timm
import torch
from timm.layers import Conv2dSame
from timm.models._efficientnet_blocks import DepthwiseSeparableConv, InvertedResidual

ACTIVATIONS = {torch.nn.SiLU: "silu", torch.nn.ReLU: "relu", torch.nn.ReLU6: "relu6", torch.nn.Hardswish: "hard_swish",
               torch.nn.Identity: "identity"}
MUCH_MORE, NO_MORE_THAN = 10, 1e-3  # than what timm's is off, and what is no matter in any case


def norm_of(norm: torch.nn.BatchNorm2d) -> list[torch.Tensor]:
    return [norm.weight, norm.bias, norm.running_mean, norm.running_var]


def arguments_of(block: torch.nn.Module) -> dict:
    """The arguments of torch.ops.effnet.mbconv but x, keep and training."""
    if isinstance(block, InvertedResidual):
        project, depthwise_norm, project_norm = block.conv_pwl, block.bn2, block.bn3
        expansion = {"expand": block.conv_pw.weight, "expand_norm": norm_of(block.bn1)}
    else:
        project, depthwise_norm, project_norm = block.conv_pw, block.bn1, block.bn2
        expansion = {}
    if not isinstance(block.se, torch.nn.Identity):
        squeeze = [block.se.conv_reduce, block.se.conv_expand]
        expansion["squeeze_excite"] = [tensor for layer in squeeze for tensor in (layer.weight, layer.bias)]
    return {
        **expansion,
        "depthwise": block.conv_dw.weight,
        "depthwise_norm": norm_of(depthwise_norm),
        "project": project.weight,
        "project_norm": norm_of(project_norm),
        "stride": block.conv_dw.stride[0],
        "padding": "same" if isinstance(block.conv_dw, Conv2dSame) else "symmetric",
        "activation": ACTIVATIONS[type(depthwise_norm.act)],
        "project_activation": ACTIVATIONS[type(project_norm.act)],
        "residual": block.has_skip,
        "eps": project_norm.eps,
        "momentum": project_norm.momentum,
    }


def forward_of(block: torch.nn.Module, kernels: str, x: torch.Tensor) -> torch.Tensor:
    drops = block.training and isinstance(block.drop_path, timm.layers.DropPath)
    if block.training:
        for norm in (child for child in block.children() if isinstance(child, torch.nn.BatchNorm2d)):
            norm.num_batches_tracked += 1
    return torch.ops.effnet.mbconv(x, **arguments_of(block), training=block.training, kernels=kernels,
                                   keep=block.drop_path(torch.ones(len(x), device=x.device)) if drops else None)


def use_effnet(block: torch.nn.Module, kernels: str) -> None:
    block.forward = functools.partial(forward_of, block, kernels)


def is_mbconv(module: torch.nn.Module) -> bool:
    """A block as the operator knows it; MobileNetV3's squeeze-and-excite, for one, has another gate."""
    if type(module) not in (InvertedResidual, DepthwiseSeparableConv) or module.conv_s2d is not None:
        return False
    depthwise, squeeze = module.conv_dw, module.se
    pointwise = [module.conv_pw, getattr(module, "conv_pwl", module.conv_pw)]
    return (depthwise.groups == depthwise.in_channels and depthwise.dilation == (1, 1)
            and depthwise.kernel_size[0] == depthwise.kernel_size[1] and isinstance(module.aa, torch.nn.Identity)
            and all(conv.kernel_size == (1, 1) and conv.groups == 1 and conv.bias is None for conv in pointwise)
            and type(module.bn1.act) in ACTIVATIONS
            and (isinstance(squeeze, torch.nn.Identity)
                 or (isinstance(squeeze.gate, (torch.nn.Sigmoid, timm.layers.Sigmoid))
                     and type(squeeze.act1) is type(module.bn1.act))))


def input_of(net: torch.nn.Module, block: torch.nn.Module, pictures: torch.Tensor) -> torch.Tensor:
    """What the net gives to the block."""
    seen = []
    with block.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach().clone())), torch.no_grad():
        net(pictures)
    return seen[0]


def training_step(module: torch.nn.Module, x: torch.Tensor, gradient: torch.Tensor) -> dict:
    """Forward and back from the gradient of the output: all tensors that come of it, by name."""
    module.train().zero_grad(set_to_none=True)
    x = x.detach().requires_grad_()
    out = module(x)
    out.backward(gradient.to(out.dtype))
    result = {"output": out.detach(), "gradient of the input": x.grad}
    result.update({f"gradient of {name}": parameter.grad for name, parameter in module.named_parameters()})
    result.update({name: buffer.clone() for name, buffer in module.named_buffers() if "running" in name})
    return result


def kind_of(name: str) -> str:
    if name.startswith("gradient of") and name != "gradient of the input":
        return "gradients of the weights"
    return "running statistics" if "running" in name else name


def compare(theirs: torch.nn.Module, ours: torch.nn.Module, x: torch.Tensor, autocast) -> bool:
    """Prints how far both are off timm's in double, relative to the largest number of the kind: single tensors may be
    nothing but rounding, as the mean of a map behind a batch norm."""
    with torch.no_grad():
        gradient = torch.randn_like(copy.deepcopy(theirs).eval()(x))
    exact = training_step(copy.deepcopy(theirs).double(), x.double(), gradient)
    with autocast():
        of_theirs, of_ours = (training_step(copy.deepcopy(net), x, gradient) for net in (theirs, ours))
    worst: dict[str, list[float]] = {}
    for kind in dict.fromkeys(map(kind_of, exact)):
        names = [name for name in exact if kind_of(name) == kind]
        size = max(exact[name].abs().max().item() for name in names)
        worst[kind] = [max((tensors[name].double() - exact[name]).abs().max().item() for name in names) / size
                       for tensors in (of_ours, of_theirs)]
    print(f"{'largest error, relative':<28} {'ours':>9} {'timm':>9}")
    for kind, (ours_off, theirs_off) in worst.items():
        print(f"{kind:<28} {ours_off:>9.1e} {theirs_off:>9.1e}")
    return all(ours_off <= max(MUCH_MORE * theirs_off, NO_MORE_THAN) for ours_off, theirs_off in worst.values())


def race(contenders: list, seconds: float, device: str) -> list[float]:
    """The shortest call of each, run in turns."""
    def once(work) -> float:
        if device == "cuda":
            torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    for work in contenders * 3:
        once(work)
    best, end = [float("inf")] * len(contenders), time.perf_counter() + seconds
    while time.perf_counter() < end:
        best = [min(shortest, once(work)) for shortest, work in zip(best, contenders)]
    return best


def time_both(theirs: torch.nn.Module, ours: torch.nn.Module, x: torch.Tensor, flags, autocast) -> None:
    def training(net: torch.nn.Module):
        def work() -> None:
            with autocast():
                out = net(x)
            out.sum().backward()
        return work

    @torch.no_grad()
    def evaluation(net: torch.nn.Module) -> None:
        with autocast():
            net(x)

    print(f"{'shortest time, ms':<28} {'ours':>9} {'timm':>9} {'ratio':>6}")
    theirs.train(), ours.train()
    for name, work in (("forward and back", training), ("evaluation", lambda net: functools.partial(evaluation, net))):
        if name == "evaluation":
            theirs.eval(), ours.eval()
        our_time, their_time = race([work(ours), work(theirs)], flags.seconds, flags.device)
        print(f"{name:<28} {1e3 * our_time:>9.3f} {1e3 * their_time:>9.3f} {their_time / our_time:>5.2f}x")


def flags_of_command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    build = pathlib.Path(__file__).resolve().parents[2] / "build"
    parser.add_argument("--library", type=pathlib.Path, default=build / "libeffnet_ops.so")
    parser.add_argument("--model", default="efficientnet_b0", help="of timm, with random weights")
    parser.add_argument("--block", default="blocks.2.1", help="a block's name in the model")
    parser.add_argument("--all", action="store_true", help="all blocks of the model, compared and timed as a whole")
    parser.add_argument("--kernels", default="auto", help="auto, effnet or reference (LibTorch's operators)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--amp", action="store_true", help="autocast to bfloat16")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seconds", type=float, default=3, help="for each pair of times")
    flags = parser.parse_args()
    if flags.device == "cuda" and not torch.cuda.is_available():
        parser.exit(4, "timm_mbconv: torch sees no CUDA device here\n")
    if not flags.library.exists():
        parser.exit(4, f"timm_mbconv: there is no {flags.library}; build it (cmake --build build --target "
                       "effnet_operator_library) or name it by --library\n")
    return flags


def main() -> int:
    flags = flags_of_command_line()
    torch.ops.load_library(flags.library)
    torch.manual_seed(1)
    torch.set_num_threads(flags.threads)
    autocast = (functools.partial(torch.autocast, flags.device, torch.bfloat16) if flags.amp
                else contextlib.nullcontext)
    net = timm.create_model(flags.model, pretrained=False)
    net = net.to(device=flags.device, memory_format=torch.channels_last)
    x = torch.randn(flags.batch, 3, flags.size, flags.size, device=flags.device)
    x = x.to(memory_format=torch.channels_last)
    if flags.all:
        theirs = net
    else:
        theirs = net.get_submodule(flags.block)
        x = input_of(net, theirs, x)
    ours = copy.deepcopy(theirs)
    replaced = [(name, module) for name, module in ours.named_modules() if is_mbconv(module)]
    for _, module in replaced:
        use_effnet(module, flags.kernels)
    if not replaced:
        print(f"timm_mbconv: {flags.block} of {flags.model} is no MBConv block", file=sys.stderr)
        return 2
    print(f"{flags.model}, {'all' if flags.all else flags.block}: {len(replaced)} block(s) by libeffnet_ops.so, input "
          f"{tuple(x.shape)}, {flags.device}{', bfloat16 by autocast' if flags.amp else ''}\n"
          f"timm {timm.__version__}, PyTorch {torch.__version__}, {flags.threads} threads\n")
    close = compare(theirs, ours, x, autocast)
    print()
    time_both(theirs, ours, x, flags, autocast)
    return 0 if close else 1


if __name__ == "__main__":
    sys.exit(main())
