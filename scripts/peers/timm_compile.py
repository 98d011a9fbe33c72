#!/usr/bin/env python3
"""Times a model of timm under torch.compile, channels_last, with random weights and pictures that lie on the device:
inference, or whole training steps (forward, cross entropy, backward, timm's RMSpropTF and a moving average of the weights,
as `effnet bench train` does). In inference weights and pictures are stored in --dtype; training has its weights in float and
--dtype by autocast.

    python3 -m venv /tmp/peers-venv && /tmp/peers-venv/bin/pip install -r scripts/peers/requirements.txt
    python=/tmp/peers-venv/bin/python
    $python scripts/peers/timm_compile.py --device cuda --train --batch 256                        # compiled
    $python scripts/peers/timm_compile.py --device cuda --train --batch 256 --graph                # in one CUDA graph
    $python scripts/peers/timm_compile.py --device cuda --train --batch 256 --mode max-autotune --graph
    $python scripts/peers/timm_compile.py --device cuda --train --batch 256 --mode eager           # not compiled
    $python scripts/peers/timm_compile.py --device cuda --batch 1 --graph                          # latency of inference
    $python scripts/peers/timm_compile.py --model test_efficientnet --size 64 --batch 4 --train    # a try on the CPU

--graph captures the whole step, the optimizer's too, with the rate that it begins with. Compiling takes minutes and is not
counted. Prints one JSON line: images/s, the shortest step over some seconds.
"""

import contextlib
import sys

import timm
import timm.optim
import timm.utils
import torch

from peer_case import flags_of, print_result, shortest

MODES = {"default": {}, "max-autotune": {"mode": "max-autotune-no-cudagraphs"}, "eager": None}
DTYPES = {"float": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def compiled(work, flags):
    return work if MODES[flags.mode] is None else torch.compile(work, **MODES[flags.mode])


def autocast(flags):
    if flags.dtype == "float":
        return contextlib.nullcontext()
    return torch.autocast(flags.device, DTYPES[flags.dtype], cache_enabled=not flags.graph)


def inference(net: torch.nn.Module, pictures: torch.Tensor, flags):
    # Autocast would round the weights anew in each call.
    net = compiled(net.eval().to(DTYPES[flags.dtype]), flags)
    pictures = pictures.to(DTYPES[flags.dtype])

    @torch.inference_mode()
    def step() -> None:
        net(pictures)

    return step


def training(net: torch.nn.Module, pictures: torch.Tensor, flags):
    net.train()
    optimizer = timm.optim.RMSpropTF(net.parameters(), lr=1e-3, momentum=0.9)
    average = timm.utils.ModelEmaV3(net, decay=0.99)
    labels = torch.randint(net.num_classes, (len(pictures),), device=flags.device)
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=0.1)

    def loss() -> torch.Tensor:
        with autocast(flags):
            return criterion(net(pictures), labels)

    loss_of_step, optimize = compiled(loss, flags), compiled(optimizer.step, flags)

    def step() -> None:
        # Gradients stay where they are, so that a graph finds them there.
        optimizer.zero_grad(set_to_none=False)
        loss_of_step().backward()
        optimize()
        average.update(net)

    return step


def captured(step):
    """The step as one CUDA graph (PyTorch's notes on CUDA graphs: some runs on another stream come first)."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(5):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def until_done(step):
    def work() -> None:
        step()
        torch.cuda.synchronize()

    return work


def flags_of_command_line():
    parser = flags_of(__doc__)
    parser.add_argument("--train", action="store_true", help="a training step instead of inference")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--dtype", choices=DTYPES, default="bfloat16", help="of maps; in inference of weights, too")
    parser.add_argument("--mode", choices=MODES, default="default", help="of torch.compile; eager: without it")
    parser.add_argument("--graph", action="store_true", help="launch the step as one CUDA graph")
    flags = parser.parse_args()
    if flags.graph and flags.device != "cuda":
        parser.error("--graph needs --device cuda")
    if flags.device == "cuda" and not torch.cuda.is_available():
        parser.exit(4, "timm_compile: torch sees no CUDA device here\n")
    return flags


def main() -> int:
    flags = flags_of_command_line()
    torch.set_num_threads(flags.threads)
    torch.set_flush_denormal(True)
    torch.backends.cudnn.benchmark = True
    net = timm.create_model(flags.model, pretrained=False)
    net = net.to(device=flags.device, memory_format=torch.channels_last)
    pictures = torch.randn(flags.batch, 3, flags.size, flags.size, device=flags.device)
    pictures = pictures.to(memory_format=torch.channels_last)
    step = (training if flags.train else inference)(net, pictures, flags)
    if flags.graph:
        step = captured(step)
    if flags.device == "cuda":
        step = until_done(step)
    best = shortest(step, flags.seconds)
    how = "eager" if flags.mode == "eager" else f"torch.compile {flags.mode}"
    print_result(f"timm {timm.__version__}, PyTorch {torch.__version__}, {how}{', CUDA graph' if flags.graph else ''}",
                 flags, flags.batch / best, training=flags.train, dtype=flags.dtype,
                 device=torch.cuda.get_device_name() if flags.device == "cuda" else "cpu")
    return 0


if __name__ == "__main__":
    sys.exit(main())
