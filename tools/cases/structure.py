#!/usr/bin/env python3
"""Cases of tests/cases/structure: functions of the file, If, what onnxruntime's optimizer writes, odd nodes. Values are
onnxruntime's, gradients torch's in float64 (views.py has the views of five dimensions).

    tools/cases/structure.py      # needs onnx, onnxruntime, torch
"""
import pathlib
import tempfile

import numpy as np
import onnx
import onnxruntime
import torch
from common import run_onnx, write_case
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from views import X, export, gradient

FAMILY = "structure"
random = np.random.RandomState(1)


def weights(name, *dims):
    return numpy_helper.from_array((random.randn(*dims) * 0.3).astype(np.float32), name)


def constant(name, value):
    return numpy_helper.from_array(np.array(value), name)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def value(name, dims=None):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)


def model(nodes, initializers=(), outputs=("y",), functions=(), opset=17, dims=(1, 3, 24, 20), domains=()):
    graph = helper.make_graph(nodes, "net", [value("x", dims)], [value(name) for name in outputs], initializers)
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(domain, 1) for domain in domains]
    made = helper.make_model(graph, opset_imports=imports, functions=functions)
    made.ir_version = 9
    return made


def write(name, about, made, layers=("y",)):
    values = run_onnx(made, {"x": X})
    checks = [{"input": "x.npy", "layer": layer, "output": f"{layer}.npy", "tolerance": 1e-5} for layer in layers]
    write_case(FAMILY, name, about, made, {"x": X} | {layer: values[layer] for layer in layers}, checks)


def functions():
    def taking(made, attribute, name, kind):
        made.attribute.append(onnx.AttributeProto(name=attribute, ref_attr_name=name, type=kind))
        return made

    act = taking(node("LeakyRelu", "c", "y"), "alpha", "slope", onnx.AttributeProto.FLOAT)
    conv = taking(node("Conv", "x w b", "c", name="conv"), "strides", "strides", onnx.AttributeProto.INTS)
    base = [helper.make_opsetid("", 17)]
    conv_act = helper.make_function("own", "conv_act", ["x", "w", "b"], ["y"], [conv, act], base, ["slope", "strides"])
    block = helper.make_function(
        "own",
        "block",
        ["x", "w0", "w1", "b"],
        ["c", "a"],
        [
            node("conv_act", "x w0", "a", domain="own", name="first", slope=0.3, strides=[2, 2]),
            node("conv_act", "a w1 b", "c", domain="own", name="second", strides=[1, 1]),
        ],
        base + [helper.make_opsetid("own", 1)],
    )
    made = model(
        [
            node("block", "x w0 w1 b", "c a", domain="own", name="block1"),
            node("Sigmoid", "c", "s"),
            node("GlobalAveragePool", "s", "y"),
        ],
        [weights("w0", 6, 3, 3, 3), weights("w1", 4, 6, 3, 3), weights("b", 4)],
        ("y", "c", "a"),
        [conv_act, block],
        domains=("own",),
    )
    write("functions", "Functions that call functions, with attributes of the call, and an input left out.", made, ("y", "c", "a"))

    old = helper.make_function(
        "own",
        "pooled",
        ["x"],
        ["y"],
        [node("ReduceMean", "x", "m", axes=[2, 3], keepdims=1), node("Squeeze", "m", "y", axes=[2, 3])],
        [helper.make_opsetid("", 11)],
    )
    made = model([node("pooled", "x", "p", domain="own"), node("Neg", "p", "y")], functions=[old], domains=("own",))
    plain = model([node("ReduceMean", "x", "m", axes=[2, 3], keepdims=0), node("Neg", "m", "y")])
    write_case(
        FAMILY,
        "function-of-another-opset",
        "Squeeze as opset 11 has it, in a model of opset 17.",
        made,
        {"x": X, "y": run_onnx(plain, {"x": X})["y"]},
        [{"input": "x.npy", "layer": "y", "output": "y.npy", "tolerance": 1e-5}],
    )

    graphs = [helper.make_graph([node(op, "c", "t")], op, [], [value("t")]) for op in ("Relu", "Sigmoid")]
    choose = helper.make_function(
        "own",
        "choose",
        ["x", "w", "which"],
        ["y"],
        [node("Conv", "x w", "c"), node("If", "which", "y", then_branch=graphs[0], else_branch=graphs[1])],
        base,
    )
    for which in (True, False):
        made = model(
            [node("choose", "x w which", "t", domain="own"), node("Neg", "t", "y")],
            [weights("w", 4, 3, 3, 3), constant("which", which)],
            functions=[choose],
            domains=("own",),
        )
        write(f"function-with-if-{str(which).lower()}", "An If in a function, of which the call gives the condition.", made)


