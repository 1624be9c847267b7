#!/usr/bin/env python3
"""Cases of tests/cases/quantized: nets that onnxruntime has quantized. Values are onnxruntime's; gradients are torch's in
float64, with the rounding passed over and the ranges kept.

    tools/cases/quantized.py      # needs onnx, onnxruntime, torch
"""
import logging
import pathlib
import tempfile

import numpy as np
import onnx
import torch
from common import run_onnx, write_case
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from torch import nn
from views import X, export

FAMILY = "quantized"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 1, 1, groups=8)
        self.c, self.f = nn.Conv2d(8, 8, 1), nn.Linear(16, 5)

    def forward(self, x):
        x = torch.relu(self.a(x))
        x = nn.functional.max_pool2d(x + nn.functional.relu6(self.b(x)), 2)
        y = x * torch.sigmoid(self.c(x.mean((2, 3), keepdim=True)))
        x = torch.cat([x, nn.functional.leaky_relu(self.c(y), 0.1)], 1)
        return self.f(nn.functional.avg_pool2d(x, 2).mean((2, 3)))


class Samples(CalibrationDataReader):
    def __init__(self):
        random = np.random.RandomState(3)
        self.left = [{"x": random.randn(*X.shape).astype(np.float32)} for _ in range(8)]

    def get_next(self):
        return self.left.pop() if self.left else None


class Rounded(torch.autograd.Function):
    @staticmethod
    def forward(_, x):
        return x.round()

    @staticmethod
    def backward(_, gradient):
        return gradient


def gradient(made, out):
    """Of one value of the output of a net with Quantize/Dequantize pairs, in float64."""
    known = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in made.graph.initializer}
    types = {each.name: each.data_type for each in made.graph.initializer}
    x = torch.from_numpy(X).double().requires_grad_()
    known["x"] = x

    def steps(node, value):
        scale, zero = known[node.input[1]].double(), known[node.input[2]].double()
        axis = next((each.i for each in node.attribute if each.name == "axis"), 1)
        shape = [-1 if i == axis else 1 for i in range(value.dim())] if scale.numel() > 1 else []
        return scale.reshape(shape), zero.reshape(shape) if zero.numel() > 1 else zero.reshape([])

    for node in made.graph.node:
        a = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        v = [known[name] for name in node.input if name]
        if node.op_type == "Constant":
            y = torch.from_numpy(numpy_helper.to_array(a["value"]).copy())
        elif node.op_type == "QuantizeLinear":
            low, high = {2: (0, 255), 3: (-128, 127)}[types[node.input[2]]]
            scale, zero = steps(node, v[0])
            y = Rounded.apply(v[0] / scale) + zero
            y = torch.where((y > low) & (y < high), y, y.detach().clamp(low, high))
        elif node.op_type == "DequantizeLinear":
            scale, zero = steps(node, v[0])
            y = (v[0].double() - zero) * scale
        elif node.op_type == "Conv":
            p = a.get("pads", [0, 0, 0, 0])
            y = nn.functional.conv2d(*v, stride=a.get("strides", [1, 1]), padding=p[:2], groups=a.get("group", 1))
        elif node.op_type == "Gemm":
            y = v[0] @ v[1].T + v[2]
        elif node.op_type == "MaxPool":
            y = nn.functional.max_pool2d(v[0], a["kernel_shape"], a["strides"])
        elif node.op_type == "AveragePool":
            y = nn.functional.avg_pool2d(v[0], a["kernel_shape"], a["strides"])
        elif node.op_type == "ReduceMean":
            y = v[0].mean(a["axes"], keepdim=bool(a.get("keepdims", 1)))
        elif node.op_type == "Concat":
            y = torch.cat(v, a["axis"])
        elif node.op_type == "LeakyRelu":
            y = nn.functional.leaky_relu(v[0], a["alpha"])
        else:
            y = {"Add": torch.add, "Mul": torch.mul, "Sigmoid": torch.sigmoid, "Relu": torch.relu}[node.op_type](*v)
        known[node.output[0]] = y
    known[made.graph.output[0].name][0, out].backward()
    return x.grad.float().numpy()


def main():
    logging.disable(logging.WARNING)
    torch.manual_seed(4)
    plain = export(Net().eval(), 13)
    u8, i8, u16 = QuantType.QUInt8, QuantType.QInt8, QuantType.QUInt16
    static = [
        ("qdq-uint8", "Pairs around every op, uint8, weights int8.", QuantFormat.QDQ, False, u8, i8, {}),
        ("qdq-int8-per-channel", "Pairs, int8, a scale for each channel of the weights.", QuantFormat.QDQ, True, i8, i8, {}),
        ("qdq-uint8-weights", "Pairs, weights uint8 with a zero point.", QuantFormat.QDQ, True, u8, u8, {}),
        ("qdq-uint16", "Pairs of com.microsoft, uint16.", QuantFormat.QDQ, True, u16, i8, {"UseQDQContribOps": True}),
        ("qoperator-uint8", "QLinearConv and its like, uint8.", QuantFormat.QOperator, False, u8, u8, {}),
        ("qoperator-per-channel", "QLinearConv and its like, int8, by channel.", QuantFormat.QOperator, True, i8, i8, {}),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path, to = pathlib.Path(folder) / "plain.onnx", pathlib.Path(folder) / "quantized.onnx"
        onnx.save(plain, path)

        def write(name, about, tolerance, with_gradient=False):
            made = onnx.load(to)
            checks = [{"input": "x.npy", "layer": "y", "output": "y.npy", "tolerance": tolerance}]
            arrays = {"x": X, "y": run_onnx(made, {"x": X})["y"]}
            if with_gradient:
                arrays["g"] = gradient(made, 3)
                checks.append({"input": "x.npy", "objective": "y:3", "gradient": "g.npy", "tolerance": 0.05})
            write_case(FAMILY, name, about, made, arrays, checks)

        for name, about, form, channels, activations, weights, more in static:
            quantize_static(
                path,
                to,
                Samples(),
                quant_format=form,
                per_channel=channels,
                activation_type=activations,
                weight_type=weights,
                extra_options=more,
            )
            write(name, about, 0.02, form == QuantFormat.QDQ and not more)
        for weights in (u8, i8):
            quantize_dynamic(path, to, weight_type=weights, per_channel=weights == i8, op_types_to_quantize=["Conv", "Gemm"])
            kind = "uint8" if weights == u8 else "int8"
            write(f"dynamic-{kind}", f"Activations quantized by their own range: ConvInteger, weights {kind}.", 0.02)


if __name__ == "__main__":
    main()
