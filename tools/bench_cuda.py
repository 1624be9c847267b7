#!/usr/bin/env python3
"""PyTorch and Lucent on a CUDA device, for tools/gpu_check.sh: what stands beside Convscope's figures of the same machine.

Milliseconds of a forward pass and of forward and gradient with respect to the input, nets of tools/peer_nets.py with
random weights, and of Lucent's step (torch-lucent, where it is installed) on VGG16's block5_conv3. What fails is noted.

Usage: tools/bench_cuda.py --json FILE [--size 224] [--batches 1,16] [--nets vgg16,alexnet]
"""
import argparse
import contextlib
import json
import os
import sys
import time

import torch

import peer_nets

LONG, SHORT = 64, 8  # steps


def timed(run, least=0.3):
    """Milliseconds of one call, over calls that take `least` seconds in all."""
    for _ in range(3):
        run()
    torch.cuda.synchronize()
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < least or calls == 0:
        run()
        torch.cuda.synchronize()
        calls += 1
    return (time.perf_counter() - start) / calls * 1e3


def torch_row(name, size, batch):
    model = peer_nets.make(torch, name).eval().cuda()
    given = torch.rand(batch, 3, size, size, device="cuda")

    def forward():
        with torch.no_grad():
            model(given)

    def gradient():
        leaf = given.clone().requires_grad_(True)
        model(leaf)[:, 0].mean().backward()

    return {"forward_ms": timed(forward), "forward_and_gradient_ms": timed(gradient)}


def lucent_step(size):
    from lucent.optvis import render
    from lucent.optvis.param import image
    model = peer_nets.make(torch, "vgg16").eval().cuda()
    layer = peer_nets.last_layer(model)

    def seconds(steps):
        start = time.perf_counter()
        with contextlib.redirect_stdout(sys.stderr):
            render.render_vis(model, f"{layer}:0", thresholds=(steps,), show_image=False, progress=False, preprocess=False,
                              param_f=lambda: image(size))
        torch.cuda.synchronize()
        return time.perf_counter() - start

    seconds(SHORT)  # warms up
    return (seconds(LONG) - seconds(SHORT)) / (LONG - SHORT) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", required=True)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batches", default="1,16")
    parser.add_argument("--nets", default="vgg16,alexnet")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("bench_cuda.py: PyTorch finds no CUDA device")
    result = {"device": torch.cuda.get_device_name(), "torch": torch.__version__, "cuda": torch.version.cuda,
              "tf32": torch.backends.cudnn.allow_tf32, "rows": [], "notes": []}
    for name in options.nets.split(","):
        for batch in map(int, options.batches.split(",")):
            row = {"net": name, "size": options.size, "batch": batch}
            try:
                result["rows"].append({**row, **torch_row(name, options.size, batch)})
            except Exception as error:  # the next may fit
                result["notes"].append(f"{name}, batch {batch}: {error}")
    try:
        result["lucent_step_ms"] = lucent_step(options.size)
    except Exception as error:
        result["notes"].append(f"lucent: {error}")
    part = options.json + ".part"
    with open(part, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=2)
    os.replace(part, options.json)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
