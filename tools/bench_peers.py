#!/usr/bin/env python3
"""Convscope beside other programs: one run, one table (docs/performance.md) and the same as JSON.

Each net runs to its deepest convolution on the same Vulkan device and the same number of threads, by Convscope
(build/convscope bench), ncnn with Vulkan and on the CPU (fp16 and bf16 off), PyTorch on the CPU (forward; forward and
gradient with respect to the input) and Lucent (its step). Rounds alternate their order; a figure is the median of the
rounds, after a warm-up. Weights are random but for Convscope's embedded ones: only time is measured. What is not
installed is skipped with a line: pip install ncnn pnnx torch torch-lucent, outside the repository.

Usage: tools/bench_peers.py [--program build/convscope] [--rounds 5] [--works vgg16@128,alexnet@128] [--batches 1,8]
                            [--nets ../shared/nets] [--keras FILE.h5] [-o docs/performance.md] [--json peers.json]
"""
import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import peer_nets

WORKS = ["vgg16@128", "vgg16@224", "resnet50v2@224", "inceptionv1@224", "squeezenet@224", "mobilenetv2@224", "alexnet@128"]
ONNX = {"inceptionv1": "inceptionv1.onnx", "squeezenet": "squeezenet1.1.onnx", "mobilenetv2": "mobilenetv2-features.onnx"}
TARGETS = {  # of forward against ncnn's Vulkan; of a step against PyTorch's forward and gradient
    "vgg16@128": (None, 0.95), "vgg16@224": (0.12, 0.85), "resnet50v2@224": (0.12, 1.15), "inceptionv1@224": (0.12, 1.1),
    "squeezenet@224": (0.25, 1.4), "mobilenetv2@224": (0.25, 1.3), "alexnet@128": (None, 1.8),
}


WHOLE = "vgg16@128"  # a whole optimization, against Lucent's
WHOLE_LAYER, WHOLE_STEPS, WHOLE_TARGET = "block5_conv3", 64, 3.5


def model_arguments(options, name):
    if name == "resnet50v2":
        if not options.keras:
            raise RuntimeError("no --keras FILE.h5 for resnet50v2")
        return ["--model", name, "--weights", options.keras]
    return ["--model", os.path.join(options.nets, ONNX[name]) if name in ONNX else name]


def note(line):
    print(line, file=sys.stderr, flush=True)


def importable(name):
    try:
        return __import__(name)
    except Exception as error:  # a wheel may be there and not load
        note(f"without {name}: {error}")
        return None


def timed(run, least=0.2):
    """Milliseconds of one call, over calls that take `least` seconds in all."""
    run()
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < least or calls == 0:
        run()
        calls += 1
    return (time.perf_counter() - start) / calls * 1e3


