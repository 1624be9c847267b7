"""The nets of tools/bench_peers.py in plain PyTorch with random weights, each to its deepest convolution and its ReLU."""


def last_layer(model):
    """The name by which Lucent knows the last layer."""
    return [name for name, _ in model.named_modules()][-1].replace(".", "_")


def make(torch, name):
    nn = torch.nn

    def conv(i, o, k, s=1, p=0, groups=1, relu=True, cap=False):
        layers = [nn.Conv2d(i, o, k, s, p, groups=groups)]
        if relu:
            layers.append(nn.ReLU6() if cap else nn.ReLU())
        return nn.Sequential(*layers)

    def vgg16():
        layers, i = [], 3
        for depth, width in [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]:
            for _ in range(depth):
                layers.append(conv(i, width, 3, 1, 1))
                i = width
            layers.append(nn.MaxPool2d(2))
        return nn.Sequential(*layers[:-1])

    def alexnet():
        return nn.Sequential(conv(3, 64, 11, 4, 2), nn.MaxPool2d(3, 2), conv(64, 192, 5, 1, 2), nn.MaxPool2d(3, 2),
                             conv(192, 384, 3, 1, 1), conv(384, 256, 3, 1, 1), conv(256, 256, 3, 1, 1))

    class Fire(nn.Module):
        def __init__(self, i, squeeze, expand):
            super().__init__()
            self.squeeze = conv(i, squeeze, 1)
            self.one, self.three = conv(squeeze, expand, 1), conv(squeeze, expand, 3, 1, 1)

        def forward(self, x):
            x = self.squeeze(x)
            return torch.cat([self.one(x), self.three(x)], 1)

    def squeezenet():
        pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
        return nn.Sequential(conv(3, 64, 3, 2), pool(), Fire(64, 16, 64), Fire(128, 16, 64), pool(), Fire(128, 32, 128),
                             Fire(256, 32, 128), pool(), Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256),
                             Fire(512, 64, 256), conv(512, 1000, 1))

    class Inception(nn.Module):
        def __init__(self, i, one, reduce3, three, reduce5, five, pool):
            super().__init__()
            self.branches = nn.ModuleList([
                conv(i, one, 1), nn.Sequential(conv(i, reduce3, 1), conv(reduce3, three, 3, 1, 1)),
                nn.Sequential(conv(i, reduce5, 1), conv(reduce5, five, 5, 1, 2)),
                nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(i, pool, 1))])

        def forward(self, x):
            return torch.cat([branch(x) for branch in self.branches], 1)

    def inceptionv1():
        pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
        return nn.Sequential(
            conv(3, 64, 7, 2, 3), pool(), nn.LocalResponseNorm(5), conv(64, 64, 1), conv(64, 192, 3, 1, 1),
            nn.LocalResponseNorm(5), pool(), Inception(192, 64, 96, 128, 16, 32, 32),
            Inception(256, 128, 128, 192, 32, 96, 64), pool(), Inception(480, 192, 96, 208, 16, 48, 64),
            Inception(512, 160, 112, 224, 24, 64, 64), Inception(512, 128, 128, 256, 24, 64, 64),
            Inception(512, 112, 144, 288, 32, 64, 64), Inception(528, 256, 160, 320, 32, 128, 128), pool(),
            Inception(832, 256, 160, 320, 32, 128, 128), Inception(832, 384, 192, 384, 48, 128, 128))

    class Inverted(nn.Module):
        def __init__(self, i, o, stride, expand):
            super().__init__()
            h = i * expand
            layers = [conv(i, h, 1, cap=True)] if expand > 1 else []
            self.body = nn.Sequential(*layers, conv(h, h, 3, stride, 1, groups=h, cap=True), conv(h, o, 1, relu=False))
            self.short = stride == 1 and i == o

        def forward(self, x):
            return x + self.body(x) if self.short else self.body(x)

    def mobilenetv2():
        layers, i = [conv(3, 32, 3, 2, 1, cap=True)], 32
        for expand, o, count, stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                                         (6, 160, 3, 2), (6, 320, 1, 1)]:
            for k in range(count):
                layers.append(Inverted(i, o, stride if k == 0 else 1, expand))
                i = o
        return nn.Sequential(*layers, conv(i, 1280, 1, cap=True))

    class Bottleneck(nn.Module):  # of ResNet V2: norm and ReLU ahead of each convolution
        def __init__(self, i, width, stride, first):
            super().__init__()
            self.before = nn.Sequential(nn.BatchNorm2d(i), nn.ReLU())
            self.body = nn.Sequential(conv(i, width, 1), conv(width, width, 3, stride, 1), conv(width, 4 * width, 1, relu=False))
            self.short = conv(i, 4 * width, 1, relu=False) if first else nn.MaxPool2d(1, stride) if stride > 1 else nn.Identity()
            self.first = first

        def forward(self, x):
            y = self.before(x)
            return self.body(y) + self.short(y if self.first else x)

    def resnet50v2():
        layers, i = [conv(3, 64, 7, 2, 3, relu=False), nn.MaxPool2d(3, 2, 1)], 64
        for width, count, stride in [(64, 3, 2), (128, 4, 2), (256, 6, 2), (512, 3, 1)]:
            for k in range(count):
                layers.append(Bottleneck(i, width, stride if k == count - 1 else 1, k == 0))
                i = 4 * width
        return nn.Sequential(*layers)

    class Net(nn.Module):  # pnnx writes Python, in which a module's name can't begin with a digit
        def __init__(self, body):
            super().__init__()
            self.body = body

        def forward(self, x):
            return self.body(x)

    return Net({"vgg16": vgg16, "alexnet": alexnet, "squeezenet": squeezenet, "inceptionv1": inceptionv1,
            "mobilenetv2": mobilenetv2, "resnet50v2": resnet50v2}[name]())
