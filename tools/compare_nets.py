#!/usr/bin/env python3
"""Compares Convscope with what Keras computed for the nets that tools/make_keras_nets.py made.

    tools/compare_nets.py FOLDER ... [--convscope build/convscope] [--write docs/conformance.md]
    tools/compare_nets.py --make VENV/bin/python --out DIR [NET ...] --write docs/conformance.md

With --make, each net is made, compared and deleted, one after another. Results are kept in DIR/results.json, so
that a run can be continued; --write puts their table between the Keras markers of that file. The errors are relative
L2 norms, the worst of a net's layers or objectives, of Convscope and, for comparison, of Keras itself in float32;
seconds are the processor time of one `convscope gradient`, of all threads, reading included.
"""
import argparse
import ast
import json
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

TOLERANCE = 1e-4
BEGIN, END = "<!-- keras: begin -->", "<!-- keras: end -->"


def read_npy(path):
    """Shape and float32 values, without numpy."""
    import array
    data = pathlib.Path(path).read_bytes()
    start = 10 if data[6] == 1 else 12
    length = int.from_bytes(data[8:start], "little")
    header = ast.literal_eval(data[start:start + length].decode("latin1"))
    if header["descr"] != "<f4" or header["fortran_order"]:
        raise ValueError(f"{path}: not float32 in C order")
    return header["shape"], array.array("f", data[start + length:])


def relative_l2(got, expected):
    (_, a), (_, b) = read_npy(got), read_npy(expected)
    if len(a) != len(b):
        raise ValueError(f"{len(a)} values instead of {len(b)}")
    difference = sum((x - y) ** 2 for x, y in zip(a, b))
    return (difference / max(sum(y * y for y in b), 1e-300)) ** 0.5


def processor_seconds():
    """Of all commands that have been run."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(convscope, arguments):
    result = subprocess.run([convscope, *arguments], capture_output=True, text=True)
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or [f"exit status {result.returncode}"]
        raise RuntimeError(re.sub(r"^convscope: ", "", lines[-1]))


def compare(convscope, folder, model):
    """The worst errors of one file: {"activations": ..., "gradients": ..., "seconds": ..., "problem": ..., ...}

    Where the folder has gradients of the file itself beside those of the net that it was made from, "of_file" is the
    worst error against these.
    """
    meta = json.loads((folder / "meta.json").read_text())
    common = ["--model", str(model), "--input", str(folder / "input.npy")]
    row = {"activations": 0, "gradients": 0, "seconds": 0, "problem": "", "float32": meta["float32"],
           "parameters": meta["parameters"]}
    with tempfile.TemporaryDirectory() as scratch:
        out = pathlib.Path(scratch) / "out.npy"
        try:
            for act in meta["acts"]:
                layer = act["layer"]
                run(convscope, ["activations", *common, "--layer", layer, "-o", str(out)])
                row["activations"] = max(row["activations"], relative_l2(out, folder / f"act.{layer}.npy"))
            for gradient in meta["gradients"]:
                layer, channel = gradient["layer"], gradient["channel"]
                start = processor_seconds()
                run(convscope, ["gradient", *common, "--objective", f"{layer}:{channel}", "-o", str(out)])
                row["seconds"] = max(row["seconds"], processor_seconds() - start)
                row["gradients"] = max(row["gradients"], relative_l2(out, folder / f"grad.{layer}.{channel}.npy"))
                of_file = folder / f"{model.stem}.grad.{layer}.{channel}.npy"
                if of_file.exists():
                    row["of_file"] = max(row.get("of_file", 0), relative_l2(out, of_file))
        except (RuntimeError, ValueError) as problem:
            row["problem"] = str(problem).replace(str(model), model.name)
    return row


def worst(row):
    """The errors that count, beside the maker's own in float32."""
    own = row["float32"]
    return [(row["activations"], own["activations"]), (row.get("of_file", row["gradients"]), own["gradients"])]


def good(row):
    return not row["problem"] and all(ours <= TOLERANCE for ours, _ in worst(row))


def remark(row, maker):
    if good(row):
        return ""
    if all(ours <= TOLERANCE or ours < own for ours, own in worst(row)):
        return f"above 1e-4, {maker}'s float32 further"
    return "**above 1e-4**"


def table(results, kind="file", maker="Keras"):
    """Rows of each net and kind of file, beside what the maker's own float32 is off."""
    rows = [row for files in results.values() for row in files.values()]
    files_too = any("of_file" in row for row in rows)
    lines = [f"| net | million parameters | {kind} | activations | gradients "
             + ("| of the file " if files_too else "")
             + f"| s | {maker}'s float32: activations | gradients | |",
             "|---" * (10 if files_too else 9) + "|"]
    for net in sorted(results):
        for file, row in results[net].items():
            start, own = f"| {net} | {row['parameters'] / 1e6:.1f} | {file}", row["float32"]
            if row["problem"]:
                lines.append(f"{start} |{' |' * files_too} | | | | | {row['problem']} |")
            else:
                of_file = f"| {row['of_file']:.1e} " if "of_file" in row else "| " * files_too
                lines.append(f"{start} | {row['activations']:.1e} | {row['gradients']:.1e} {of_file}"
                             f"| {row['seconds']:.1f} "
                             f"| {own['activations']:.1e} | {own['gradients']:.1e} | {remark(row, maker)} |")
    lines += ["", f"{sum(map(good, rows))} of {len(rows)} files of {len(results)} nets are within 1e-4."]
    return "\n".join(lines)


def write(path, text):
    document = path.read_text()
    if BEGIN not in document or END not in document:
        sys.exit(f"{path}: has no {BEGIN} and {END}")
    head, rest = document.split(BEGIN, 1)
    path.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.split(END, 1)[1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--convscope", default="build/convscope")
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE.md")
    parser.add_argument("--make", metavar="PYTHON", help="a Python that has keras and tensorflow-cpu")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("keras-nets"))
    parser.add_argument("nets", nargs="*", help="folders; with --make, nets")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "results.json"
    results = json.loads(kept.read_text()) if kept.exists() else {}
    maker = pathlib.Path(__file__).with_name("make_keras_nets.py")
    nets = options.nets
    if options.make and not nets:
        listed = subprocess.run([options.make, maker, "--out", options.out, "--list"], check=True, text=True,
                                stdout=subprocess.PIPE)
        nets = [name for name in listed.stdout.split() if name not in results]
    for net in nets:
        folder = options.out / net if options.make else pathlib.Path(net)
        if options.make:
            subprocess.run([options.make, maker, "--out", options.out, net], check=True, stderr=subprocess.DEVNULL)
        results[folder.name] = {model.name: compare(options.convscope, folder, model)
                                for model in sorted(folder.glob("model.*"))}
        if options.make:
            shutil.rmtree(folder)
        kept.write_text(json.dumps(results, indent=1))
        print(folder.name, json.dumps(results[folder.name]), flush=True)
    print(table(results))
    if options.write:
        write(options.write, table(results))


if __name__ == "__main__":
    main()
