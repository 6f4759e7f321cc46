"""Rows that `faces` wrote: what the network is shown of a face, and what is known of that face."""

import glob
import json

import numpy as np

HEIGHT, WIDTH = 136, 104
FEATURES = 26
UNITS = [1, 2, 4, 5, 6, 7, 9, 10, 12, 15, 17, 20, 25, 26, 43]
AT = {u: i for i, u in enumerate(UNITS)}
# What the network answers: the units, then the two maxima of PSPI, which are easier than their parts.
HEADS = [f"AU{u}" for u in UNITS] + ["max67", "max910"]
SIDED = [4, 6, 7, 9, 10, 12, 20]  # also answered for the person's right and left
SCALE = np.array([5.0] * 14 + [1.0, 5.0, 5.0], np.float32)  # of a head at full strength
ACROSS = [1, 0, 3, 2, 5, 4, 7, 6, 8, 10, 9, 12, 11, 14, 13, 15, 16, 18, 17, 20, 19, 21, 22, 23, 24, 25]  # the features of the mirror image


def load(pattern):
    """All rows of the files that match, in the order of their names."""
    parts = []
    for path in sorted(glob.glob(pattern)):
        columns = json.load(open(path[:-4] + ".json"))
        kind = np.dtype([(c["name"], c["type"], (c["count"],) if c["count"] > 1 else ()) for c in columns])
        parts.append(np.fromfile(path, kind))
    if not parts:
        raise SystemExit(f"no file matches {pattern}: make them with `faces render`")
    return np.concatenate(parts)


def targets(rows):
    """Each head's true value, 0-1 of its scale, and each side's."""
    u = rows["units"].astype(np.float32)
    u[:, AT[25]] = rows["parted"]  # whatever parts the lips, AU25 is what a coder scores
    full = np.concatenate([u, np.maximum(u[:, AT[6]], u[:, AT[7]])[:, None], np.maximum(u[:, AT[9]], u[:, AT[10]])[:, None]], 1)
    part = u[:, [AT[a] for a in SIDED]] / 5
    lop = rows["lopsided"][:, None]
    return (full / SCALE).astype(np.float32), np.concatenate([part * (1 - lop), part * (1 + lop)], 1).astype(np.float32)


def mirror(points):
    """For each landmark the one opposite, found on the mean of many faces."""
    m = points.reshape(len(points), -1, 2).mean(0)
    d = ((m[:, None] * [-1, 1] - m[None]) ** 2).sum(-1)
    return d.argmin(1)


class People:
    """Which rows show whom: for each person up to 3 at ease and the rest, as tables of row numbers."""

    def __init__(self, rows):
        order = np.argsort(rows["identity"], kind="stable")
        ids, start = np.unique(rows["identity"][order], return_index=True)
        calm, busy = [], []
        for group in np.split(order, start[1:]):
            k = rows["shot"][group] < 3
            if k.any() and (~k).sum() >= 2:
                calm.append(group[k])
                busy.append(group[~k])
        self.calm, self.calms = pad(calm)
        self.busy, self.busies = pad(busy)

    def __len__(self):
        return len(self.calm)


def pad(groups):
    n = max(map(len, groups))
    return np.stack([np.resize(g, n) for g in groups]).astype(np.int32), np.array([len(g) for g in groups], np.int32)