def if_node(condition, then, otherwise, outputs, name="choice"):
    """`then`, `otherwise`: nodes, of which the last makes the outputs, and initializers."""
    graphs = [
        helper.make_graph(nodes, "branch", [], [value(out) for out in nodes[-1].output], initializers)
        for nodes, initializers in (then, otherwise)
    ]
    return node("If", condition, outputs, name=name, then_branch=graphs[0], else_branch=graphs[1])


def branches():
    inner = if_node("yes", ([node("Tanh", "c", "z")], []), ([node("Abs", "c", "z")], []), "t", "inner")
    for which in (True, False):
        outer = if_node(
            "yes",
            ([node("Conv", "x w", "c"), inner], [weights("w", 4, 3, 3, 3)]),
            ([node("Conv", "r v", "c"), node("Relu", "c", "t")], [weights("v", 4, 3, 3, 3)]),
            "chosen",
        )
        nodes = [node("Relu", "x", "r"), outer, node("Sigmoid", "chosen", "y")]
        made = model(nodes, [constant("yes", which)], ("y", "chosen"))
        write(f"if-{str(which).lower()}", "An If in an If, with weights in the branches.", made, ("y", "chosen"))
    made = model(
        [
            node("Conv", "x w", "conv"),
            node("GlobalAveragePool", "conv", "mean"),
            node("Shape", "mean", "shape"),
            node("Gather", "shape two", "height", axis=0),
            node("Equal", "height one", "is_one"),
            if_node("is_one", ([node("Squeeze", "mean axes", "s")], []), ([node("Identity", "mean", "s")], []), "squeezed"),
            node("Flatten", "squeezed", "flat"),
            node("MatMul", "flat fc", "y"),
        ],
        [
            weights("w", 6, 3, 3, 3),
            weights("fc", 6, 5),
            constant("two", 2),
            constant("one", 1),
            constant("axes", [2, 3]),
        ],
    )
    write("if-squeeze", "torch's squeeze(dim): an If on a size.", made)
    made = model(
        [
            node("Conv", "x w", "conv"),
            node("NonZero", "x", "some"),
            node("Cast", "some", "yes", to=TensorProto.BOOL),
            if_node("yes", ([node("Relu", "conv", "t")], []), ([node("Abs", "conv", "t")], []), "chosen"),
            node("Sigmoid", "chosen", "y"),
        ],
        [weights("w", 4, 3, 3, 3)],
    )
    write_case(
        FAMILY,
        "if-unknown",
        "An If by the picture's values: what its branches take from outside is before it.",
        made,
        {"x": X},
        [
            {"unsupported": "chosen", "reason": "comes after"},
            {"input": "x.npy", "layer": "chosen", "refused": "the deepest layer before 'choice': 'conv'"},
        ],
    )


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 1, 1), nn.Conv2d(8, 6, 3)
        self.f1, self.f2 = nn.Linear(6, 7), nn.Linear(7, 5)

    def forward(self, x):
        x = torch.relu(self.a(x))
        x = torch.relu(self.b(x) + x)
        x = nn.functional.leaky_relu(self.c(x), 0.2) + torch.tanh(self.c(x)) + nn.functional.relu6(self.c(x))
        return self.f2(torch.relu(self.f1(x.mean((2, 3)))))


