#!/usr/bin/env python3
"""Cases of tests/cases/views: views of five dimensions as torch exports them. Values are onnxruntime's, gradients
torch's in float64.

    tools/cases/views.py      # needs onnx, onnxruntime, torch
"""
import io

import numpy as np
import onnx
import torch
from common import run_onnx, write_case
from torch import nn

FAMILY = "views"
X = np.random.RandomState(0).randn(1, 3, 24, 20).astype(np.float32)


def export(net, opset=17):
    stream = io.BytesIO()
    x = torch.from_numpy(X)
    torch.onnx.export(net, x, stream, opset_version=opset, input_names=["x"], output_names=["y"], dynamo=False)
    return onnx.load_from_string(stream.getvalue())


def gradient(net, channel):
    """Of the mean of the output's channel; -1: of all."""
    x = torch.from_numpy(X).double().requires_grad_()
    y = net.double()(x)
    (y if channel < 0 else y[:, channel]).mean().backward()
    net.float()
    return x.grad.float().numpy()


def write(name, about, net, channel=0):
    made = export(net.eval())
    write_case(
        FAMILY,
        name,
        about,
        made,
        {"x": X, "y": run_onnx(made, {"x": X})["y"], "g": gradient(net, channel)},
        [
            {"input": "x.npy", "layer": "y", "output": "y.npy", "tolerance": 1e-5},
            {"input": "x.npy", "objective": f"y:{max(channel, 0)}", "gradient": "g.npy", "tolerance": 1e-4},
        ],
    )


class Yolo5(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.a, self.b = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 27, 1), nn.Conv2d(8, 27, 3, 2, 1)
        self.register_buffer("anchors", torch.randn(2, 3, 2))

    def forward(self, x):
        x, found = torch.relu(self.stem(x)), []
        for level, conv in enumerate((self.a, self.b)):
            y = conv(x)
            n, _, h, w = y.shape
            y = y.view(n, 3, 9, h, w).permute(0, 1, 3, 4, 2).contiguous()
            rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
            grid = torch.stack((columns, rows), 2).expand(1, 3, h, w, 2) - 0.5
            anchors = self.anchors[level].view(1, 3, 1, 1, 2).expand(1, 3, h, w, 2)
            xy, wh, conf = y.sigmoid().split((2, 2, 5), 4)
            found.append(torch.cat(((xy * 2 + grid) * 8, (wh * 2) ** 2 * anchors, conf), 4).view(n, -1, 9))
        return torch.cat(found, 1)


class Dfl(nn.Module):
    def __init__(self):
        super().__init__()
        self.head, self.mean = nn.Conv2d(3, 69, 3, 2, 1), nn.Conv2d(16, 1, 1, bias=False)

    def forward(self, x):
        box, classes = self.head(x).view(1, 69, -1).split((64, 5), 1)
        sides = self.mean(box.view(1, 4, 16, -1).transpose(2, 1).softmax(1)).view(1, 4, -1)
        first, second = sides.chunk(2, 1)
        return torch.cat((first + second, second - first, classes.sigmoid()), 1)


class SplitAttention(nn.Module):
    def __init__(self, groups):
        super().__init__()
        self.groups, self.stem = groups, nn.Conv2d(3, 8, 3, 2, 1)
        self.conv = nn.Conv2d(8, 16, 3, 1, 1, groups=2 * groups)
        self.f1, self.f2 = nn.Conv2d(8, 4, 1, groups=groups), nn.Conv2d(4, 16, 1, groups=groups)

    def forward(self, x):
        x = torch.relu(self.conv(torch.relu(self.stem(x))))
        n, c, h, w = x.shape
        x = x.reshape(n, 2, c // 2, h, w)
        a = self.f2(torch.relu(self.f1(x.sum(1).mean((2, 3), keepdim=True))))
        a = a.view(n, self.groups, 2, -1).transpose(1, 2).softmax(1).reshape(n, 2, c // 2, 1, 1)
        return (x * a).sum(1).contiguous()


class SelectiveKernel(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.a, self.b = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 1, 1), nn.Conv2d(8, 8, 3, 1, 2, 2)
        self.f1, self.f2 = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 16, 1)

    def forward(self, x):
        x = torch.relu(self.stem(x))
        x = torch.stack([torch.relu(self.a(x)), torch.relu(self.b(x))], 1)
        a = self.f2(torch.relu(self.f1(x.sum(1).mean((2, 3), keepdim=True)))).view(1, 2, 8, 1, 1).softmax(1)
        return (x * a).sum(1)


class Moves(nn.Module):
    """Parts of the channels in every way: the outer and the inner ones, flipped, joined, repeated, normalized."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 12, 3, 4, 1)

    def forward(self, x):
        x = self.conv(x)
        n, c, h, w = x.shape
        y = x.view(n, 3, 4, h, w)
        steps = torch.arange(3.0).view(1, 3, 1, 1, 1), torch.arange(4.0).view(1, 1, 4, 1, 1)
        parts = [
            y.mean(2),
            y.max(1)[0],
            torch.stack([y[:, 0], y[:, 2] * 2], 2).reshape(n, 8, h, w),
            (y / y.norm(dim=2, keepdim=True).clamp_min(1e-3)).reshape(n, c, h, w),
            y.transpose(1, 2).reshape(n, c, h, w),
            torch.cat([y, y[:, :, 1:3]], 2).reshape(n, -1, h, w),
            torch.cat([y, y[:, :1]], 1).reshape(n, -1, h, w),
            y.flip(1).reshape(n, c, h, w),
            y.repeat(1, 2, 1, 1, 1).reshape(n, -1, h, w),
            (y * steps[0].to(x) + steps[1].to(x)).reshape(n, c, h, w),
            y.softmax(2).sum(1),
            x[:, :, :, None, :, None].expand(-1, -1, -1, 2, -1, 2).reshape(n, c, 2 * h, 2 * w)[:, :, ::2, 1::2],
        ]
        # Each channel counts in the first one.
        all_parts = torch.cat(parts, 1)
        return torch.cat([(all_parts * torch.tanh(all_parts)).sum(1, keepdim=True), all_parts], 1)


if __name__ == "__main__":
    torch.manual_seed(1)
    write("yolov5-head", "YOLOv5's head: (n, anchors, h, w, outputs), a grid, slices and joins of the last.", Yolo5())
    write("yolov8-dfl", "YOLOv8's boxes: a softmax over a part of the channels.", Dfl(), -1)
    write("resnest", "Split attention, of one group.", SplitAttention(1))
    write("resnest-groups", "Split attention, of two groups.", SplitAttention(2), 5)
    write("sknet", "Selective kernels: two maps on a new dimension.", SelectiveKernel(), 3)
    write("five-dimensions", "Parts of the channels, in every way that torch has.", Moves())
