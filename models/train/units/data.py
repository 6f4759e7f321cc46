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
PAIRED = [1, 2, 4, 5, 6, 7, 9, 10, 12, 15, 20]  # what either half of a rendered face does by itself
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
    """Each head's true value, 0-1 of its scale."""
    u = rows["units"].astype(np.float32)
    u[:, AT[25]] = rows["parted"]  # whatever parts the lips, AU25 is what a coder scores
    full = np.concatenate([u, np.maximum(u[:, AT[6]], u[:, AT[7]])[:, None], np.maximum(u[:, AT[9]], u[:, AT[10]])[:, None]], 1)
    return (full / SCALE).astype(np.float32)


def mirror(points):
    """For each landmark the one opposite, found on the mean of many faces."""
    m = points.reshape(len(points), -1, 2).mean(0)
    d = ((m[:, None] * [-1, 1] - m[None]) ** 2).sum(-1)
    return d.argmin(1)


def follow(rows):
    """A matrix from how landmarks move to how the features do, which are distances between them but for the last two, those of the skin."""
    p = rows["points"].astype(float)
    m = np.linalg.lstsq(p - p.mean(0), rows["features"] - rows["features"].mean(0), rcond=None)[0]
    m[:, -2:] = 0
    return m.astype(np.float32)


RIGHT = np.array([a > i for i, a in enumerate(ACROSS)])  # the features of the person's right half
LEFT = np.array([a < i for i, a in enumerate(ACROSS)])
HALF = 1 << 30  # added to the identity of who is read from one half


def halves(rows, across):
    """People as they are read from one half of the face, the other taken for its mirror image, as vision does: with each half that some
    picture shows alone, those pictures, some others, and the face at ease. Their units are that half's."""
    out = [rows[:0]]
    for k, sign in ((0, -1), (1, 1)):  # the right half, the left
        one = rows["lopsided"] * sign > 0.5
        if not one.any():  # as with SMALL=1
            continue
        some = one | (rows["shot"] < 3) | ((np.abs(rows["lopsided"]) <= 0.5) & (rows["shot"] % 5 == 4))
        r = rows[some & np.isin(rows["identity"], rows["identity"][one])].copy()
        r["features"] = np.where((LEFT, RIGHT)[k], r["features"][:, ACROSS], r["features"])
        p = r["points"].reshape(len(r), -1, 2)
        side = p.mean(0)[:, 0] * sign < 0
        p[:] = np.where(side[:, None], p[:, across] * [-1, 1], p)
        p[:, across == np.arange(len(across)), 0] = 0
        r["points"] = p.reshape(len(r), -1)
        x = r["patch"].reshape(len(r), HEIGHT, WIDTH)
        half = x[:, :, WIDTH // 2:] if k else x[:, :, :WIDTH // 2][:, :, ::-1]
        r["patch"] = np.concatenate([half[:, :, ::-1], half], 2).reshape(len(r), -1)
        for u in PAIRED:
            r["units"][:, AT[u]] = np.minimum(r["units"][:, AT[u]] * (1 + sign * r["lopsided"]), 5)
        r["identity"] += HALF * (1 + k)
        out.append(r)
    return np.concatenate(out)


class People:
    """Which rows show whom: for each person up to 3 at ease and the rest, as tables of row numbers. With the rows of twins who do the same: for
    each person whose twin was seen at ease and in some of the same shots, those shots, as tables of both ones' row numbers."""

    def __init__(self, rows, twins=None):
        order = np.argsort(rows["identity"], kind="stable")
        ids, start = np.unique(rows["identity"][order], return_index=True)
        calm, busy, self.ids = [], [], []
        for i, group in zip(ids, np.split(order, start[1:])):
            k = rows["shot"][group] < 3
            if k.any() and (~k).sum() >= 2:
                calm.append(group[k])
                busy.append(group[~k])
                self.ids.append(i)
        self.ids = np.array(self.ids)
        self.calm, self.calms = pad(calm)
        self.busy, self.busies = pad(busy)
        if twins is not None:
            self.pair(rows, twins)

    def pair(self, rows, twins):
        at = {(i, s): k for k, (i, s) in enumerate(zip(twins["identity"].tolist(), twins["shot"].tolist()))}
        paired, shots, theirs, calm = [], [], [], []
        for k, i in enumerate(self.ids.tolist()):
            both = [r for r in self.busy[k, :self.busies[k]].tolist() if (i, int(rows["shot"][r])) in at]
            ease = [at[i, s] for s in range(3) if (i, s) in at]
            if both and ease:
                paired.append(k)
                shots.append(np.array(both))
                theirs.append(np.array([at[i, int(rows["shot"][r])] for r in both]))
                calm.append(np.array(ease))
        self.paired = np.array(paired, np.int32)
        (self.shots, self.both), (self.theirs, _), (self.ease, _) = pad(shots), pad(theirs), pad(calm)

    def __len__(self):
        return len(self.calm)


def pad(groups):
    if not groups:
        return np.zeros((0, 1), np.int32), np.zeros(0, np.int32)
    n = max(map(len, groups))
    return np.stack([np.resize(g, n) for g in groups]).astype(np.int32), np.array([len(g) for g in groups], np.int32)
