#!/usr/bin/env python3
"""Times timm's efficientnet_b0 in eager PyTorch, channels_last, with random weights: inference or whole training steps
(forward, cross entropy, backward, timm's RMSpropTF and a moving average of the weights, as `effnet bench train` does).

    python3 -m venv /tmp/peers-venv && /tmp/peers-venv/bin/pip install -r scripts/peers/requirements.txt
    /tmp/peers-venv/bin/python scripts/peers/timm_eager.py --threads 2 --batch 8
    /tmp/peers-venv/bin/python scripts/peers/timm_eager.py --threads 2 --batch 16 --train

What malloc's defaults cost is the larger part of a training step; to spare PyTorch that, set before it starts
    MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=68719476736 GLIBC_TUNABLES=glibc.malloc.hugetlb=1
Prints one JSON line: images/s, the minimum over some seconds.
"""

import timm
import timm.optim
import timm.utils
import torch

from peer_case import flags_of, print_result, random_pictures, shortest


def inference(net: torch.nn.Module, pictures: torch.Tensor):
    net.eval()

    @torch.inference_mode()
    def step() -> None:
        net(pictures)

    return step


def training(net: torch.nn.Module, pictures: torch.Tensor):
    net.train()
    optimizer = timm.optim.RMSpropTF(net.parameters(), lr=1e-3, momentum=0.9)
    average = timm.utils.ModelEmaV3(net, decay=0.99)
    labels = torch.randint(net.num_classes, (len(pictures),))
    loss = torch.nn.CrossEntropyLoss(label_smoothing=0.1)

    def step() -> None:
        optimizer.zero_grad()
        loss(net(pictures), labels).backward()
        optimizer.step()
        average.update(net)

    return step


def main() -> None:
    parser = flags_of(__doc__)
    parser.add_argument("--train", action="store_true", help="a training step instead of inference")
    flags = parser.parse_args()
    torch.set_num_threads(flags.threads)
    torch.set_flush_denormal(True)
    net = timm.create_model(flags.model, pretrained=False).to(memory_format=torch.channels_last)
    pictures = torch.from_numpy(random_pictures(flags)).to(memory_format=torch.channels_last)
    best = shortest((training if flags.train else inference)(net, pictures), flags.seconds)
    print_result(f"timm {timm.__version__}, PyTorch {torch.__version__}", flags, flags.batch / best,
                 training=flags.train)


if __name__ == "__main__":
    main()
