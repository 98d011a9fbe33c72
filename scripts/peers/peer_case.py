"""One case for a peer: a model of timm with random weights at a size, batch and number of threads. Its flags, its ONNX
file, its pictures, how it is timed and the JSON line that says how fast it was.

Nothing is fetched from a hub: speed does not depend on the weights' values. ONNX files are kept in --cache, so that runs
which alternate with another program's are short.
"""

import argparse
import json
import pathlib
import time

import numpy


def flags_of(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--model", default="efficientnet_b0", help="a model of timm")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2)
    return parser


def add_cache_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("/tmp/peers-onnx"), help="for ONNX files")


def onnx_file(flags: argparse.Namespace) -> pathlib.Path:
    """The case's net, exported where it is not yet there; its input is called `pictures`."""
    flags.cache.mkdir(parents=True, exist_ok=True)
    path = flags.cache / f"{flags.model}_{flags.size}_{flags.batch}.onnx"
    if not path.exists():
        import timm
        import torch

        net = timm.create_model(flags.model, pretrained=False).eval()
        pictures = torch.randn(flags.batch, 3, flags.size, flags.size)
        torch.onnx.export(net, pictures, str(path), dynamo=False, input_names=["pictures"])
    return path


def random_pictures(flags: argparse.Namespace) -> numpy.ndarray:
    shape = (flags.batch, 3, flags.size, flags.size)
    return numpy.random.default_rng(1).standard_normal(shape, numpy.float32)


def shortest(work, seconds: float) -> float:
    """The shortest call of work() over some seconds, in seconds."""
    for _ in range(3):
        work()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def print_result(peer: str, flags: argparse.Namespace, images_per_second: float, **more) -> None:
    print(json.dumps({"peer": peer, "model": flags.model, "size": flags.size, "batch": flags.batch,
                      "threads": flags.threads, **more, "images_per_second": images_per_second}))