class Convscope:
    def __init__(self, options, name, size, batch, precision):
        self.fast = precision == "fast"
        self.command = [options.program, "bench", "--size", size, "--batch", str(batch), "--precision", precision,
                        "--runs", "3", "--json", *model_arguments(options, name)]

    def measure(self):
        done = subprocess.run(self.command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
        result = json.loads(done.stdout)
        if not self.fast:
            return {"convscope fp32 forward": result["forward_ms"], "convscope fp32 step": result["step_ms"]}
        return {"convscope forward": result["forward_ms"], "convscope step": result["step_ms"],
                "share outside the net": result["outside_net"], "memory MB": result["peak_device_memory_mb"],
                "first image s": result["first_image_s"]}


class WholeOptimization:
    """Seconds of the program from its start to the PNG."""

    def __init__(self, options, name, size, folder):
        self.command = [options.program, "optimize", "--offscreen", *model_arguments(options, name), "--size", size,
                        "--objective", WHOLE_LAYER + ":0", "--recipe", "lucid", "--steps", str(WHOLE_STEPS),
                        "-o", os.path.join(folder, "whole.png")]

    def measure(self):
        start = time.perf_counter()
        subprocess.run(self.command, capture_output=True, check=True)
        return {"convscope optimization s": time.perf_counter() - start}


class Torch:
    def __init__(self, torch, model, size, batch):
        self.torch, self.model = torch, model
        self.input = torch.rand(batch, 3, int(size), int(size))

    def forward(self):
        with self.torch.no_grad():
            self.model(self.input)

    def gradient(self):
        leaf = self.input.clone().requires_grad_(True)
        self.model(leaf)[:, 0].mean().backward()

    def measure(self):
        return {"torch forward": timed(self.forward), "torch forward + gradient": timed(self.gradient)}


class Ncnn:
    """ncnn takes one image at a time: a batch is so many runs."""

    def __init__(self, ncnn, files, size, batch, vulkan, threads):
        self.batch, self.kind = batch, "Vulkan" if vulkan else "CPU"
        self.net = ncnn.Net()
        opt = self.net.opt
        opt.use_vulkan_compute, opt.num_threads = vulkan, threads
        opt.use_fp16_packed = opt.use_fp16_storage = opt.use_fp16_arithmetic = opt.use_bf16_storage = False
        if self.net.load_param(files + ".param") or self.net.load_model(files + ".bin"):
            raise RuntimeError(f"ncnn can't load {files}")
        import numpy
        self.input = ncnn.Mat(numpy.random.rand(3, int(size), int(size)).astype("float32"))

    def run(self):
        for _ in range(self.batch):
            with self.net.create_extractor() as extractor:
                extractor.input("in0", self.input)
                if extractor.extract("out0")[0]:
                    raise RuntimeError("ncnn failed")

    def measure(self):
        return {f"ncnn {self.kind} forward": timed(self.run)}


class Lucent:
    """Seconds of an optimization; milliseconds of a step: the difference of a long and a short one."""

    def __init__(self, render, model, layer, size):
        self.render, self.model, self.layer, self.size = render, model.eval(), layer, int(size)

    def seconds(self, steps):
        start = time.perf_counter()
        with contextlib.redirect_stdout(sys.stderr):
            self.render.render_vis(self.model, f"{self.layer}:0", thresholds=(steps,), show_image=False, progress=False,
                                   preprocess=False, param_f=lambda: self.param(self.size))
        return time.perf_counter() - start

    def measure(self):
        from lucent.optvis.param import image
        self.param = image
        self.seconds(1)  # warms up
        whole, short = self.seconds(WHOLE_STEPS), self.seconds(4)
        return {"lucent step": (whole - short) / (WHOLE_STEPS - 4) * 1e3, "lucent optimization s": whole}


def export(pnnx, torch, model, size, folder, name):
    """The net as ncnn's files: DIR/name.ncnn."""
    path = os.path.join(folder, name + ".pt")
    here, streams = os.getcwd(), [os.dup(1), os.dup(2)]
    with open(os.path.join(folder, "pnnx.log"), "w") as log:  # it is a program of its own, and talks much
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        os.chdir(folder)
        try:
            pnnx.export(model, path, (torch.rand(1, 3, int(size), int(size)),), fp16=False)
        finally:
            os.chdir(here)
            for descriptor, stream in enumerate(streams, 1):
                os.dup2(stream, descriptor)
                os.close(stream)
    return os.path.join(folder, name + ".ncnn")


def rows_of(work, batch, options, modules, folder):
    torch, ncnn, pnnx, render = modules
    name, size = work.split("@")
    peers = []

    def add(what, make):
        try:
            peers.append(make())
        except Exception as error:
            note(f"{work}, batch {batch}: no {what}: {error}")

    add("convscope", lambda: Convscope(options, name, size, batch, "fast"))
    if batch == 1:
        add("convscope in fp32", lambda: Convscope(options, name, size, batch, "fp32"))
    if batch == 1 and work == WHOLE:
        add("convscope's optimization", lambda: WholeOptimization(options, name, size, folder))
    model = peer_nets.make(torch, name).eval() if torch else None
    if torch:
        add("torch", lambda: Torch(torch, model, size, batch))
    if torch and ncnn and pnnx:
        def files():
            stem = f"{name}_{size}"
            made = os.path.join(folder, stem + ".ncnn")
            return made if os.path.exists(made + ".param") else export(pnnx, torch, model, size, folder, stem)
        if ncnn.get_gpu_count() > 0:
            add("ncnn with Vulkan", lambda: Ncnn(ncnn, files(), size, batch, True, options.threads))
        else:
            note("ncnn finds no Vulkan device")
        add("ncnn", lambda: Ncnn(ncnn, files(), size, batch, False, options.threads))
    if render and batch == 1 and work == WHOLE:
        add("lucent", lambda: Lucent(render, model, peer_nets.last_layer(model), size))

    figures = {}
    for turn in range(options.rounds):
        for peer in peers if turn % 2 == 0 else list(reversed(peers)):
            try:
                for key, value in peer.measure().items():
                    figures.setdefault(key, []).append(value)
            except Exception as error:
                note(f"{work}, batch {batch}: {type(peer).__name__} fails: {error}")
                peers = [other for other in peers if other is not peer]
    return {key: statistics.median(values) for key, values in figures.items()}


def machine(options):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    devices = json.loads(subprocess.run([options.program, "devices", "--json"], capture_output=True, text=True).stdout)
    device = devices[0]
    return (f"{options.threads} cores of {model}, {platform.system()} {platform.release()}; {device['name']}, "
            f"{device['driver']} {device['driver_info']}")


def ratio(figures, ours, theirs):
    return figures[ours] / figures[theirs] if ours in figures and theirs in figures else None


def table(results, options, versions):
    lines = ["| work | batch | forward | ncnn Vulkan | ratio (target) | ncnn CPU | PyTorch forward | step | PyTorch forward + gradient "
             "| ratio (target) | step in fp32 | outside the net | device memory |",
             "|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for (work, batch), f in results.items():
        def ms(key):
            return f"{f[key]:.0f} ms" if key in f else "-"

        def against(ours, theirs, target):
            value = ratio(f, ours, theirs)
            return "-" if value is None else f"{value:.2f}" + (f" ({target})" if target and batch == 1 else "")
        forward, step = TARGETS.get(work, (None, None))
        lines.append("| " + " | ".join([
            work, str(batch), ms("convscope forward"), ms("ncnn Vulkan forward"),
            against("convscope forward", "ncnn Vulkan forward", forward), ms("ncnn CPU forward"), ms("torch forward"),
            ms("convscope step"), ms("torch forward + gradient"),
            against("convscope step", "torch forward + gradient", step), ms("convscope fp32 step"),
            f"{f['share outside the net'] * 100:.1f} %" if "share outside the net" in f else "-",
            f"{f['memory MB']:.0f} MB" if "memory MB" in f else "-"]) + " |")
    eights = []
    for work in dict.fromkeys(work for work, _ in results):
        one, eight = results.get((work, 1), {}), results.get((work, 8), {})
        keys = [key for key in ("convscope forward", "convscope step") if key in one and key in eight]
        if len(keys) == 2:
            eights.append(f"| {work} | " + " | ".join(f"{eight[key] / 8 / one[key]:.2f}" for key in keys) + " |")
    if eights:
        lines += ["", "| work | batch 8, an image, over batch 1: forward | step |", "|---|---|---|", *eights]
    whole = results.get((WHOLE, 1), {})
    value = ratio(whole, "convscope optimization s", "lucent optimization s")
    if value is not None:
        lines += ["", f"A whole optimization ({WHOLE}, {WHOLE_LAYER}, `lucid`, {WHOLE_STEPS} steps; ours from the program's start "
                      f"to the PNG, Lucent's without its imports): {whole['convscope optimization s']:.1f} s against "
                      f"{whole['lucent optimization s']:.1f} s, ratio {value:.2f} ({WHOLE_TARGET}). "
                      f"Lucent's step takes {whole['lucent step']:.0f} ms."]
    return "\n".join([f"Medians of {options.rounds} rounds on {machine(options)}. {versions}", ""] + lines) + "\n"


BEGIN, END = "<!-- tools/bench_peers.py writes from here -->\n", "<!-- to here -->\n"


def write_document(path, text):
    """Puts the table where the document has its marks."""
    document = open(path).read() if os.path.exists(path) else f"# Performance\n\n{BEGIN}{END}"
    if BEGIN not in document or END not in document:
        sys.exit(f"{path}: has no lines '{BEGIN.strip()}' and '{END.strip()}'")
    before, rest = document.split(BEGIN, 1)
    with open(path + ".part", "w") as file:
        file.write(before + BEGIN + text + END + rest.split(END, 1)[1])
    os.replace(path + ".part", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/convscope")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--works", default=",".join(WORKS))
    parser.add_argument("--batches", default="1,8")
    parser.add_argument("--nets", default="../shared/nets")
    parser.add_argument("--keras", help="resnet50v2's weights, Keras's legacy .h5")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("-o", "--output", default="docs/performance.md")
    parser.add_argument("--json")
    options = parser.parse_args()
    torch, ncnn = importable("torch"), importable("ncnn")
    pnnx = importable("pnnx") if torch and ncnn else None
    render = None
    if torch:
        torch.manual_seed(0)
        torch.set_num_threads(options.threads)
        if importable("lucent"):
            from lucent.optvis import render
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for work in options.works.split(","):
            for batch in map(int, options.batches.split(",")):
                note(f"{work}, batch {batch}")
                results[work, batch] = rows_of(work, batch, options, (torch, ncnn, pnnx, render), folder)
                note("  " + ", ".join(f"{key} {value:.4g}" for key, value in results[work, batch].items()))
    versions = ", ".join(f"{module.__name__} {module.__version__}" for module in (torch, ncnn) if module)
    if options.json:
        with open(options.json, "w") as file:
            json.dump([{"work": work, "batch": batch, **figures} for (work, batch), figures in results.items()], file,
                      indent=1)
    write_document(options.output, table(results, options, versions))


if __name__ == "__main__":
    main()
