#!/usr/bin/env python3
"""Makes tests/cases/keras: small Keras nets, and what Keras itself computes with them.

    python3 -m venv VENV && VENV/bin/pip install keras jax h5py
    VENV/bin/python tools/cases/keras.py tests/cases/keras [CASE ...]

Each case is a folder as tests/cases/README.md has it, some a second time as an .h5 file; their pictures are in inputs/.
"""
import json
import os
import pathlib
import shutil
import sys

os.environ["KERAS_BACKEND"] = "jax"
sys.path.pop(0)  # where this file is, which has Keras's own name
import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers, ops  # noqa: E402

SMALL, SIZES = (24, 20), [(24, 20), (97, 113), (140, 140)]  # (H, W)


def picture(h, w, channels=3):
    """(1, h, w, channels), -1..1: whole numbers first, so that every program makes the same."""
    y, x, c = np.meshgrid(np.arange(h), np.arange(w), np.arange(channels), indexing="ij")
    return (((7 * c + 3 * y * y + 5 * x + 11 * x * y) % 251) / 125 - 1).astype(np.float32)[None]


def open_input(name="picture"):
    return keras.Input((None, None, 3), name=name)


def fixed_input(name="picture"):
    return keras.Input((*SMALL, 3), name=name)


def small(x, name, filters=2):
    """Few values of all of the map, where each is."""
    return layers.Conv2D(filters, 9, strides=8, name=name, activation="tanh")(x)


def pads():
    """keras.ops.pad in each of its modes, at an open size."""
    i = open_input()
    x = ops.pad(i, ((0, 0), (1, 2), (3, 0), (0, 0)))
    x = ops.pad(x, [[0, 0], [2, 1], [4, 3], [0, 0]], mode="reflect")
    x = ops.pad(x, [[0, 0], [1, 1], [1, 0], [0, 0]], mode="symmetric")
    x = ops.pad(x, [[0, 0], [0, 2], [1, 1], [1, 2]], constant_values=0.5)
    return keras.Model(i, small(x, "out")), ["out"], SIZES


def moves():
    """keras.ops that move elements: split, concatenate, repeat, tile, transpose, flip, swapaxes, indices, expand_dims."""
    i = open_input()
    a, b, c = ops.split(i, 3, axis=-1)
    x = ops.concatenate([b, ops.repeat(a, 2, axis=-1), ops.tile(c, (1, 1, 1, 2))], axis=3)
    x = ops.transpose(x, (0, 2, 1, 3))
    x = ops.flip(x, axis=1)
    x = ops.repeat(ops.swapaxes(x, 1, 2), 2, axis=2)
    x = x[:, 1:, ::2]
    x = ops.concatenate([x, ops.expand_dims(x[..., 0], -1)], axis=-1)
    return keras.Model(i, small(x, "out")), ["out"], SIZES


def resized():
    """keras.ops.image.resize."""
    i = open_input()
    x = ops.image.resize(i, (30, 26))
    x = ops.concatenate([x, ops.image.resize(i, (30, 26), interpolation="nearest")], axis=-1)
    return keras.Model(i, small(x, "out")), ["out"], SIZES


def reductions():
    """keras.ops.mean, max and sum over some axes, expand_dims, squeeze, reshape and stack."""
    i = open_input()
    x = layers.Conv2D(4, 3, strides=2, name="conv")(i)
    mean, most, total = ops.mean(x, axis=(1, 2)), ops.max(x, axis=[1, 2]), ops.sum(x, axis=-1, keepdims=True)
    rows = ops.mean(x, axis=2)
    x = ops.expand_dims(ops.expand_dims(mean, 1), 1)
    x = ops.squeeze(x, 1)
    x = ops.reshape(x, (-1, 2, 2))
    x = layers.Flatten()(x)
    pooled = layers.GlobalAveragePooling1D()(rows)
    x = layers.Concatenate()([x, most, pooled, ops.max(ops.stack([mean, most], axis=1), axis=1)])
    x = layers.Concatenate()([x, layers.GlobalMaxPooling2D()(total)])
    return keras.Model(i, layers.Dense(3, name="out")(x)), ["out"], SIZES


def center_crop():
    """CenterCrop, at an open size."""
    i = open_input()
    x = layers.CenterCrop(15, 12, name="crop")(i)
    return keras.Model(i, layers.Conv2D(2, 5, strides=2, name="out")(x)), ["out"], SIZES


def augmented():
    """Layers that do nothing outside of training."""
    i = fixed_input()
    x = i
    for each in (layers.RandomFlip(), layers.RandomRotation(0.2), layers.RandomZoom(0.2), layers.RandomContrast(0.2),
                 layers.RandomBrightness(0.2), layers.RandomTranslation(0.1, 0.1), layers.RandomCrop(*SMALL),
                 layers.GaussianNoise(0.1), layers.Dropout(0.3)):
        x = each(x)
    return keras.Model(i, small(x, "out")), ["out"], [SMALL]


def spectral():
    """SpectralNormalization around a convolution and a dense layer."""
    i = open_input()
    x = layers.SpectralNormalization(layers.Conv2D(4, 3, strides=4, activation="relu"), name="sn")(i)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.SpectralNormalization(layers.Dense(5), name="sn_dense")(x)
    model = keras.Model(i, layers.Dense(2, name="out")(x))
    return model, ["sn", "sn_dense", "out"], SIZES


