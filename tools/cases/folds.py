"""Nets whose weights, tables and masks are computed from constants, with onnxruntime's values: tests/cases/folds.

    python tools/cases/folds.py [NAME ...]        needs onnx, onnxruntime, numpy
"""

import sys

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from common import run_onnx, write_case

CASES = {}


class Net:
    """A graph under construction: ops return the names of their outputs."""

    def __init__(self, name, opset=17):
        self.random = np.random.RandomState(sum(map(ord, name)))
        self.opset, self.nodes, self.initializers, self.count = opset, [], [], 0

    def constant(self, value, name=None):
        self.count += 1
        name = name or f"constant{self.count}"
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def weights(self, *shape, scale=0.5):
        return self.constant((self.random.randn(*shape) * scale).astype(np.float32))

    def op(self, kind, *inputs, name=None, outputs=1, **attributes):
        self.count += 1
        name = name or f"{kind.lower()}{self.count}"
        names = [name] + [f"{name}_{i}" for i in range(1, outputs)]
        inputs = [self.constant(i) if isinstance(i, (np.ndarray, np.generic)) else i for i in inputs]
        self.nodes.append(helper.make_node(kind, inputs, names, name=name, **attributes))
        return name if outputs == 1 else names

    def conv(self, x, weights, *bias, **attributes):
        return self.op("Conv", x, weights, *bias, **attributes)

    def shown(self, x, name="relu1"):
        return self.op("Relu", x, name=name)


def case(function):
    CASES[function.__name__] = function
    return function


def ints(*values):
    return np.array(values, np.int64)


def floats(*values):
    return np.array(values, np.float32)


@case
def weight_standardization(n):
    """(w - mean) / std * gain, spelled out, as exported by nets of the NFNet and BiT families."""
    w = n.weights(6, 3, 3, 3)
    mean = n.op("ReduceMean", w, axes=[1, 2, 3], keepdims=1)
    centred = n.op("Sub", w, mean)
    variance = n.op("ReduceMean", n.op("Mul", centred, centred), axes=[1, 2, 3], keepdims=1)
    standard = n.op("Div", centred, n.op("Sqrt", n.op("Add", variance, np.float32(1e-5))))
    scaled = n.op("Mul", standard, n.weights(6, 1, 1, 1))
    return n.shown(n.conv("x", scaled, pads=[1, 1, 1, 1]))


@case
def weight_standardization_by_batch_normalization(n):
    """The same by BatchNormalization in training mode over the reshaped weights (timm's ScaledStdConv2d)."""
    n.opset = 12
    flat = n.op("Reshape", n.weights(6, 3, 3, 3), ints(1, 6, -1))
    standard = n.op("BatchNormalization", flat, n.weights(6), np.zeros(6, np.float32), np.zeros(6, np.float32),
                    np.ones(6, np.float32), outputs=5, epsilon=1e-6)[0]
    return n.shown(n.conv("x", n.op("Reshape", standard, ints(6, 3, 3, 3)), n.weights(6)))


@case
def spectral_normalization(n):
    """w / sigma by two steps of power iteration."""
    w = n.weights(5, 3, 3, 3)
    matrix = n.op("Reshape", w, ints(5, -1))
    u = n.weights(5)
    for _ in range(2):
        v = n.op("MatMul", n.op("Transpose", matrix, perm=[1, 0]), u)
        v = n.op("Div", v, n.op("Max", n.op("ReduceL2", v, keepdims=1), np.float32(1e-12)))
        u = n.op("MatMul", matrix, v)
        u = n.op("Div", u, n.op("Max", n.op("ReduceL2", u, keepdims=1), np.float32(1e-12)))
    sigma = n.op("MatMul", u, n.op("MatMul", matrix, v))
    return n.shown(n.conv("x", n.op("Div", w, sigma)))


@case
def weight_normalization(n):
    """g * v / |v| (torch's weight_norm)."""
    v = n.weights(4, 3, 3, 3)
    norm = n.op("ReduceL2", v, axes=[1, 2, 3], keepdims=1)
    return n.shown(n.conv("x", n.op("Mul", n.weights(4, 1, 1, 1), n.op("Div", v, norm)), strides=[2, 2]))


