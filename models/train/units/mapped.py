"""Compare how landmarks move with each action unit in our renders and in py-feat's map from units to the mesh.

    python3 models/train/units/mapped.py --data DIR --map au_to_mesh_pls_v4.npz

DIR is that of train.py. The map (cosanlab/py-feat, MIT licence) is linear, from 20 units and the pose to MediaPipe's 478 points of a face turned
to the front; it was fitted to real faces whose units py-feat's own detector gave, not a coder. For each unit: the cosine between both
movements of our 291 points, each without what moves all points alike, and the unit of the map that ours is most like.
"""

import argparse
import re
from pathlib import Path

import numpy as np

import data
import report

VISION = Path(__file__).resolve().parents[3] / "vision"
RIGHT_EYE, LEFT_EYE = 33, 263  # outer corners


def points():
    """MediaPipe's numbers of the landmarks that the network is shown, in order: the tables of vision/sight.go and vision/attention.go."""
    source = "".join(re.sub(r"//.*", "", (VISION / f).read_text()) for f in ("sight.go", "attention.go"))
    tables = [re.search(name + r"\s*=\s*\[[^\]]*\]int\s*\{([^}]*)\}", source).group(1) for name in ("otherPoints", "lipPoints", "rightEyePoints", "leftEyePoints")]
    return [int(n) for t in tables for n in re.findall(r"\d+", t)]


def rendered(rows):
    """For each unit how it moves the landmarks at full strength, all others held, from each person's own face at ease."""
    r, p, own, _ = report.pairs(rows, rows["points"].astype(float))
    y = report.truth(r)[:, :report.M]
    x = np.c_[y, r["pose"][:, :2], np.ones(len(y))]
    return (np.linalg.lstsq(x, p - own, rcond=None)[0][:report.M] * data.SCALE[:report.M, None]).reshape(report.M, -1, 2)


def mapped(path):
    """The same of the map, in our axes: outer eye corners 1 apart, y down."""
    f = np.load(path)
    eyes = f["mean_aligned_mesh"][LEFT_EYE, :2] - f["mean_aligned_mesh"][RIGHT_EYE, :2]
    move = f["coef"].reshape(len(f["input_columns"]), 3, -1).transpose(0, 2, 1)[:, points(), :2]
    names = [str(n) for n in f["input_columns"]]
    return {u: move[names.index(f"AU{u:02d}")] * [1, -1] / np.linalg.norm(eyes) for u in data.UNITS}


def cosine(a, b):
    a, b = a - a.mean(0), b - b.mean(0)
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--data", required=True)
    a.add_argument("--map", required=True)
    a = a.parse_args()
    ours = rendered(np.concatenate([data.load(f"{a.data}/{n}/*.bin") for n in ("dev", "test", "fresh")]))
    theirs = mapped(a.map)
    for u, move in zip(data.UNITS, ours):
        like = max(theirs, key=lambda v: cosine(move, theirs[v]))
        print(f"AU{u}: {cosine(move, theirs[u]):.2f}, most like the map's AU{like} ({cosine(move, theirs[like]):.2f})")


if __name__ == "__main__":
    main()
