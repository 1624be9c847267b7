#!/usr/bin/env python3
"""How much units like the images that Convscope makes for them, and those that Lucent makes: the README's comparison.

The score is the mean over the channel's map when the finished 8-bit PNG is fed to the net, preprocessed and not
transformed. Both programs have the same weights, size, steps and seeds; Lucent's images are not enlarged before the net.
What lies in FOLDER from a run before is not made again, and no score that FILE has is. Two runs may share both: one with
--lucent no beside one with --lucent only.
Usage: tools/scores.py FOLDER [--net alexnet] [--units conv5:100,conv4:81 | --random 4 --layers conv2,conv3,conv4,conv5]
           [--seeds 0,1,2] [--recipe lucid] [--lucent no] [--table FILE.json]
--random N is of N units of each layer, drawn by --draw. Lucent's part needs: pip install torch torch-lucent
"""
import argparse
import array
import contextlib
import fcntl
import json
import os
import random
import statistics
import struct
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
LAYERS = {"alexnet": "conv2,conv3,conv4,conv5",
          "vgg16": "block3_conv1,block3_conv3,block4_conv1,block4_conv2,block4_conv3,block5_conv1,block5_conv2,block5_conv3"}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder")
parser.add_argument("--program", default=os.path.join(ROOT, "build/convscope"))
parser.add_argument("--net", default="alexnet", choices=sorted(LAYERS))
parser.add_argument("--units", help="layer:channel,...")
parser.add_argument("--random", type=int, default=4, help="so many units of each layer, where --units names none")
parser.add_argument("--layers", help="that random units are of")
parser.add_argument("--draw", type=int, default=0, help="which random units")
parser.add_argument("--seeds", default="0")
parser.add_argument("--recipe", default="lucid", help="a name or a JSON file")
parser.add_argument("--steps", type=int, default=512)
parser.add_argument("--lucent-steps", type=int, default=512)
parser.add_argument("--size", type=int, default=128)
parser.add_argument("--lucent", default="yes", choices=["yes", "no", "only"])
parser.add_argument("--table", help="JSON of scores by unit, program and seed, which grows")
arguments = parser.parse_args()
os.makedirs(arguments.folder, exist_ok=True)


