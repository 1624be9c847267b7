"""Nets whose input is not simply a float RGB picture, channels first, with onnxruntime's values: tests/cases/inputs.

    python tools/cases/inputs.py [NAME ...]        needs onnx, onnxruntime, numpy

Each case is a small convolution, "relu", behind what makes its input odd. Inputs are stored as (N,C,H,W) of floats, whatever
the model's own type and order are.
"""

import json
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from common import run_onnx, write_case

H, W = 16, 20
CASES = {}


def case(about, **told):
    """`told`: what case.json says besides the values: options, prepared, note."""

    def add(make):
        CASES[make.__name__] = (about, told, make)
        return make

    return add


class Net:
    def __init__(self, opset=17):
        self.random = np.random.RandomState(5)
        self.opset, self.nodes, self.initializers, self.inputs, self.count = opset, [], [], [], 0

    def constant(self, value, dtype=np.float32):
        self.count += 1
        self.initializers.append(numpy_helper.from_array(np.asarray(value, dtype), f"c{self.count}"))
        return f"c{self.count}"

    def input(self, name, shape, type=TensorProto.FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, type, shape))
        return name

    def op(self, kind, *inputs, name=None, outputs=1, **attributes):
        self.count += 1
        name = name or f"{kind.lower()}{self.count}"
        names = [name] + [f"{name}_{i}" for i in range(1, outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=name, **attributes))
        return name if outputs == 1 else names

    def tail(self, x, channels):
        weights = self.constant(self.random.randn(4, channels, 3, 3) * 0.3)
        return self.op("Relu", self.op("Conv", x, weights, pads=[1, 1, 1, 1], strides=[2, 2], name="conv"), name="relu")

    def model(self):
        graph = helper.make_graph(
            self.nodes,
            "net",
            self.inputs,
            [helper.make_tensor_value_info("relu", TensorProto.FLOAT, None)],
            self.initializers,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        return model


def picture(channels, high=1.0, whole=False):
    x = np.random.RandomState(9).rand(1, channels, H, W) * high
    return (np.floor(x) if whole else x).astype(np.float32)


def nhwc(x):
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1))


# ---- Channels ----


@case("Grey, channels first.", prepared="raw01")
def grey():
    n = Net()
    n.tail(n.input("x", [1, 1, H, W]), 1)
    x = picture(1)
    return n, x, {"x": x}


@case("Grey, channels last, all dimensions symbolic: the Transpose tells.", prepared="raw01")
def grey_nhwc():
    n = Net()
    n.tail(n.op("Transpose", n.input("x", ["a", "b", "c", "d"]), perm=[0, 3, 1, 2]), 1)
    x = picture(1)
    return n, x, {"x": nhwc(x)}


@case("Six channels of symbolic number: the convolution tells.")
def six():
    n = Net()
    n.tail(n.input("x", ["n", "c", "h", "w"]), 6)
    x = picture(6)
    return n, x, {"x": x}


@case("Two channels, last, after arithmetic.")
def two_nhwc():
    n = Net()
    y = n.op("Sub", n.input("x", ["n", H, W, 2]), n.constant([0.1, 0.2]))
    n.tail(n.op("Transpose", y, perm=[0, 3, 1, 2]), 2)
    x = picture(2)
    return n, x, {"x": nhwc(x)}


@case("Four channels of which three are a picture.", options={"rgb": [2, 1, 0]}, note="channels 2, 1, 0")
def four():
    n = Net()
    n.tail(n.input("x", [1, 4, H, W]), 4)
    x = picture(4)
    return n, x, {"x": x}


# ---- Shapes ----


@case("The input has no shape.")
def no_shape():
    n = Net()
    n.tail(n.input("x", None), 3)
    x = picture(3)
    return n, x, {"x": x}


@case("Open dimensions are -1, as some converters write them.")
def minus_one():
    n = Net()
    n.tail(n.input("x", [-1, 3, -1, -1]), 3)
    x = picture(3)
    return n, x, {"x": x}


@case("Without a batch, channels last.")
def hwc():
    n = Net(11)
    y = n.op("Unsqueeze", n.input("x", ["h", "w", "c"]), axes=[0])
    n.tail(n.op("Transpose", y, perm=[0, 3, 1, 2]), 3)
    x = picture(3)
    return n, x, {"x": nhwc(x)[0]}


@case("Without a batch and without channels: height and width alone.", prepared="raw01")
def hw():
    n = Net()
    n.tail(n.op("Unsqueeze", n.input("x", [H, W]), n.constant([0, 1], np.int64)), 1)
    x = picture(1)
    return n, x, {"x": x[0, 0]}


@case("Grey pictures without a dimension of channels.")
def nhw():
    n = Net()
    n.tail(n.op("Unsqueeze", n.input("x", ["n", H, W]), n.constant([1], np.int64)), 1)
    x = picture(1)
    return n, x, {"x": x[:, 0]}


# ---- More inputs ----


