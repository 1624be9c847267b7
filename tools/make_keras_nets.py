#!/usr/bin/env python3
"""Makes nets of keras.applications with random weights, and what Keras itself computes with them in float64.

    python3 -m venv VENV && VENV/bin/pip install keras tensorflow-cpu
    VENV/bin/python tools/make_keras_nets.py --out DIR [NET ...]      (no NET: all of them)

Each net becomes a folder: model.keras, model.h5 (nets up to --h5-limit million parameters), input.npy (NCHW float32,
as the net takes it), act.<layer>.npy (NCHW), grad.<layer>.<channel>.npy (of the channel's mean) and meta.json.
The weights are random, but every batch normalization's statistics are those of some pictures, so that activations
have the scale of a trained net's. meta.json also tells how far Keras's own float32 is from its float64: what rounding
costs. Compared with Convscope by tools/compare_nets.py. With --keras2, tf_keras (from PyPI) writes them as Keras 2 did;
the folders then end in "-keras2".
"""
import argparse
import inspect
import json
import os
import pathlib
import sys
import zlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

if "--keras2" in sys.argv:
    import tf_keras as keras  # noqa: E402
else:
    import keras  # noqa: E402

SIZES = {"NASNetLarge": 128, "InceptionResNetV2": 128, "InceptionV3": 128}
USUAL_SIZE = 96
CALIBRATION = 8  # pictures: the last maps have but 3x3 pixels each, too few for a variance
IN_NET = ("EfficientNet", "ConvNeXt", "MobileNetV3")  # they prepare 0..255 themselves


def applications():
    found = inspect.getmembers(keras.applications, inspect.isfunction)
    return sorted(name for name, function in found if "include_top" in inspect.signature(function).parameters)


def build(name, size):
    keras.backend.clear_session()
    return getattr(keras.applications, name)(weights=None, classes=10, input_shape=(size, size, 3))


def leaves(model):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from leaves(layer)
        else:
            yield layer


def pictures(count, size, draw):
    """Smooth and rough at once, about -2..2: (count, size, size, 3)."""
    noise = draw.normal(size=(count, size, size, 3))
    spectrum = np.fft.fft2(noise, axes=(1, 2))
    f = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)[None, :])
    smooth = np.fft.ifft2(spectrum / np.maximum(f, 1 / size)[None, :, :, None], axes=(1, 2)).real
    return 0.7 * smooth / smooth.std() + 0.3 * noise


def randomize(model, images, draw):
    rates = {}  # no dropout meanwhile: a branch left out has other statistics than the whole
    for layer in leaves(model):
        if isinstance(layer, keras.layers.Dropout):
            rates[layer] = layer.rate
            layer.rate = 0
        for variable in layer.weights:
            kind = getattr(variable, "path", variable.name).split("/")[-1].split(":")[0]
            if kind == "gamma":
                variable.assign(draw.uniform(0.7, 1.3, variable.shape))
            elif kind in ("beta", "bias"):
                variable.assign(draw.normal(0, 0.1, variable.shape))
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    model(tf.constant(images, tf.float32), training=True)
    for layer in leaves(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.99
        elif layer in rates:
            layer.rate = rates[layer]


def chosen_layers(model):
    """Four layers on the way, the last one, and two of them to differentiate at, with a channel."""
    maps = [layer for layer in model.layers if not isinstance(layer.output, list) and len(layer.output.shape) == 4]
    acts = [maps[int(len(maps) * part)] for part in (0.05, 0.35, 0.7, 0.999)] + [model.layers[-1]]
    grads = [(maps[int(len(maps) * part)], 3) for part in (0.5, 0.98)]
    return acts, grads


def results(model, image, number):
    """What chosen_layers() give, and their gradients, as lists of float64 arrays; and the objectives' values."""
    acts, grads = chosen_layers(model)
    heads = keras.Model(model.input, [layer.output for layer in acts] + [layer.output for layer, _ in grads])
    x = tf.constant(image, number)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        outputs = heads(x, training=False)
        means = [tf.reduce_mean(y[..., channel]) for y, (_, channel) in zip(outputs[len(acts):], grads)]
    gradients = [tape.gradient(mean, x) for mean in means]
    return [[np.asarray(y, np.float64) for y in ys] for ys in (outputs[:len(acts)], gradients, means)]


def relative_l2(got, expected):
    return float(max(np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in zip(got, expected)))


def nchw(x):
    return (x.transpose(0, 3, 1, 2) if x.ndim == 4 else x).astype(np.float32)


def make(name, out, h5_limit):
    size = SIZES.get(name, USUAL_SIZE)
    draw = np.random.default_rng(zlib.crc32(name.encode()))
    images = pictures(CALIBRATION, size, draw)
    images = np.clip(127 + 50 * images, 0, 255) if name.startswith(IN_NET) else images
    images = images.astype(np.float32)
    image = images[:1]

    keras.backend.set_floatx("float32")
    keras.utils.set_random_seed(1)
    model = build(name, size)
    randomize(model, images, draw)
    folder = out / (name + ("-keras2" if "--keras2" in sys.argv else ""))
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.keras")
    if model.count_params() <= h5_limit * 1e6:
        model.save(folder / "model.h5")
    rounded = results(model, image, tf.float32)
    weights = model.get_weights()
    parameters = model.count_params()

    keras.backend.set_floatx("float64")
    model = build(name, size)
    model.set_weights(weights)
    del weights
    acts, grads = chosen_layers(model)
    outputs, gradients, means = results(model, image, tf.float64)
    np.save(folder / "input.npy", nchw(image))
    meta = {"keras": keras.__version__, "application": name, "size": size, "parameters": parameters, "acts": [],
            "gradients": [], "float32": {"activations": relative_l2(rounded[0], outputs),
                                         "gradients": relative_l2(rounded[1], gradients)}}
    for layer, y in zip(acts, outputs):
        np.save(folder / f"act.{layer.name}.npy", nchw(y))
        meta["acts"].append({"layer": layer.name, "std": float(np.std(y))})
    for mean, gradient, (layer, channel) in zip(means, gradients, grads):
        np.save(folder / f"grad.{layer.name}.{channel}.npy", nchw(gradient))
        meta["gradients"].append({"layer": layer.name, "channel": channel, "value": float(mean),
                                  "l2": float(np.linalg.norm(gradient))})
    (folder / "meta.json").write_text(json.dumps(meta, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--h5-limit", type=float, default=50, metavar="MILLIONS")
    parser.add_argument("--list", action="store_true", help="only print the nets' names")
    parser.add_argument("--keras2", action="store_true", help="with tf_keras instead of keras")
    parser.add_argument("nets", nargs="*")
    options = parser.parse_args()
    names = options.nets or applications()
    if options.list:
        print("\n".join(names))
        return
    for name in names:
        make(name, options.out, options.h5_limit)
        print(name, flush=True)


if __name__ == "__main__":
    main()
