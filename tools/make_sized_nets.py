#!/usr/bin/env python3
"""Nets that compute from their picture's size, exported with open height and width and compared at three sizes.

    python3 -m venv VENV && VENV/bin/pip install torch torchvision timm onnx onnxscript onnx2torch
    VENV/bin/python tools/make_sized_nets.py --out DIR --compare build/convscope --write docs/conformance.md [NET ...]

Weights are random, batch normalizations calibrated (tools/make_torch_nets.py); what is compared is the output and the
gradient of a channel's mean, with torch in float64. Results are kept in DIR/results.json, so that a run can be
continued. The two U-Nets are those of tools/cases/sizes.py, wider.
"""
import argparse
import json
import pathlib
import shutil
import sys
import warnings
import zlib

import numpy as np
import timm
import torch
import torchvision

import compare_nets
from make_torch_nets import pictures, relative

sys.path.insert(0, str(pathlib.Path(__file__).with_name("cases")))
import sizes  # noqa: E402

SIZES = [(97, 113), (140, 140), (224, 224)]  # height, width
TIMM = ["tf_efficientnet_b0", "tf_mixnet_s", "ecaresnet26t", "tf_efficientnetv2_b0"]
TORCHVISION = ["deeplabv3_mobilenet_v3_large", "fcn_resnet50"]
UNETS = {"unet_cropped": sizes.UNetCropped, "unet_resized": sizes.UNetResized}
NETS = TIMM + TORCHVISION + list(UNETS)


class Segmentation(torch.nn.Module):
    """The maps alone, of what gives a dictionary."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x)["out"]


def build(name):
    torch.manual_seed(zlib.crc32(name.encode()))
    if name in TIMM:
        net = timm.create_model(name, pretrained=False, num_classes=10)
    elif name in TORCHVISION:
        net = Segmentation(torchvision.models.get_model(name, weights=None, weights_backbone=None, num_classes=5))
    else:
        net = UNETS[name]()
    draw = np.random.default_rng(zlib.crc32(name.encode()))
    norms = [module for module in net.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    net.eval()
    with torch.no_grad():
        for norm in norms:
            norm.weight.uniform_(0.7, 1.3)
            norm.bias.normal_(0, 0.1)
            norm.reset_running_stats()
            norm.momentum = None
            norm.train()
        net(pictures(8, 160, draw))
        net.eval()
    return net, draw


def export(net, path, exporter):
    example = torch.rand(1, 3, 160, 192)
    names = {"input_names": ["input"], "output_names": ["out"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if exporter == "legacy":
            torch.onnx.export(net, (example,), path, dynamo=False, opset_version=17,
                              dynamic_axes={"input": {2: "h", 3: "w"}}, **names)
        else:
            dims = {2: torch.export.Dim("h", min=64, max=1024), 3: torch.export.Dim("w", min=64, max=1024)}
            torch.onnx.export(net, (example,), path, dynamo=True, verbose=False, dynamic_shapes=(dims,), **names)


def compute(net, x):
    x = x.clone().requires_grad_(True)
    out = net(x)
    gradient, = torch.autograd.grad(out[:, 1].mean(), x)
    return out.detach(), gradient


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--exporters", nargs="+", choices=["legacy", "dynamo"], default=["legacy", "dynamo"])
    parser.add_argument("--compare", metavar="CONVSCOPE", required=True)
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE.md")
    parser.add_argument("nets", nargs="*")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "results.json"
    results = json.loads(kept.read_text()) if kept.exists() else {}
    for name in options.nets or [name for name in NETS if name not in results]:
        net, draw = build(name)
        folder = options.out / name
        folder.mkdir(exist_ok=True)
        rows, problems = {}, {}
        for exporter in options.exporters:
            try:
                export(net, folder / f"{exporter}.onnx", exporter)
            except Exception as problem:  # the exporter's own, of whatever kind
                problems[exporter] = str(problem).strip().splitlines()[0][:80]
        pictures_at = {size: pictures(1, max(size), draw)[:, :, :size[0], :size[1]].contiguous() for size in SIZES}
        single = {size: compute(net, x) for size, x in pictures_at.items()}
        net = net.double()
        parameters = sum(parameter.numel() for parameter in net.parameters())
        for (height, width), x in pictures_at.items():
            out, gradient = compute(net, x.double())
            out32, gradient32 = single[height, width]
            np.save(folder / "input.npy", x.numpy())
            np.save(folder / "act.out.npy", out.numpy().astype(np.float32))
            np.save(folder / "grad.out.1.npy", gradient.numpy().astype(np.float32))
            float32 = {"activations": relative(out32, out), "gradients": relative(gradient32, gradient)}
            (folder / "meta.json").write_text(json.dumps(
                {"parameters": parameters, "float32": float32, "acts": [{"layer": "out"}],
                 "gradients": [{"layer": "out", "channel": 1}]}))
            for exporter in options.exporters:
                row = ({"problem": f"torch can't export it: {problems[exporter]}", "float32": float32, "parameters": parameters}
                       if exporter in problems else compare_nets.compare(options.compare, folder, folder / f"{exporter}.onnx"))
                rows[f"{width}x{height}, {exporter}"] = row
        results[name] = rows
        shutil.rmtree(folder)
        kept.write_text(json.dumps(results, indent=1))
        print(name, json.dumps(rows), flush=True)
    if options.write:
        compare_nets.BEGIN, compare_nets.END = "<!-- sizes: begin -->", "<!-- sizes: end -->"
        compare_nets.write(options.write, compare_nets.table(results, "size, exporter", "torch"))


if __name__ == "__main__":
    main()
