#!/usr/bin/env python3
"""Times onnxruntime on timm's efficientnet_b0 with random weights: images/s, the minimum over some seconds.

    python3 -m venv /tmp/peers-venv && /tmp/peers-venv/bin/pip install -r scripts/peers/requirements.txt
    /tmp/peers-venv/bin/python scripts/peers/onnxruntime_infer.py --threads 1 --batch 1

Prints one JSON line.
"""

import pathlib

import onnxruntime

from peer_case import add_cache_flag, flags_of, onnx_file, print_result, random_pictures, shortest


def session_of(path: pathlib.Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def main() -> None:
    parser = flags_of(__doc__)
    add_cache_flag(parser)
    flags = parser.parse_args()
    session = session_of(onnx_file(flags), flags.threads)
    pictures = random_pictures(flags)
    best = shortest(lambda: session.run(None, {"pictures": pictures}), flags.seconds)
    print_result(f"onnxruntime {onnxruntime.__version__}", flags, flags.batch / best)


if __name__ == "__main__":
    main()
