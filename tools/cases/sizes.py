#!/usr/bin/env python3
"""Nets that compute from their picture's size, exported with open height and width, at sizes that they were not traced at.

    python3 -m venv VENV && VENV/bin/pip install torch onnx onnxscript onnxruntime numpy
    VENV/bin/python tools/cases/sizes.py

Values and gradients are torch's in float64; onnxruntime has to agree with them.
"""
import io
import warnings

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import nn

import common

SIZES = [(97, 113), (140, 140), (224, 224)]  # height, width


def conv(inputs, outputs, kernel=3, stride=1, padding=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, padding)


class SamePadding(nn.Module):
    """TensorFlow's: the padding hangs on the size."""

    def __init__(self):
        super().__init__()
        self.first, self.second = conv(3, 8, 3, 2, 0), conv(8, 4, 5, 2, 0)

    @staticmethod
    def pad(x, kernel, stride):
        h, w = x.shape[-2:]
        rows = max(((h + stride - 1) // stride - 1) * stride + kernel - h, 0)
        cols = max(((w + stride - 1) // stride - 1) * stride + kernel - w, 0)
        return F.pad(x, [cols // 2, cols - cols // 2, rows // 2, rows - rows // 2])

    def forward(self, x):
        x = torch.relu(self.first(self.pad(x, 3, 2)))
        return self.second(self.pad(x, 5, 2))


class SumOverArea(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = conv(3, 6, 3, 4), nn.Linear(6, 5)

    def forward(self, x):
        x = torch.relu(self.body(x))
        return self.head(x.sum((2, 3)) / (x.shape[2] * x.shape[3]))


class AttentionExpanded(nn.Module):
    """A weight a channel, expanded to its map."""

    def __init__(self):
        super().__init__()
        self.body, self.gate, self.tail = conv(3, 8, 3, 4), nn.Conv1d(1, 1, 3, padding=1), conv(8, 4, 3, 4)

    def forward(self, x):
        x = torch.relu(self.body(x))
        y = x.mean((2, 3)).view(x.shape[0], 1, -1)
        y = torch.sigmoid(self.gate(y)).view(x.shape[0], -1, 1, 1)
        return self.tail(x * y.expand_as(x))


class UNetCropped(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.down, self.up = conv(3, 6, 3, 2), conv(6, 6, 3, 2, 0), nn.ConvTranspose2d(6, 6, 2, 2)
        self.tail = conv(12, 4, 3, 4)

    def forward(self, x):
        skip = torch.relu(self.first(x))
        y = self.up(torch.relu(self.down(skip)))
        top, left = (skip.shape[2] - y.shape[2]) // 2, (skip.shape[3] - y.shape[3]) // 2
        skip = skip[:, :, top : top + y.shape[2], left : left + y.shape[3]]
        return self.tail(torch.cat([skip, y], 1))


class UNetResized(nn.Module):
    """Maps of other sizes, and one of 1x1, are resized to fit."""

    def __init__(self):
        super().__init__()
        self.first, self.down, self.tail = conv(3, 6, 3, 2), conv(6, 6, 3, 4), conv(24, 4, 3, 4)

    def forward(self, x):
        skip = torch.relu(self.first(x))
        y = torch.relu(self.down(skip))
        size = skip.shape[-2:]
        smooth = F.interpolate(y, size=size, mode="bilinear", align_corners=False)
        rough = F.interpolate(y, size=size, mode="nearest")
        whole = F.interpolate(y.mean((2, 3), keepdim=True), size=size, mode="bilinear", align_corners=False)
        return self.tail(torch.cat([skip, smooth, rough, whole], 1))


class PooledToLarger(nn.Module):
    """A window that is the whole map at 224, and only there; what is pooled over all of it stays so."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(conv(3, 6, 3, 4), nn.ReLU(), conv(6, 4, 3, 8))

    def forward(self, x):
        x = self.body(x)
        return F.avg_pool2d(x, 3, 1) + F.adaptive_avg_pool2d(x, 1)


class Coordinates(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.tail = conv(3, 6, 3, 4), conv(8, 4, 3, 4)

    def forward(self, x):
        x = torch.relu(self.body(x))
        n, _, h, w = x.shape
        ys = (torch.arange(h, device=x.device).to(x.dtype) / (h - 1)).view(1, 1, h, 1).expand(n, 1, h, w)
        xs = (torch.arange(w, device=x.device).to(x.dtype) / (w - 1)).view(1, 1, 1, w).repeat(n, 1, h, 1)
        return self.tail(torch.cat([x, ys, xs], 1))


class Windows(nn.Module):
    """Padded to whole windows of 4, cut in these, and put together again."""

    def __init__(self):
        super().__init__()
        self.body, self.tail = conv(3, 4, 3, 4), conv(4, 4, 3, 4)

    def forward(self, x):
        x = torch.relu(self.body(x))
        n, c, h, w = x.shape
        x = F.pad(x, [0, (4 - w % 4) % 4, 0, (4 - h % 4) % 4])
        rows, cols = x.shape[2] // 4, x.shape[3] // 4
        y = x.view(n, c, rows, 4, cols, 4)
        y = y - y.mean((3, 5), keepdim=True)
        y = y.reshape(n, c, rows * 4, cols * 4)[:, :, :h, :w]
        return self.tail(y)


class Tiled(nn.Module):
    """A plane of the map's own size made in the graph, and one repeated to it."""

    def __init__(self):
        super().__init__()
        self.body, self.tail = conv(3, 6, 3, 4), conv(8, 4, 3, 4)
        self.position = nn.Parameter(torch.randn(1, 1, 1, 1))

    def forward(self, x):
        x = torch.relu(self.body(x))
        n, _, h, w = x.shape
        ones = torch.ones(n, 1, h, w, dtype=x.dtype, device=x.device) * (h / w)
        return self.tail(torch.cat([x, ones, self.position.repeat(n, 1, h, w)], 1))


class HalvesOfTheMap(nn.Module):
    """Bounds of slices that hang on the size, and a reversed half."""

    def __init__(self):
        super().__init__()
        self.body, self.tail = conv(3, 4, 3, 4), conv(8, 4, 3, 4)

    def forward(self, x):
        x = torch.relu(self.body(x))
        h, w = x.shape[-2] // 2, x.shape[-1] // 2
        left, right = x[..., :h, :w], x[..., -h:, -w:]
        return self.tail(torch.cat([left, right], 1))


NETS = [
    SamePadding,
    SumOverArea,
    AttentionExpanded,
    UNetCropped,
    UNetResized,
    PooledToLarger,
    Coordinates,
    Windows,
    Tiled,
    HalvesOfTheMap,
]


def export(net, exporter):
    example = torch.rand(1, 3, 160, 144)
    buffer = io.BytesIO()
    names = {"input_names": ["x"], "output_names": ["out"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if exporter == "legacy":
            axes = {"x": {2: "h", 3: "w"}}
            torch.onnx.export(net, (example,), buffer, dynamo=False, opset_version=17, dynamic_axes=axes, **names)
            return onnx.load_from_string(buffer.getvalue())
        h, w = torch.export.Dim("h", min=32, max=512), torch.export.Dim("w", min=32, max=512)
        program = torch.onnx.export(net, (example,), dynamo=True, verbose=False, dynamic_shapes={"x": {2: h, 3: w}}, **names)
        return program.model_proto


def snake(name):
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


def main():
    for kind in NETS:
        torch.manual_seed(3)
        net = kind().eval()
        exact = kind().double().eval()
        exact.load_state_dict(net.state_dict())
        exact.double()
        for exporter in ("legacy", "dynamo"):
            try:
                model = export(net, exporter)
            except Exception as error:  # what an exporter can't write is no case
                print(f"{kind.__name__}: {exporter}: {type(error).__name__}")
                continue
            arrays, checks = {}, []
            for height, width in SIZES:
                x = torch.tensor(common.pattern((1, 3, height, width)), dtype=torch.float64, requires_grad=True)
                out = exact(x)
                ran = common.run_onnx(model, {"x": x.detach().numpy().astype(np.float32)})["out"]
                error = np.linalg.norm(ran - out.detach().numpy()) / np.linalg.norm(out.detach().numpy())
                assert error < 1e-5, (kind.__name__, exporter, height, width, error)
                name = f"out.{height}x{width}"
                arrays[name] = out.detach().numpy()
                checks.append({"input": [1, 3, height, width], "layer": "out", "output": f"{name}.npy", "tolerance": 1e-5})
                if (height, width) == SIZES[0]:
                    out[:, 1].mean().backward()
                    arrays["grad"] = x.grad.numpy()[:, :, ::8, ::8]
                    checks.append(
                        {"input": [1, 3, height, width], "objective": "out:1", "gradient": "grad.npy", "every": 8, "tolerance": 1e-5}
                    )
            about = " ".join((kind.__doc__ or kind.__name__).split())
            common.write_case("sizes", f"{snake(kind.__name__)}_{exporter}", f"{about} ({exporter} exporter)", model, arrays, checks)
            print(f"{kind.__name__}: {exporter}")


if __name__ == "__main__":
    main()