@case("A depth map before the RGB picture; the one does not need the other.", note="takes 'rgb'")
def depth_then_rgb():
    n = Net()
    n.input("depth", [1, 1, H, W])
    n.tail(n.input("rgb", [1, 3, H, W]), 3)
    n.op("Add", "relu", n.op("ReduceMean", "depth", keepdims=1, axes=[1, 2, 3]), name="both")
    x = picture(3)
    return n, x, {"rgb": x, "depth": picture(1)}, {"unsupported": "both", "reason": "comes after"}


@case("The user chooses the depth map.", options={"input_name": "depth"})
def depth_chosen():
    n = Net()
    n.input("rgb", [1, 3, H, W])
    n.tail(n.input("depth", [1, 1, H, W]), 1)
    n.op("Add", "relu", n.op("ReduceMean", "rgb", keepdims=1, axes=[1, 2, 3]), name="both")
    x = picture(1)
    return n, x, {"rgb": picture(3), "depth": x}


@case("A mask is 1, a temperature 1, a flag of training false, where nobody sets them.", note="'mask' is 1")
def usual_values():
    n = Net()
    n.input("mask", [1, 1, "h", "w"])
    n.input("training", [], TensorProto.BOOL)
    n.input("temperature", [1])
    y = n.op("Mul", n.input("x", [1, 3, "h", "w"]), "mask")
    y = n.op("Div", y, "temperature")
    n.tail(y, 3)
    x = picture(3)
    ones = np.ones((1, 1, H, W), np.float32)
    return n, x, {"x": x, "mask": ones, "training": np.array(False), "temperature": np.ones(1, np.float32)}


@case("Values that the user sets: a number, an array.", options={"set": [["alpha", "0.25"], ["bias", "bias.npy"]]})
def set_values():
    n = Net()
    n.input("alpha", [])
    n.input("bias", [1, "c", 1, 1])
    n.tail(n.op("Add", n.op("Mul", n.input("x", [1, 3, H, W]), "alpha"), "bias"), 3)
    x, bias = picture(3), np.array([0.1, -0.2, 0.3], np.float32).reshape(1, 3, 1, 1)
    return n, x, {"x": x, "alpha": np.array(0.25, np.float32), "bias": bias}, {"array": ("bias", bias)}


# ---- Types, and nets that prepare the picture themselves ----


@case("Bytes, channels last, a mean subtracted.", prepared="raw255", note="takes whole numbers")
def uint8_nhwc():
    n = Net()
    y = n.op("Cast", n.input("x", [1, H, W, 3], TensorProto.UINT8), to=TensorProto.FLOAT)
    y = n.op("Sub", y, n.constant([123.7, 116.3, 103.5]))
    n.tail(n.op("Transpose", y, perm=[0, 3, 1, 2]), 3)
    x = picture(3, 256, True)
    return n, x, {"x": nhwc(x).astype(np.uint8)}


@case("Bytes that become 32 bits, then floats: cast twice.", prepared="raw255")
def double_cast():
    n = Net()
    y = n.op("Cast", n.input("x", ["n", 3, "h", "w"], TensorProto.UINT8), to=TensorProto.INT32)
    y = n.op("Cast", n.op("Sub", y, n.constant(128, np.int32)), to=TensorProto.FLOAT)
    n.tail(n.op("Div", y, n.constant(64)), 3)
    x = picture(3, 256, True)
    return n, x, {"x": x.astype(np.uint8)}


@case("Signed bytes.", prepared="own", note="-128..127")
def int8():
    n = Net()
    y = n.op("Cast", n.input("x", [1, 3, H, W], TensorProto.INT8), to=TensorProto.FLOAT)
    n.tail(n.op("Mul", y, n.constant(1 / 64)), 3)
    x = picture(3, 256, True) - 128
    return n, x, {"x": x.astype(np.int8)}


@case("Doubles.")
def double():
    n = Net()
    y = n.op("Cast", n.input("x", [1, 3, H, W], TensorProto.DOUBLE), to=TensorProto.FLOAT)
    n.tail(y, 3)
    x = picture(3)
    return n, x, {"x": x.astype(np.float64)}


@case("-1..1 of 0..255, as tf2onnx writes a Rescaling: before the Transpose.", prepared="raw255", note="0..255 to -1..1")
def tf_scaling():
    n = Net()
    y = n.op("Add", n.op("Mul", n.input("x", ["n", H, W, 3]), n.constant(1 / 127.5)), n.constant(-1))
    n.tail(n.op("Transpose", y, perm=[0, 3, 1, 2]), 3)
    x = picture(3, 255)
    return n, x, {"x": nhwc(x)}


MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


@case("torch's normalization of 0..1.", prepared="raw01", note="0..1 to")
def torch_of_ones():
    n = Net()
    y = n.op("Sub", n.input("x", [1, 3, H, W]), n.constant(MEAN.reshape(1, 3, 1, 1)))
    n.tail(n.op("Div", y, n.constant(STD.reshape(3, 1, 1))), 3)
    x = picture(3)
    return n, x, {"x": x}