@case
def int8_weights_per_channel(n):
    """Weights of int8 and biases of int32, each channel with its own scale."""
    w = n.constant(n.random.randint(-128, 128, (6, 3, 3, 3)).astype(np.int8))
    scale = (n.random.rand(6) * 0.01 + 0.002).astype(np.float32)
    bias = n.constant(n.random.randint(-2000, 2000, 6).astype(np.int32))
    w = n.op("DequantizeLinear", w, scale, n.random.randint(-3, 4, 6).astype(np.int8), axis=0)
    bias = n.op("DequantizeLinear", bias, (scale * 0.02).astype(np.float32), np.zeros(6, np.int32), axis=0)
    return n.shown(n.conv("x", w, bias, pads=[1, 1, 1, 1]))


@case
def uint8_weights_one_scale(n):
    """Weights of uint8 with one scale and one zero point."""
    w = n.constant(n.random.randint(0, 256, (4, 3, 2, 2)).astype(np.uint8))
    return n.shown(n.conv("x", n.op("DequantizeLinear", w, np.float32(0.01), np.uint8(121))))


@case
def int4_weights_in_blocks(n):
    """Two weights to a byte, a scale for each 4 of them (opset 21)."""
    n.opset = 21
    values = n.random.randint(-8, 8, (8, 6))
    n.initializers.append(helper.make_tensor("w4", TensorProto.INT4, [8, 6], values.flatten().tolist()))
    scale = n.constant((n.random.rand(2, 6) * 0.2 + 0.05).astype(np.float32))
    dense = n.op("DequantizeLinear", "w4", scale, axis=0, block_size=4)
    y = n.conv("x", n.weights(8, 3, 1, 1))
    last = n.op("Transpose", y, perm=[0, 2, 3, 1])
    return n.shown(n.op("Transpose", n.op("MatMul", last, dense), perm=[0, 3, 1, 2]))


@case
def half_precision_weights(n):
    """Weights stored in float16. (Onnxruntime computes with float16 in float32 on CPUs: no more of it here.)"""
    w = n.op("Cast", n.constant(n.random.randn(4, 3, 3, 3).astype(np.float16)), to=TensorProto.FLOAT)
    return n.shown(n.conv("x", n.op("Sub", w, np.float32(0.01))))


@case
def rounded_weights(n):
    """Fake quantization of weights: QuantizeLinear, then DequantizeLinear."""
    w = n.weights(5, 3, 3, 3)
    scale, zero = (n.random.rand(5) * 0.02 + 0.01).astype(np.float32), np.zeros(5, np.int8)
    q = n.op("QuantizeLinear", w, scale, zero, axis=0)
    return n.shown(n.conv("x", n.op("DequantizeLinear", q, scale, zero, axis=0)))


@case
def merged_convolutions(n):
    """A 1x1 and a 3x3 kernel merged by a Conv of constants, as structural reparametrization does."""
    first = n.weights(4, 3, 1, 1)
    second = n.weights(5, 4, 3, 3)
    merged = n.conv(second, n.op("Transpose", first, perm=[1, 0, 2, 3]))
    padded = n.op("Pad", n.weights(5, 3, 1, 1), ints(0, 0, 1, 1, 0, 0, 1, 1))
    return n.shown(n.conv("x", n.op("Add", merged, padded), pads=[1, 1, 1, 1]))


@case
def generated_from_a_constant(n):
    """A constant picture through its own convolutions and a transposed one, added to the map (StyleGAN's constant)."""
    table = n.conv(n.weights(1, 4, 12, 10), n.weights(6, 2, 3, 3), n.weights(6), group=2, pads=[1, 1, 1, 1])
    table = n.op("ConvTranspose", n.op("LeakyRelu", table, alpha=0.2), n.weights(6, 4, 2, 2), n.weights(4),
                 strides=[2, 2], output_padding=[0, 0])
    table = n.op("InstanceNormalization", table, n.weights(4), n.weights(4))
    return n.shown(n.op("Add", n.conv("x", n.weights(4, 3, 1, 1), pads=[0, 0, 0, 0]), table))


@case
def position_by_gemm(n):
    """A table of positions through a Gemm and a Softmax, added to the map."""
    table = n.op("Gemm", n.weights(7, 20), n.weights(4, 7), n.weights(4), transA=1, transB=1, alpha=0.7, beta=1.3)
    table = n.op("Softmax", table, axis=-1)
    table = n.op("Unsqueeze", n.op("Transpose", table, perm=[1, 0]), ints(0, 2))
    return n.shown(n.op("Add", n.conv("x", n.weights(4, 3, 1, 1)), table))


