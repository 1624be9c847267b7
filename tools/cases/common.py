"""What the scripts of this folder share: where cases go, and how they are written (tests/cases/README.md)."""
import json
import pathlib

import numpy as np

CASES = pathlib.Path(__file__).resolve().parents[2] / "tests" / "cases"


def pattern(shape):
    """-1..1, the same numbers as the tests': what an input is that is given by its shape alone."""
    places = np.arange(np.prod(shape), dtype=np.uint64)
    mixed = ((places + 1) * 2654435761) % 2**32
    return ((mixed >> 8).astype(np.float64) / 2**23 - 1).astype(np.float32).reshape(shape)


def write_case(family, name, about, model, arrays, checks, model_name="net.onnx"):
    """`model`: bytes, or an onnx.ModelProto; `arrays`: name -> array, kept as float32."""
    folder = CASES / family / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / model_name).write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    for key, array in arrays.items():
        np.save(folder / f"{key}.npy", np.asarray(array, np.float32))
    text = json.dumps({"about": about, "model": model_name, "checks": checks}, indent=2)
    (folder / "case.json").write_text(text + "\n")
    return folder


def run_onnx(model, inputs):
    """All the file's outputs by onnxruntime on the CPU: name -> array.

    Without its optimizations: they compute batch normalizations that train, on constants, otherwise than it runs them.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model if isinstance(model, bytes) else model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))
