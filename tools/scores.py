#!/usr/bin/env python3
"""Makes images with a recipe and tells how much their units like them: the README's comparison.

The score is the mean over the channel's map when the finished 8-bit PNG is fed to the net, untransformed.
Usage: tools/scores.py FOLDER [--program build/convscope] [--recipe lucid] [--steps 512] [--against scores.json]
The file of --against is a list of {"model", "objective", "score_of_png"}; it also names the objectives.
"""
import argparse
import array
import json
import os
import subprocess

DEFAULT = [
    {"model": model, "objective": objective}
    for model, objective in [
        ("vgg16", "block3_conv1:13"), ("vgg16", "block4_conv2:77"), ("vgg16", "block4_conv3:302"),
        ("vgg16", "block4_conv3:301"), ("vgg16", "block5_conv1:300"), ("vgg16", "block5_conv3:45"),
        ("vgg16", "block5_conv3:308"), ("alexnet", "conv5:100"),
    ]
]

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("folder")
options.add_argument("--program", default="build/convscope")
options.add_argument("--recipe", default="lucid")
options.add_argument("--steps", default="512")
options.add_argument("--against")
arguments = options.parse_args()
os.makedirs(arguments.folder, exist_ok=True)


def mean_of_npy(path):
    """Of a float32 npy file, without NumPy."""
    with open(path, "rb") as file:
        magic = file.read(8)
        file.seek((10 if magic[6] == 1 else 12) + int.from_bytes(file.read(2 if magic[6] == 1 else 4), "little"))
        values = array.array("f", file.read())
    return sum(values) / len(values)


def score(model, objective):
    name = os.path.join(arguments.folder, f"{model}.{objective.replace(':', '.')}")
    if not os.path.exists(f"{name}.png"):
        subprocess.run([arguments.program, "optimize", "--offscreen", "--model", model, "--objective", objective,
                        "--recipe", arguments.recipe, "--steps", arguments.steps, "--size", "128",
                        "-o", f"{name}.png"], check=True, stderr=subprocess.DEVNULL)
    layer, channel = objective.split(":")
    subprocess.run([arguments.program, "features", "--offscreen", "--model", model, "--image", f"{name}.png",
                    "--layer", layer, "--channels", channel, "--input-size", "128", "-o", f"{name}.map.png",
                    "--npy", f"{name}.npy"], check=True, stderr=subprocess.DEVNULL)
    return mean_of_npy(f"{name}.npy")


wanted = json.load(open(arguments.against, encoding="utf-8")) if arguments.against else DEFAULT
print("| unit | Convscope | other | ratio |")
print("|---|---|---|---|")
ratios = []
for row in wanted:
    ours = score(row["model"], row["objective"])
    theirs = row.get("score_of_png")
    ratio = ours / theirs if theirs else None
    if ratio:
        ratios.append(ratio)
    cells = [f"{ours:.1f}", f"{theirs:.1f}" if theirs else "", f"{ratio:.3f}" if ratio else ""]
    print(f"| {row['model']} {row['objective']} | {' | '.join(cells)} |", flush=True)
if ratios:
    print(f"| mean of the ratios | | | {sum(ratios) / len(ratios):.3f} |")