@case
def relative_position_by_einsum(n):
    """Relative positions: an Einsum of two tables, a mask by Trilu, a lookup by GatherND."""
    bias = n.op("Einsum", n.weights(24, 6), n.weights(4, 20, 6), equation="hd,cwd->chw")
    causal = n.op("Trilu", bias, np.int64(-2), upper=0)
    index = np.stack(np.meshgrid(np.arange(4), np.arange(24)[::-1], indexing="ij"), -1).astype(np.int64)
    rows = n.op("GatherND", causal, n.constant(index))
    return n.shown(n.op("Add", n.conv("x", n.weights(4, 3, 1, 1)), n.op("Unsqueeze", rows, ints(0))))


@case
def sine_positions(n):
    """DETR's positions: CumSum of ones, sines and cosines of it, even and odd channels interleaved."""
    ones = n.op("ConstantOfShape", ints(1, 24, 20), value=helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0]))
    parts = []
    for axis in (1, 2):
        sum_ = n.op("CumSum", ones, np.int64(axis))
        last = n.op("Slice", sum_, ints(-1), ints(np.iinfo(np.int64).max), ints(axis))
        angle = n.op("Mul", n.op("Div", sum_, n.op("Add", last, np.float32(1e-6))), np.float32(2 * np.pi))
        step = n.op("Cast", n.op("Range", np.int64(0), np.int64(4), np.int64(1)), to=TensorProto.FLOAT)
        half = n.op("Floor", n.op("Div", step, np.float32(2)))
        period = n.op("Pow", np.float32(10000), n.op("Div", n.op("Mul", half, np.float32(2)), np.float32(4)))
        angle = n.op("Div", n.op("Unsqueeze", angle, ints(-1)), period)
        even = n.op("Slice", angle, ints(0), ints(99), ints(3), ints(2))
        odd = n.op("Slice", angle, ints(1), ints(99), ints(3), ints(2))
        pair = n.op("Concat", n.op("Unsqueeze", n.op("Sin", even), ints(-1)),
                    n.op("Unsqueeze", n.op("Cos", odd), ints(-1)), axis=-1)
        parts.append(n.op("Reshape", pair, ints(1, 24, 20, 4)))
    table = n.op("Transpose", n.op("Concat", *parts, axis=3), perm=[0, 3, 1, 2])
    return n.shown(n.op("Add", n.conv("x", n.weights(8, 3, 1, 1)), table))


@case
def classes_by_one_hot(n):
    """A table of classes by OneHot of ArgMax, and the best channels by TopK."""
    scores = n.weights(6, 3)
    chosen = n.op("ArgMax", scores, axis=1, keepdims=0)
    hot = n.op("OneHot", chosen, np.int64(3), floats(-0.5, 1.5), axis=-1)
    kernel = n.op("Reshape", n.op("Mul", hot, scores), ints(6, 3, 1, 1))
    y = n.conv("x", kernel)
    best = n.op("TopK", n.op("ReduceSum", scores, ints(1), keepdims=0), ints(4), axis=0, outputs=2)[1]
    return n.shown(n.op("Gather", y, best, axis=1))


@case
def kernel_by_scatter(n):
    """Kernels that are put together: EyeLike, ScatterND, ScatterElements, GatherElements."""
    eye = n.op("EyeLike", n.constant(np.zeros((5, 3), np.float32)), k=0)
    put = n.op("ScatterND", eye, n.constant(np.array([[4, 1], [3, 0]], np.int64)), floats(0.7, -0.4))
    put = n.op("ScatterElements", put, n.constant(np.array([[2, 0, 1]], np.int64)), n.weights(1, 3), axis=0)
    turned = n.op("GatherElements", put, n.constant(n.random.randint(0, 5, (5, 3)).astype(np.int64)), axis=0)
    return n.shown(n.conv("x", n.op("Reshape", n.op("Add", put, turned), ints(5, 3, 1, 1))))


@case
def gaussian_kernel(n):
    """A blur whose kernel is computed: Range, Exp, an outer product, an Expand over channels."""
    steps = n.op("Sub", n.op("Range", np.float32(0), np.float32(5), np.float32(1)), np.float32(2))
    line = n.op("Exp", n.op("Neg", n.op("Div", n.op("Pow", steps, np.float32(2)), np.float32(3))))
    line = n.op("Div", line, n.op("ReduceSum", line, keepdims=1))
    square = n.op("MatMul", n.op("Unsqueeze", line, ints(1)), n.op("Unsqueeze", line, ints(0)))
    kernel = n.op("Expand", n.op("Unsqueeze", square, ints(0, 1)), ints(3, 1, 5, 5))
    return n.shown(n.conv("x", kernel, group=3, pads=[2, 2, 2, 2]))


