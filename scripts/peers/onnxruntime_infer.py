#!/usr/bin/env python3
"""Times onnxruntime on timm's efficientnet_b0 with random weights: images/s, the minimum over some seconds.

    python3 -m venv /tmp/peers-venv && /tmp/peers-venv/bin/pip install -r scripts/peers/requirements.txt
    /tmp/peers-venv/bin/python scripts/peers/onnxruntime_infer.py --threads 1 --batch 1

Nothing is fetched from a hub: speed does not depend on the weights' values. The ONNX file is kept beside --cache, so
that runs which alternate with another program's are short. Prints one JSON line.
"""

import argparse
import json
import pathlib
import time

import numpy
import onnxruntime


def export(path: pathlib.Path, model: str, batch: int, size: int) -> None:
    import timm
    import torch

    net = timm.create_model(model, pretrained=False).eval()
    torch.onnx.export(net, torch.randn(batch, 3, size, size), str(path), dynamo=False, input_names=["pictures"])


def session_of(path: pathlib.Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def shortest(work, seconds: float) -> float:
    for _ in range(3):
        work()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="efficientnet_b0", help="a model of timm")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("/tmp/peers-onnx"))
    flags = parser.parse_args()

    flags.cache.mkdir(parents=True, exist_ok=True)
    path = flags.cache / f"{flags.model}_{flags.size}_{flags.batch}.onnx"
    if not path.exists():
        export(path, flags.model, flags.batch, flags.size)
    session = session_of(path, flags.threads)
    pictures = numpy.random.default_rng(1).standard_normal((flags.batch, 3, flags.size, flags.size), numpy.float32)
    best = shortest(lambda: session.run(None, {"pictures": pictures}), flags.seconds)
    print(json.dumps({"peer": f"onnxruntime {onnxruntime.__version__}", "model": flags.model, "size": flags.size,
                      "batch": flags.batch, "threads": flags.threads, "images_per_second": flags.batch / best}))


if __name__ == "__main__":
    main()
