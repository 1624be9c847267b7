#!/usr/bin/env python3
"""Makes torchvision's classification convnets with random weights as .onnx, and what torch computes in float64.

    python3 -m venv VENV && VENV/bin/pip install torch torchvision onnx onnxscript onnx2torch
    VENV/bin/python tools/make_torch_nets.py --out DIR [NET ...]                      (no NET: all of them)
    VENV/bin/python tools/make_torch_nets.py --out DIR --compare build/convscope --write docs/conformance.md

Each net becomes a folder: legacy.onnx (the TorchScript exporter), dynamo.onnx with dynamo.onnx.data (today's),
input.npy (NCHW float32), act.<output>.npy, grad.<output>.<channel>.npy (of the channel's mean), the same of each file
as <exporter>.grad.<output>.<channel>.npy, and meta.json. The outputs are the logits and some convolutions, whose names
begin with "tap_". The weights are random, but the batch normalizations' statistics are those of several pictures, so
that activations have the scale of a trained net's.

The exporters fold batch normalizations into convolutions in float32: a file holds other weights than the net, in their
last digits, and where a ReLU's input lies within rounding of zero, they decide. Hence gradients are computed twice, of
the net and of the exported file (read back by onnx2torch), both by torch in float64.

With --compare, each net is made, compared and deleted, one after another; results are kept in DIR/results.json, so that
a run can be continued, and --write puts their table between the torchvision markers of that file. Transformers (vit,
swin, maxvit) are left out: they are no convnets.
"""
import argparse
import json
import pathlib
import shutil
import traceback
import warnings
import zlib

import numpy as np
import onnx
import onnx2torch
import torch
import torchvision
from google.protobuf.message import EncodeError

import compare_nets

LEFT_OUT = ("vit", "swin", "maxvit")
# Their heads pool to the size that 224 gives; the legacy exporter knows no other.
SIZES = {"alexnet": 224, "vgg": 224, "inception_v3": 128}
USUAL_SIZE = 96
EXPORTERS = {"legacy": {"dynamo": False, "opset_version": 17}, "dynamo": {"dynamo": True, "verbose": False}}


def convnets():
    names = torchvision.models.list_models(module=torchvision.models)
    return [name for name in names if not name.startswith(LEFT_OUT)]


def pictures(count, size, draw):
    """Smooth and rough at once, about -2..2: (count, 3, size, size)."""
    noise = draw.normal(size=(count, 3, size, size))
    f = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)[None, :])
    smooth = np.fft.ifft2(np.fft.fft2(noise) / np.maximum(f, 1 / size)).real
    return torch.tensor(0.7 * smooth / smooth.std() + 0.3 * noise, dtype=torch.float32)