@case
def resized_positions(n):
    """A table of positions for another size, brought to the map's by Resize."""
    table = n.op("Resize", n.weights(1, 4, 6, 5), "", floats(1, 1, 4, 4), mode="linear")
    other = n.op("Resize", n.weights(1, 4, 7, 7), "", "", ints(1, 4, 24, 20), mode="cubic",
                 coordinate_transformation_mode="align_corners")
    return n.shown(n.op("Add", n.op("Add", n.conv("x", n.weights(4, 3, 1, 1)), table), other))


@case
def pooled_tables(n):
    """Tables by pools, layer normalization and GELU."""
    table = n.op("AveragePool", n.weights(1, 4, 48, 40), kernel_shape=[2, 2], strides=[2, 2])
    gate = n.op("GlobalMaxPool", n.op("MaxPool", n.weights(1, 4, 9, 9), kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
    table = n.op("LayerNormalization", table, n.weights(20), n.weights(20), axis=-1)
    gate = n.op("HardSigmoid", n.op("Erf", gate))
    return n.shown(n.op("Add", n.op("Mul", n.conv("x", n.weights(4, 3, 1, 1)), gate), table))


@case
def dynamic_kernel_of_a_constant(n):
    """A hypernetwork's kernel: a Gemm of a constant code, normalized."""
    code = n.op("Tanh", n.weights(1, 8))
    kernel = n.op("Reshape", n.op("Gemm", code, n.weights(8, 4 * 27), n.weights(4 * 27)), ints(4, 3, 3, 3))
    kernel = n.op("LpNormalization", n.op("Reshape", kernel, ints(4, 27)), axis=1, p=2)
    return n.shown(n.conv("x", n.op("Reshape", kernel, ints(4, 3, 3, 3)), auto_pad="SAME_UPPER"))


@case
def masked_by_comparisons(n):
    """A mask of comparisons, Where, And, Not, Mod, BitShift, as pixel permutations of PixelCNN's kernels are."""
    index = n.op("Range", np.int64(0), np.int64(9), np.int64(1))
    odd = n.op("Equal", n.op("Mod", index, np.int64(2)), np.int64(1))
    before = n.op("Less", index, np.int64(5))
    mask = n.op("Or", n.op("And", before, n.op("Not", odd)), n.op("Greater", index, np.int64(7)))
    weights = n.op("Where", n.op("Reshape", mask, ints(1, 1, 3, 3)), n.weights(4, 3, 3, 3), np.float32(0))
    return n.shown(n.conv("x", weights, pads=[1, 1, 1, 1]))


@case
def batch_normalization_that_trains(n):
    """Before opset 14 five outputs say that a batch normalization is in training mode: it is refused."""
    n.opset = 9
    y = n.conv("x", n.weights(4, 3, 3, 3), name="conv")
    parameters = [n.weights(4), n.weights(4), n.weights(4), np.ones(4, np.float32)]
    return n.shown(n.op("BatchNormalization", y, *parameters, outputs=5, name="bn")[0])


REFUSED = {"batch_normalization_that_trains": [{"unsupported": "bn", "reason": "normalizes as in training"}]}


def build(name):
    net = Net(name)
    shown = CASES[name](net)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 24, 20])
    output = helper.make_tensor_value_info(shown, TensorProto.FLOAT, list("nchw"))
    graph = helper.make_graph(net.nodes, name, [x], [output], net.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", net.opset)], ir_version=10)
    checker.check_model(model)
    about = CASES[name].__doc__
    if name in REFUSED:
        write_case("folds", name, about, model, {}, REFUSED[name])
        return
    image = np.random.RandomState(1).randn(1, 3, 24, 20).astype(np.float32)
    values = run_onnx(model, {"x": image})[shown]
    check = {"input": "x.npy", "layer": shown, "output": "y.npy", "tolerance": 1e-6}
    write_case("folds", name, about, model, {"x": image, "y": values}, [check])


if __name__ == "__main__":
    for each in sys.argv[1:] or CASES:
        build(each)