class Gelus(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch, self.norm = nn.Conv2d(3, 8, 4, 4), nn.LayerNorm(8)
        self.f1, self.f2, self.f3 = nn.Linear(8, 16), nn.Linear(16, 8), nn.Linear(8, 5)

    def forward(self, x):
        x = self.patch(x).permute(0, 2, 3, 1)
        y = nn.functional.gelu(self.f2(nn.functional.gelu(self.f1(self.norm(x)))), approximate="tanh")
        x = self.norm(x + y)
        return self.f3((x * torch.sigmoid(1.702 * x)).mean((1, 2)))


def optimized(made, level):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "optimized.onnx"
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(path)


def fused():
    torch.manual_seed(2)
    levels = onnxruntime.GraphOptimizationLevel
    for name, net in (("fused-convolutions", Residual()), ("fused-gelus", Gelus())):
        plain = export(net.eval())
        made = optimized(plain, levels.ORT_ENABLE_EXTENDED)
        ops = sorted({each.op_type for each in made.graph.node if each.domain})
        write_case(
            FAMILY,
            name,
            f"A net that onnxruntime has optimized: {', '.join(ops)}.",
            made,
            {"x": X, "y": run_onnx(plain, {"x": X})["y"], "g": gradient(net, 2)},
            [
                {"input": "x.npy", "layer": "y", "output": "y.npy", "tolerance": 1e-5},
                {"input": "x.npy", "objective": "y:2", "gradient": "g.npy", "tolerance": 1e-4},
            ],
        )
    made = optimized(export(Residual().eval()), levels.ORT_ENABLE_ALL)
    if any(each.domain == "com.microsoft.nchwc" for each in made.graph.node):
        words = "save it with an optimization level of ORT_ENABLE_EXTENDED or less"
        write_case(FAMILY, "optimized-for-a-machine", "Optimized by onnxruntime for one machine.", made, {}, [{"refused": words}])
    made = model(
        [
            node("FusedMatMul", "x w", "m", domain="com.microsoft", transB=1, alpha=0.5),
            node("FusedMatMul", "v m", "n", domain="com.microsoft", transA=1, alpha=-2.0),
            node("Conv", "n k", "y"),
        ],
        [weights("w", 6, 20), weights("v", 24, 5), weights("k", 2, 3, 1, 1)],
        domains=("com.microsoft",),
    )
    write("fused-matmul", "FusedMatMul, from the left and from the right.", made)
    made = model(
        [
            node("SkipLayerNormalization", "s t g b c", "n n1 n2 n3", domain="com.microsoft", epsilon=1e-4),
            node("SimplifiedLayerNormalization", "n g", "r", epsilon=1e-4),
            node("BiasGelu", "r c", "u", domain="com.microsoft"),
            node("FastGelu", "u c", "v", domain="com.microsoft"),
            node("QuickGelu", "v", "w", domain="com.microsoft", alpha=1.5),
            node("Add", "w n3", "z"),
            node("ReduceMean", "z", "y", axes=[1], keepdims=0),
        ],
        [weights(name, 8) for name in "gbc"],
        domains=("com.microsoft",),
    )
    del made.graph.node[0].output[1:3]
    made.graph.node[0].output.insert(1, "")
    made.graph.node[0].output.insert(2, "")
    stem = [
        node("Conv", "x k", "k0", strides=[2, 2]),
        node("Reshape", "k0 rows", "k1"),
        node("Transpose", "k1", "s", perm=[0, 2, 1]),
        node("Sigmoid", "s", "t"),
    ]
    rest = list(made.graph.node)
    del made.graph.node[:]
    made.graph.node.extend(stem + rest)
    made.graph.initializer.extend([weights("k", 8, 3, 3, 3), constant("rows", [1, 8, -1])])
    write("fused-normalizations", "Normalizations and GELUs of onnxruntime, with what they add before.", made)


def others():
    pools = [
        node("LpPool", "r", "p2", kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1], p=2),
        node("LpPool", "r", "p1", kernel_shape=[2, 2], strides=[2, 2], p=1),
        node("LpPool", "r", "p3", kernel_shape=[3, 3], auto_pad="SAME_UPPER", p=3),
    ]
    made = model([node("Conv", "x w", "r")] + pools, [weights("w", 4, 3, 3, 3)], ("p1", "p2", "p3"))
    write("lp-pool", "LpPool of three orders, with padding.", made, ("p1", "p2", "p3"))

    odd = model(
        [
            node("Conv", "x w", "conv"),
            node("Strange", "conv", "strange", domain="of.someone", name="conv"),
            node("Add", "conv never", "broken"),
            node("MaxPool", "conv", "pool", kernel_shape=[0, 2]),
            node("Add", "conv texts", "typed"),
            node("Relu", "conv", "y"),
        ],
        [weights("w", 4, 3, 3, 3), helper.make_tensor("texts", TensorProto.STRING, [1], [b"a"])],
        ("y", "nobody"),
    )
    plain = model([node("Conv", "x w", "conv"), node("Relu", "conv", "y")], [odd.graph.initializer[0]])
    write_case(
        FAMILY,
        "odd-nodes",
        "Nodes that can't be read, each in its way, beside one that can.",
        odd,
        {"x": X, "y": run_onnx(plain, {"x": X})["y"]},
        [
            {"input": "x.npy", "layer": "y", "output": "y.npy", "tolerance": 1e-5},
            {"unsupported": "strange", "reason": "op 'of.someone.Strange' is not supported"},
            {"unsupported": "broken", "reason": "uses 'never', which nothing before it makes"},
            {"unsupported": "pool", "reason": "'kernel_shape'"},
            {"unsupported": "typed", "reason": "initializer 'texts'"},
        ],
    )
    for name, dims, opset, words in (
        ("old-opset", (1, 3, 24, 20), 6, "onnx.version_converter"),
        ("sound", (1, 1, 16000), 17, "Convscope shows nets of pictures"),
        ("video", (1, 3, 4, 24, 20), 17, "Convscope shows nets of pictures"),
    ):
        made = model([node("Relu", "x", "y")], dims=dims, opset=opset)
        write_case(FAMILY, name, "Refused with what to do.", made, {}, [{"refused": words}])


if __name__ == "__main__":
    functions()
    branches()
    fused()
    others()