def nested_spectral():
    """SpectralNormalization in a nested model."""
    i = keras.Input((*SMALL, 3))
    inner = keras.Model(i, layers.SpectralNormalization(layers.Conv2D(4, 3, strides=4), name="sn")(i), name="base")
    i = fixed_input()
    return keras.Model(i, layers.ReLU(name="out")(inner(i))), ["out"], [SMALL]


def multilabel():
    """A classifier of several labels, which ends in a sigmoid."""
    i = open_input()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu")(i))
    return keras.Model(i, layers.Dense(5, activation="sigmoid", name="out")(x)), ["out"], SIZES


def one_unit():
    """A classifier of one unit: its sigmoid is a layer of its own, with a reshape behind."""
    i = fixed_input()
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu")(i))
    x = layers.Activation("sigmoid", name="probability")(layers.Dense(1, name="score")(x))
    return keras.Model(i, layers.Reshape((1,), name="out")(x)), ["out"], [SMALL]


def mask_first():
    """A mask is the first input, which is all ones where nobody sets it; the picture is the coloured one."""
    mask, i = keras.Input((*SMALL, 1), name="mask"), keras.Input((*SMALL, 3), name="rgb")
    x = small(i, "out")
    both = layers.Multiply(name="masked")([i, mask])
    return keras.Model([mask, i], [x, layers.Conv2D(2, 3, name="end")(both)]), ["out"], [SMALL]


def channels_first():
    """A net whose channels come first."""
    i = keras.Input((3, *SMALL), name="picture")
    x = layers.Conv2D(4, 3, strides=2, data_format="channels_first", name="conv")(i)
    x = ops.pad(x, [[0, 0], [0, 0], [1, 0], [0, 2]])
    x = layers.MaxPooling2D(2, data_format="channels_first")(x)
    x = ops.mean(x, axis=(2, 3))
    return keras.Model(i, layers.Dense(3, name="out")(x)), ["out"], [SMALL]


@keras.saving.register_keras_serializable("mine")
class My(layers.Layer):
    def call(self, x):
        return x * 2


@keras.saving.register_keras_serializable("mine", "ReLU")
class ReLU(layers.Layer):
    def call(self, x):
        return x * x


def nameless():
    """A layer of the user's own class in a Sequential model, for which Keras writes no name."""
    model = keras.Sequential([fixed_input(), layers.Conv2D(2, 5, strides=4, name="out"), My(), layers.Conv2D(2, 1)])
    return model, ["out"], [SMALL]


def foreign():
    """A layer of the user's own class that has the name of one of Keras's."""
    i = fixed_input()
    x = layers.Conv2D(2, 5, strides=4, name="out")(i)
    return keras.Model(i, layers.Conv2D(2, 1, name="end")(ReLU(name="relu")(x))), ["out"], [SMALL]


CASES = {name: build for name, build in list(globals().items())
         if callable(build) and getattr(build, "__module__", "") == "__main__" and not isinstance(build, type)
         and name not in ("picture", "open_input", "fixed_input", "small", "nchw", "make", "describe", "main")}
BOTH = ("spectral", "nested_spectral", "nameless", "moves", "mask_first", "foreign")  # as .h5, too


OWN = "is none of Keras's, and the file does not hold its code"
REASONS = {"nameless": {"my": OWN}, "foreign": {"relu": OWN, "end": "it comes after relu"}}


def nchw(y, first):
    return y if first or y.ndim != 4 else y.transpose(0, 3, 1, 2)


def make(name, build, folder):
    keras.utils.set_random_seed(len(name))
    keras.backend.clear_session()
    model, outputs, sizes = build()
    for variable in model.weights:  # biases, too
        if variable.path.endswith(("kernel", "bias")):
            variable.assign(np.random.default_rng(len(variable.path)).normal(0, 0.3, variable.shape))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model.save(folder / "model.keras")
    checks = []
    first = name == "channels_first"
    heads = keras.Model(model.inputs, [model.get_layer(each).output for each in outputs])
    for h, w in sizes:
        x = picture(h, w)
        given = [x.transpose(0, 3, 1, 2) if first else x if i.shape[-1] == 3 else picture(h, w, 1) for i in model.inputs]
        values = heads(given if len(given) > 1 else given[0], training=False)
        for each, value in zip(outputs, values if isinstance(values, list) else [values]):
            np.save(folder / f"{each}.{w}x{h}.npy", nchw(np.asarray(value, np.float32), first))
            checks.append({"input": f"../inputs/{w}x{h}.npy", "layer": each, "output": f"{each}.{w}x{h}.npy",
                           "tolerance": 2e-5})
        (folder.parent / "inputs").mkdir(exist_ok=True)
        np.save(folder.parent / "inputs" / f"{w}x{h}.npy", x.transpose(0, 3, 1, 2))
    checks += [{"unsupported": layer, "reason": reason} for layer, reason in REASONS.get(name, {}).items()]
    describe(folder, build, "model.keras", checks)
    if name in BOTH:
        again = folder.parent / (name + "_h5")
        shutil.rmtree(again, ignore_errors=True)
        again.mkdir()
        model.save(again / "model.h5")
        for check in checks:
            if "output" in check:
                check["output"] = f"../{name}/" + check["output"]
        describe(again, build, "model.h5", checks)


def describe(folder, build, model, checks):
    case = {"about": build.__doc__, "model": model, "checks": checks}
    (folder / "case.json").write_text(json.dumps(case, indent=2) + "\n")


def main():
    out, *chosen = sys.argv[1:]
    for name in chosen or CASES:
        make(name, CASES[name], pathlib.Path(out) / name)
        print(name, flush=True)


if __name__ == "__main__":
    main()
