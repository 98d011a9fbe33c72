#!/usr/bin/env python3
"""Times OpenVINO on timm's efficientnet_b0 with random weights: images/s, the minimum over some seconds.

    python3 -m venv /tmp/peers-venv && /tmp/peers-venv/bin/pip install -r scripts/peers/requirements.txt
    /tmp/peers-venv/bin/python scripts/peers/openvino_infer.py --threads 2 --batch 8 --dtype bfloat16

With --streams N, N requests of a batch each are under way at once and share the threads. Prints one JSON line, with the
precision that OpenVINO says it runs at.
"""

import openvino

from peer_case import add_cache_flag, flags_of, onnx_file, print_result, random_pictures, shortest

PRECISIONS = {"float": "f32", "bfloat16": "bf16"}


def compiled(flags) -> openvino.CompiledModel:
    core = openvino.Core()
    options = {
        "INFERENCE_PRECISION_HINT": PRECISIONS[flags.dtype],
        "PERFORMANCE_HINT": "LATENCY" if flags.streams == 1 else "THROUGHPUT",
        "NUM_STREAMS": flags.streams,
        "INFERENCE_NUM_THREADS": flags.threads,
    }
    return core.compile_model(core.read_model(onnx_file(flags)), "CPU", options)


def main() -> None:
    parser = flags_of(__doc__)
    add_cache_flag(parser)
    parser.add_argument("--dtype", choices=PRECISIONS, default="float")
    parser.add_argument("--streams", type=int, default=1)
    flags = parser.parse_args()
    net = compiled(flags)
    requests = [net.create_infer_request() for _ in range(flags.streams)]
    for request in requests:
        request.set_input_tensor(openvino.Tensor(random_pictures(flags)))

    def all_requests() -> None:
        for request in requests:
            request.start_async()
        for request in requests:
            request.wait()

    work = requests[0].infer if flags.streams == 1 else all_requests
    best = shortest(work, flags.seconds)
    print_result(f"OpenVINO {openvino.__version__.split('-')[0]}", flags, flags.streams * flags.batch / best,
                 dtype=net.get_property("INFERENCE_PRECISION_HINT").to_string(), streams=flags.streams)


if __name__ == "__main__":
    main()