@case("torch's normalization of 0..255.", prepared="raw255", note="0..255 to")
def torch_of_bytes():
    n = Net()
    y = n.op("Div", n.input("x", [1, 3, H, W]), n.constant(255))
    y = n.op("Sub", y, n.constant(MEAN.reshape(1, 3, 1, 1)))
    n.tail(n.op("Div", y, n.constant(STD.reshape(1, 3, 1, 1))), 3)
    x = picture(3, 255)
    return n, x, {"x": x}


CAFFE = np.array([103.939, 116.779, 123.68]).reshape(1, 3, 1, 1)


@case("Caffe's way: channels reversed by a Gather, a mean subtracted.", prepared="raw255")
def caffe_gather():
    n = Net()
    y = n.op("Gather", n.input("x", [1, 3, H, W]), n.constant([2, 1, 0], np.int64), axis=1)
    n.tail(n.op("Sub", y, n.constant(CAFFE)), 3)
    x = picture(3, 255)
    return n, x, {"x": x}


@case("Caffe's way: channels reversed by a Split and a Concat.", prepared="raw255")
def caffe_split():
    n = Net()
    r, g, b = n.op("Split", n.input("x", [1, 3, H, W]), n.constant([1, 1, 1], np.int64), axis=1, outputs=3)
    y = n.op("Concat", b, g, r, axis=1)
    n.tail(n.op("Sub", y, n.constant(CAFFE)), 3)
    x = picture(3, 255)
    return n, x, {"x": x}


@case("Caffe's way: channels reversed by a Slice of step -1, channels last.", prepared="raw255")
def caffe_slice():
    n = Net()
    sides = [n.constant([v], np.int64) for v in (-1, -10, 3, -1)]
    y = n.op("Slice", n.input("x", [1, H, W, 3]), *sides)
    y = n.op("Sub", y, n.constant(CAFFE.ravel()))
    n.tail(n.op("Transpose", y, perm=[0, 3, 1, 2]), 3)
    x = picture(3, 255)
    return n, x, {"x": nhwc(x)}


@case("A batch normalization of 0..255 right on the input.", prepared="raw255")
def batch_normalization():
    n = Net()
    values = [[1, 1, 1], [0, 0, 0], [123, 117, 104], [3300, 3200, 3250]]
    n.tail(n.op("BatchNormalization", n.input("x", [1, 3, H, W]), *[n.constant(v) for v in values]), 3)
    x = picture(3, 255)
    return n, x, {"x": x}


@case("Scales of another library's normalization say nothing of the range.", prepared="torch", note="does not say")
def transform_input():
    n = Net()
    y = n.input("x", [1, 3, H, W])
    parts = []
    for c, (m, s) in enumerate(zip(MEAN, STD)):
        part = n.op("Gather", y, n.constant([c], np.int64), axis=1)
        part = n.op("Mul", part, n.constant(s / 0.5))
        parts.append(n.op("Add", part, n.constant((m - 0.5) / 0.5)))
    n.tail(n.op("Concat", *parts, axis=1), 3)
    x = picture(3)
    return n, x, {"x": x}


@case("0..1 to 0..255 at the head.", prepared="raw01", note="0..1 to 0..255")
def to_bytes():
    n = Net()
    n.tail(n.op("Mul", n.input("x", [1, 3, H, W]), n.constant(255)), 3)
    x = picture(3)
    return n, x, {"x": x}


@case("Grey bytes.", prepared="raw255")
def grey_bytes():
    n = Net()
    n.tail(n.op("Mul", n.input("x", [1, 1, H, W]), n.constant(1 / 255)), 1)
    x = picture(1, 255)
    return n, x, {"x": x}


@case("Bytes that are divided as whole numbers: not what floats give.")
def whole_division():
    n = Net()
    y = n.op("Div", n.input("x", [1, 3, H, W], TensorProto.UINT8), n.constant(3, np.uint8))
    n.tail(n.op("Cast", y, to=TensorProto.FLOAT), 3)
    return n, None, None, {"refused": "op 'Div': computes with whole numbers"}


def main():
    for name in sys.argv[1:] or CASES:
        about, told, make = CASES[name]
        net, x, feed, *more = make()
        more = more[0] if more else {}
        model = net.model()
        checks, arrays = [], {}
        if feed is not None:
            arrays = {"x": x, "relu": run_onnx(model, feed)["relu"]}
            checks.append({"input": "x.npy", "layer": "relu", "output": "relu.npy", "tolerance": 2e-6})
        if "array" in more:
            key, value = more.pop("array")
            arrays[key] = value
        if more:
            checks.append(more)
        told_checks = {key: told[key] for key in ("prepared", "note") if key in told}
        if told_checks:
            checks.append(told_checks)
        folder = write_case("inputs", name, about, model, arrays, checks)
        if "options" in told:
            text = json.loads((folder / "case.json").read_text())
            text["options"] = told["options"]
            (folder / "case.json").write_text(json.dumps(text, indent=2) + "\n")


if __name__ == "__main__":
    main()
