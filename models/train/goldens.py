"""Computes the golden tensors in models/testdata with TensorFlow Lite's own runtime.

Requirements: Python 3.11, ai-edge-litert 2.3.0, numpy 2.4.6 (in a venv; nothing of this is needed to build or run Wince).
Usage: python goldens.py face_landmark.tflite face_detection_short_range.tflite ../testdata

The two .tflite files are the parts that models/lock.json names. The pictures are computed, so that no picture of anybody is
kept; vision/ort/golden_test.go draws the same ones with the same integers. Files: little-endian float32, the outputs one
after the other in the order of the net.
"""

import pathlib
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

# Ellipses in 64ths of half the picture: centre x, y, half axes, colour. A face that both nets take for one.
FACE = [
    (0, 0, 34, 44, (206, 160, 132)),
    (-14, -10, 7, 3, (240, 240, 240)),
    (14, -10, 7, 3, (240, 240, 240)),
    (-14, -10, 3, 3, (60, 40, 30)),
    (14, -10, 3, 3, (60, 40, 30)),
    (-14, -18, 9, 2, (70, 50, 40)),
    (14, -18, 9, 2, (70, 50, 40)),
    (0, 8, 5, 3, (180, 130, 105)),
    (0, 22, 13, 4, (170, 70, 70)),
]


def texture(n):
    """n x n x 3 bytes without meaning, different at every pixel."""
    y, x, c = np.meshgrid(np.arange(n), np.arange(n), np.arange(3), indexing="ij")
    return (x * x * 3 + y * y * 5 + x * y * 7 + c * 50) % 251


def face(n):
    """n x n x 3 bytes: a drawn face before grey, with a little grain."""
    y, x = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    u, v = 2 * x + 1 - n, 2 * y + 1 - n
    picture = np.full((n, n, 3), 96)
    for cx, cy, rx, ry, colour in FACE:
        inside = ((u * 64 - cx * n) * ry) ** 2 + ((v * 64 - cy * n) * rx) ** 2 <= (rx * ry * n) ** 2
        picture[inside] = colour
    c = np.arange(3)
    return picture + ((x * 3 + y * 5)[..., None] + c * 7) % 16


def run(path, picture):
    net = Interpreter(model_path=str(path), num_threads=1)
    net.allocate_tensors()
    net.set_tensor(net.get_input_details()[0]["index"], picture[None].astype(np.float32))
    net.invoke()
    return [net.get_tensor(d["index"]).ravel() for d in net.get_output_details()]


def main():
    mesh, detector, out = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    for name, draw in (("face", face), ("texture", texture)):
        unit = draw(192).astype(np.float32) / np.float32(255)
        results = {"mesh": run(mesh, unit)}
        both = draw(128).astype(np.float32) / np.float32(127.5) - np.float32(1)
        results["detector"] = run(detector, both)
        for net, tensors in results.items():
            if name == "texture" and net == "detector":
                tensors = tensors[1:]  # the scores alone, to keep the files small
            data = np.concatenate(tensors).astype("<f4")
            (out / f"{net}_{name}.f32").write_bytes(data.tobytes())
            print(net, name, [t.shape for t in tensors], float(data.min()), float(data.max()), float(tensors[-1].max()))
    # Every operator of the conversion, in a net that models/convert/ops_test.go describes and writes.
    small = texture(8)[:, :7].astype(np.float32) / np.float32(125) - np.float32(1)
    data = np.concatenate(run(out / "ops.tflite", small)).astype("<f4")
    (out / "ops.f32").write_bytes(data.tobytes())
    print("ops", data.shape, float(data.min()), float(data.max()))


if __name__ == "__main__":
    main()