def weights(net):
    """Name -> (shape, float32 numbers) of a safetensors file of float16."""
    with open(os.path.join(ROOT, f"weights/{net}.safetensors"), "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: (tensor["shape"], data[slice(*tensor["data_offsets"])]) for name, tensor in header.items()}


def torch_net(net, last):
    """The net in PyTorch up to that layer, each convolution's ReLU under the convolution's name."""
    import numpy
    import torch

    def parameter(name):
        shape, data = tensors[name]
        return torch.nn.Parameter(torch.from_numpy(numpy.frombuffer(data, numpy.float16).reshape(shape).astype(numpy.float32)))

    tensors = weights(net)
    model = torch.nn.Sequential()
    names = [name[:-len(".weight")] for name in tensors if name.endswith(".weight")]
    for name in sorted(names):
        if net == "vgg16":
            kernel, stride, padding = 3, 1, 1
            pool = torch.nn.MaxPool2d(2) if name.endswith("conv1") and name != "block1_conv1" else None
        else:
            kernel, stride, padding = {"conv1": (11, 4, 2), "conv2": (5, 1, 2)}.get(name, (3, 1, 1))
            pool = torch.nn.MaxPool2d(3, 2) if name in ("conv2", "conv3") else None
        if pool:
            model.add_module(f"before_{name}", pool)
        shape = tensors[f"{name}.weight"][0]
        convolution = torch.nn.Conv2d(shape[1], shape[0], kernel, stride, padding)
        convolution.weight, convolution.bias = parameter(f"{name}.weight"), parameter(f"{name}.bias")
        model.add_module(f"{name}_sum", convolution)
        model.add_module(name, torch.nn.ReLU())
        if name == last:
            return model.eval().requires_grad_(False)
    raise SystemExit(f"{net} has no layer {last}")


def make_lucents(path, layer, channel, seed):
    import numpy
    import torch
    from PIL import Image
    from lucent.optvis import param, render
    torch.manual_seed(seed)
    numpy.random.seed(seed)
    with contextlib.redirect_stdout(sys.stderr):
        images = render.render_vis(torch_net(arguments.net, layer), f"{layer}:{channel}", lambda: param.image(arguments.size),
                                   thresholds=(arguments.lucent_steps,), show_image=False, progress=False,
                                   fixed_image_size=0)  # 0: not enlarged
    Image.fromarray((images[0][0] * 255).round().astype(numpy.uint8)).save(path)


def make_ours(path, layer, channel, seed):
    subprocess.run([arguments.program, "optimize", "--offscreen", "--model", arguments.net, "--objective", f"{layer}:{channel}",
                    "--recipe", arguments.recipe, "--steps", str(arguments.steps), "--size", str(arguments.size),
                    "--seed", str(seed), "-o", path], check=True, stderr=subprocess.DEVNULL)


def mean_of_npy(path):
    """Of a float32 npy file, without NumPy."""
    with open(path, "rb") as file:
        magic = file.read(8)
        file.seek((10 if magic[6] == 1 else 12) + int.from_bytes(file.read(2 if magic[6] == 1 else 4), "little"))
        values = array.array("f", file.read())
    return sum(values) / len(values)


def kept_score(unit, name, seed, added=None):
    """The table's, None where it has none; a score to add goes in first."""
    if not arguments.table:
        return added
    with open(arguments.table, "a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        table = json.loads(file.read() or "{}")
        if added is not None:
            table.setdefault(unit, {}).setdefault(name, {})[str(seed)] = float(f"{added:.6g}")
            file.seek(0)
            file.truncate()
            lines = (f"{json.dumps(unit)}: {json.dumps(table[unit], sort_keys=True)}" for unit in sorted(table))
            file.write("{\n" + ",\n".join(lines) + "\n}\n")  # a unit a line
        return table.get(unit, {}).get(name, {}).get(str(seed))


def score(make, name, layer, channel, seed):
    unit = f"{arguments.net} {layer}:{channel}"
    kept = kept_score(unit, name, seed)
    if kept is not None:
        return kept
    base = os.path.join(arguments.folder, f"{arguments.net}.{layer}.{channel}.{seed}.{name}")
    if not os.path.exists(f"{base}.png"):
        make(f"{base}.png", layer, channel, seed)
    if not os.path.exists(f"{base}.npy"):
        subprocess.run([arguments.program, "features", "--offscreen", "--model", arguments.net, "--image", f"{base}.png",
                        "--layer", layer, "--channels", channel, "--input-size", str(arguments.size),
                        "-o", f"{base}.map.png", "--npy", f"{base}.npy"], check=True, stderr=subprocess.DEVNULL)
        os.remove(f"{base}.map.png")
    return kept_score(unit, name, seed, mean_of_npy(f"{base}.npy"))


def units():
    if arguments.units:
        return [unit.split(":") for unit in arguments.units.split(",")]
    shapes = weights(arguments.net)
    draw = random.Random(arguments.draw)
    layers = (arguments.layers or LAYERS[arguments.net]).split(",")
    chosen = {layer: draw.sample(range(shapes[f"{layer}.bias"][0][0]), arguments.random) for layer in layers}
    return [[layer, str(chosen[layer][i])] for i in range(arguments.random) for layer in layers]


recipe_name = os.path.splitext(os.path.basename(arguments.recipe))[0]
if arguments.steps != 512:
    recipe_name += f"-{arguments.steps}"
seeds = [int(seed) for seed in arguments.seeds.split(",")]
print("| unit | Convscope | Lucent | ratio |")
print("|---|---|---|---|")
ratios, dead = [], {"Convscope": 0, "Lucent": 0}


def mean_text(scores):
    return f"{statistics.fmean(scores):.1f}" if scores else ""


for layer, channel in units():
    ours = theirs = ()
    if arguments.lucent != "only":
        ours = [score(make_ours, recipe_name, layer, channel, seed) for seed in seeds]
    if arguments.lucent != "no":
        theirs = [score(make_lucents, "lucent", layer, channel, seed) for seed in seeds]
    dead["Convscope"] += sum(value <= 0 for value in ours)
    dead["Lucent"] += sum(value <= 0 for value in theirs)
    ratio = ""
    # A seed from which either finds nothing would make the ratio 0 or endless: it is counted, not averaged.
    if alive := [pair for pair in zip(ours, theirs) if min(pair) > 0]:
        ours, theirs = zip(*alive)
        ratios.append(statistics.fmean(ours) / statistics.fmean(theirs))
        ratio = f"{ratios[-1]:.3f}"
    print(f"| {arguments.net} {layer}:{channel} | {mean_text(ours)} | {mean_text(theirs)} | {ratio} |", flush=True)
if ratios:
    spread = statistics.stdev(ratios) if len(ratios) > 1 else 0
    print(f"\n{len(ratios)} units, seeds {arguments.seeds}: mean ratio {statistics.fmean(ratios):.3f}, "
          f"standard deviation {spread:.3f}, least {min(ratios):.3f}; images of units that stay dead: " +
          ", ".join(f"{name} {count}" for name, count in dead.items()))
