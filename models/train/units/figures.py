"""Calibrate a trained network anew and make its figures again, from the numbers that train.py kept.

    python3 models/train/units/figures.py --model DIR

DIR holds units.onnx, units.json and numbers.npz of train.py; units.json and figures.json are written again. This is for a change of
report.HAND or of a figure, which needs no training.
"""

import argparse
import base64
import json

import numpy as np

import export
import report
from data import HEADS, SCALE


def answers(head):
    unpack = lambda x: np.frombuffer(base64.b64decode(x), "<f4")
    layers = [(unpack(x["weights"]).reshape(x["out"], x["in"]), unpack(x["bias"])) for x in head["layers"]]
    n = len(HEADS)

    def answer(d, own):
        x = np.c_[d, np.full(len(d), float(own))].astype(np.float32)
        for i, (w, b) in enumerate(layers):
            x = x @ w.T + b
            if i < 2:
                x = np.maximum(x, 0)
        return x[:, :n] * SCALE, np.exp(0.5 * np.clip(x[:, n:2 * n], -7, 1)) * SCALE
    return answer


def kept(path):
    """The rows and numbers of each set."""
    f = np.load(path)
    sets = {}
    for name in [k[:-2] for k in f.files if k.endswith("_z")]:
        columns = {k[len(name) + 1:]: f[k] for k in f.files if k.startswith(name + "_") and not k.endswith("_z")}
        rows = np.zeros(len(f[name + "_z"]), [(k, v.dtype, v.shape[1:]) for k, v in columns.items()])
        for k, v in columns.items():
            rows[k] = v
        sets[name] = rows, f[name + "_z"].astype(np.float32)
    return sets


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--model", required=True)
    a = a.parse_args()
    head = json.load(open(f"{a.model}/units.json"))
    old = json.load(open(f"{a.model}/figures.json"))
    if "heads" in head:
        head = {k: head[k] for k in ("encoder", "numbers", "answers", "sided")} | {"layers": head["heads"]["full"]["layers"]}
    answer, z = answers(head), kept(f"{a.model}/numbers.npz")
    cal = report.calibrate(answer, *z["dev"])
    figures = {k: old[k] for k in ("seed", "arguments", "pictures")} | {"sha256": export.comparison(a.model, head, cal)}
    figures |= report.everything(answer, cal, z)
    json.dump(figures, open(f"{a.model}/figures.json", "w"), indent=1)
    report.show(figures)


if __name__ == "__main__":
    main()