def build(name, size, draw):
    torch.manual_seed(zlib.crc32(name.encode()))
    more = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    net = torchvision.models.get_model(name, weights=None, num_classes=10, **more).eval()
    norms = [module for module in net.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    with torch.no_grad():
        for key, parameter in net.named_parameters():
            if key.endswith("layer_scale"):  # of ConvNeXt, where a block begins as next to nothing
                parameter.uniform_(0.1, 0.3)
        for module in net.modules():
            if hasattr(module, "inplace"):  # a tap must stay what it was
                module.inplace = False
        for norm in norms:
            norm.weight.uniform_(0.7, 1.3)
            norm.bias.normal_(0, 0.1)
            norm.reset_running_stats()
            norm.momentum = None  # the mean over all that it sees
            norm.train()
        net(pictures(8, size, draw))
        for norm in norms:
            norm.eval()
    return net


class Tapped(torch.nn.Module):
    """The logits, and the outputs of some of the convolutions."""

    def __init__(self, net, layers):
        super().__init__()
        self.net = net
        self.layers = layers
        self.names = ["tap_" + layer.replace(".", "_") for layer in layers]
        modules = dict(net.named_modules())
        found = {}
        for layer in layers:
            modules[layer].register_forward_hook(
                lambda module, arguments, output, layer=layer: found.__setitem__(layer, output))
        self.found = lambda layer: found[layer]

    def forward(self, x):
        logits = self.net(x)
        return (logits, *(self.found(layer) for layer in self.layers))


def chosen_layers(net):
    """Four convolutions on the way; objectives are at two of them."""
    convolutions = [key for key, module in net.named_modules()
                    if isinstance(module, torch.nn.Conv2d) and not key.startswith(("aux", "AuxLogits"))]
    return list(dict.fromkeys(convolutions[int(len(convolutions) * part)] for part in (0.05, 0.35, 0.6, 0.98)))


def compute(tapped, x):
    """Outputs by name, and gradients of a channel's mean by (name, channel)."""
    x = x.clone().requires_grad_(True)
    outputs = dict(zip(["logits", *tapped.names], tapped(x)))
    gradients = {}
    for name in tapped.names[-2:]:
        channel = outputs[name].shape[1] // 3
        gradients[name, channel], = torch.autograd.grad(outputs[name][:, channel].mean(), x, retain_graph=True)
    return {name: y.detach() for name, y in outputs.items()}, gradients


def as_opset_17(path):
    """The file's model in the words that onnx2torch knows: axes as attributes, no second name for a constant."""
    model = onnx.load(path)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in [node for node in model.graph.node if node.op_type == "Identity" and node.input[0] in constants]:
        copy = model.graph.initializer.add()
        copy.CopyFrom(constants[node.input[0]])
        copy.name = node.output[0]
        model.graph.node.remove(node)
    for node in model.graph.node:
        if node.op_type == "ReduceMean" and len(node.input) == 2:
            axes = onnx.numpy_helper.to_array(constants[node.input[1]]).tolist()
            node.attribute.append(onnx.helper.make_attribute("axes", axes))
            del node.input[1]
        if node.op_type == "Reshape":  # no size is 0
            del node.attribute[:]
    del model.opset_import[:]
    model.opset_import.append(onnx.helper.make_opsetid("", 17))
    return model


def gradients_of_file(path, x, gradients):
    """What torch computes from the exported file, in float64, for the (name, channel) of `gradients`."""
    model = as_opset_17(path)
    names = [output.name for output in model.graph.output]
    x = x.double().clone().requires_grad_(True)
    outputs = dict(zip(names, onnx2torch.convert(model).double().eval()(x)))
    return {(name, channel): torch.autograd.grad(outputs[name][:, channel].mean(), x, retain_graph=True)[0]
            for name, channel in gradients}


def relative(got, expected):
    return float((got.double() - expected).norm() / expected.norm())


def worst(got, expected):
    return max(relative(got[key], expected[key]) for key in expected)


def make(name, out, exporters):
    size = next((size for start, size in SIZES.items() if name.startswith(start)), USUAL_SIZE)
    draw = np.random.default_rng(zlib.crc32(name.encode()))
    net = build(name, size, draw)
    tapped = Tapped(net, chosen_layers(net)).eval()
    x = pictures(1, size, draw)
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    problems = {}
    for exporter in exporters:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                torch.onnx.export(tapped, (x,), folder / f"{exporter}.onnx", input_names=["input"],
                                  output_names=["logits", *tapped.names], **EXPORTERS[exporter])
        except Exception as problem:  # the exporter's own, of whatever kind
            traceback.print_exc()
            problems[exporter] = str(problem).strip().splitlines()[0]
    acts32, grads32 = compute(tapped, x)
    acts, grads = compute(tapped.double(), x.double())
    for exporter in set(exporters) - set(problems):
        try:
            of_file = gradients_of_file(folder / f"{exporter}.onnx", x, grads)
        # Not by onnx2torch: GELU, which decides nothing; files of more than 2 GiB.
        except (NotImplementedError, EncodeError) as problem:
            print(f"{name}, {exporter}: {problem}", flush=True)
            continue
        for (key, channel), gradient in of_file.items():
            np.save(folder / f"{exporter}.grad.{key}.{channel}.npy", gradient.numpy().astype(np.float32))
    np.save(folder / "input.npy", x.numpy())
    for key, y in acts.items():
        np.save(folder / f"act.{key}.npy", y.numpy().astype(np.float32))
    for (key, channel), gradient in grads.items():
        np.save(folder / f"grad.{key}.{channel}.npy", gradient.numpy().astype(np.float32))
    meta = {"torch": torch.__version__, "torchvision": torchvision.__version__, "net": name, "size": size,
            "parameters": sum(parameter.numel() for parameter in net.parameters()),
            "float32": {"activations": worst(acts32, acts), "gradients": worst(grads32, grads)},
            "acts": [{"layer": key, "std": float(y.std())} for key, y in acts.items()],
            "gradients": [{"layer": key, "channel": channel, "l2": float(gradient.norm())}
                          for (key, channel), gradient in grads.items()],
            "problems": problems}
    (folder / "meta.json").write_text(json.dumps(meta, indent=1))
    return folder, meta


def compared(convscope, folder, meta, exporters):
    rows = {}
    for exporter in exporters:
        problem = meta["problems"].get(exporter)
        rows[exporter] = ({"problem": f"torch can't export it: {problem}"} if problem
                          else compare_nets.compare(convscope, folder, folder / f"{exporter}.onnx"))
        rows[exporter] |= {"float32": meta["float32"], "parameters": meta["parameters"]}
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--exporters", nargs="+", choices=EXPORTERS, default=list(EXPORTERS))
    parser.add_argument("--compare", metavar="CONVSCOPE", help="the program to compare with")
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE.md")
    parser.add_argument("nets", nargs="*")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "results.json"
    results = json.loads(kept.read_text()) if kept.exists() else {}
    for name in options.nets or [name for name in convnets() if name not in results]:
        folder, meta = make(name, options.out, options.exporters)
        if not options.compare:
            print(name, flush=True)
            continue
        results[name] = compared(options.compare, folder, meta, options.exporters)
        shutil.rmtree(folder)
        kept.write_text(json.dumps(results, indent=1))
        print(name, json.dumps(results[name]), flush=True)
    if options.write:
        compare_nets.BEGIN, compare_nets.END = "<!-- torchvision: begin -->", "<!-- torchvision: end -->"
        compare_nets.write(options.write, compare_nets.table(results, "exporter", "torch"))


if __name__ == "__main__":
    main()
