#!/usr/bin/env python3
"""How many of 64 units of VGG16's block5_conv3 come to life under each recipe: the README's table.

Every eighth channel, 40x40 pixels, 24 steps, seed 0. A unit is alive if the image makes it fire.
Usage: tools/dead_units.py [path to convscope] [recipe ...]
"""
import json
import subprocess
import sys
import tempfile

program = sys.argv[1] if len(sys.argv) > 1 else "build/convscope"
recipes = sys.argv[2:] or ["plain", "article", "lucid"]
channels = range(0, 512, 8)

print("| recipe | fire at the first step | fire at the last |")
print("|---|---|---|")
for recipe in recipes:
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "optimize", "--offscreen", "--model", "vgg16", "--recipe", recipe, "--size", "40",
                   "--steps", "24", "--report", f"{folder}/report.json", "-o", f"{folder}/images.png"]
        for channel in channels:
            command += ["--objective", f"block5_conv3:{channel}"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        with open(f"{folder}/report.json", encoding="utf-8") as file:
            units = json.load(file)["objectives"]
    first = sum(unit["values"][0] > 0 for unit in units)
    last = sum(unit["values"][-1] > 0 for unit in units)
    print(f"| `{recipe}` | {first} of {len(units)} | {last} of {len(units)} |", flush=True)
