"""Fit the comparison of faces on the numbers that the trained encoder makes of them, calibrate it, and make every figure.

    python3 models/train/units/heads.py --model DIR [--seed N]

DIR holds units.onnx and numbers.npz of train.py, which ends with this step; units.json and figures.json are written. By itself it is
for a change of the comparison, of report.HAND or of a figure: it takes some four minutes on one core and leaves the encoder as it is.

While the encoder learns, its heads give way where they are unsure (the loss is a likelihood), and what is hard to see is hardly learned.
Here each unit's squared error counts alike, and the variance is fitted to the errors without a say in the mean.
"""

import argparse
import json

import jax
import jax.numpy as jnp
import numpy as np
from jax import random

import data
import export
import report
from data import AT, HEADS, SCALE, SIDED

WIDTHS = (128, 64)
STILL = [AT[u] for u in (1, 2, 4, 5, 9, 10, 15, 17, 20, 43)]  # what a smile does not move
N = len(HEADS)


def inputs(rows, numbers):
    """What the comparison is told of each face: the features chosen by hand and the encoder's numbers."""
    return np.concatenate([rows["features"], numbers], 1).astype(np.float32)


def answer_raw(layers, x):
    for i, (w, b) in enumerate(layers):
        x = x @ w + b
        if i < len(layers) - 1:
            x = jax.nn.relu(x)
    return x


class Pairs:
    """Draws pairs of faces: somebody who acts and the same person at ease, or the average face. Of the latter a share has the
    difference of a real person at ease from the average of real ones instead, where real ones are given, so that how people look at
    ease is learned to mean nothing."""

    def __init__(self, rows, x, real, offset):
        self.x, self.offset = jnp.asarray(x), offset
        y, sides = data.targets(rows)
        self.y, self.sides = jnp.asarray(y), jnp.asarray(sides)
        p = data.People(rows)
        self.calm, self.calms, self.busy, self.busies = map(jnp.asarray, (p.calm, p.calms, p.busy, p.busies))
        self.mean = jnp.asarray(x[rows["shot"] < 3].mean(0))
        self.real = None if real is None else tuple(map(jnp.asarray, real))

    def draw(self, key, n):
        k = iter(random.split(key, 8))
        who = random.randint(next(k), (n,), 0, len(self.calm))
        pick = lambda table, counts, m: table[who[:, None], (random.uniform(next(k), (n, m)) * counts[who][:, None]).astype(int)]
        acts, calm = pick(self.busy, self.busies, 1)[:, 0], self.x[pick(self.calm, self.calms, 3)]
        rest = jnp.where(random.bernoulli(next(k), 0.5, (n, 1)), calm.mean(1), calm[:, 0])  # of one picture or of some
        own, other = self.x[acts] - rest, self.x[acts] - self.mean
        if self.real is not None:
            ease = self.real[0] - self.real[0].mean(0)
            real = own + ease[random.randint(next(k), (n,), 0, len(ease))] * random.uniform(next(k), (n, 1), minval=0.3, maxval=1.2)
            other = jnp.where(random.bernoulli(next(k), self.offset, (n, 1)), real, other)
        kind = random.bernoulli(next(k), 0.5, (n, 1))
        return jnp.where(kind, own, other), kind.astype(jnp.float32), self.y[acts], self.sides[acts]

    def smiles(self):
        """Real smiles against the person's own face and against the average one."""
        rest, smile = self.real
        d = jnp.concatenate([smile - rest, smile - rest.mean(0)])
        return d, jnp.repeat(jnp.array([1.0, 0.0]), len(rest))[:, None]


def fit(rows, x, real, seed, steps=10000, batch=512, rate=1e-3, noise=0.1, offset=0.6, smile=1.0, decay=1e-4):
    """Layers of the comparison, weights and bias each; noise is in standard deviations of each input."""
    pairs = Pairs(rows, x, real, offset)
    scale = jnp.asarray(np.append(1 / (x.std(0) + 1e-6), 1).astype(np.float32))
    weight = 1 / jnp.maximum(pairs.y.var(0), 0.01)
    sizes = [x.shape[1] + 1, *WIDTHS, 2 * N + 2 * len(SIDED)]
    layers = [(random.normal(k, (a, b)) * np.sqrt(2 / a), jnp.zeros(b)) for k, a, b in zip(random.split(random.key(seed), len(sizes) - 1), sizes, sizes[1:])]

    layers[-1] = (0.1 * layers[-1][0], layers[-1][1])  # else the first variances are so far off that what was drawn at first is never forgotten

    def loss(layers, key):
        k1, k2 = random.split(key)
        d, kind, y, sides = pairs.draw(k1, batch)
        d = d * scale[:-1] + noise * random.normal(k2, d.shape)
        out = answer_raw(layers, jnp.concatenate([d, kind], 1))
        error, spread = out[:, :N] - y, jnp.clip(out[:, N:2 * N], -7, 1)
        total = (error ** 2 * weight).mean() + 0.02 * (jax.lax.stop_gradient(error) ** 2 * jnp.exp(-spread) + spread).mean()
        total += 5 * ((out[:, 2 * N:] - sides) ** 2).mean()
        if real is not None:
            d, kind = pairs.smiles()
            out = answer_raw(layers, jnp.concatenate([d * scale[:-1], kind], 1))
            total += smile * (jnp.abs(out[:, jnp.array(STILL)]).mean() + jax.nn.relu(0.3 - out[:, AT[12]]).mean())
        return total + decay * sum((w ** 2).sum() for w, _ in layers)

    @jax.jit
    def many(state, keys, ts):
        def one(state, kt):
            p, m, v, ema = state
            key, t = kt
            g = jax.grad(loss)(p, key)
            r = rate * jnp.minimum(t / 100, 1) * 0.5 * (1 + jnp.cos(jnp.pi * t / steps))
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
            hat = 1 - 0.999 ** (t + 1)
            p = jax.tree.map(lambda p, m, v: p - r * m / (jnp.sqrt(v / hat) + 1e-8), p, m, v)
            return (p, m, v, jax.tree.map(lambda e, p: 0.995 * e + 0.005 * p, ema, p)), None
        return jax.lax.scan(one, state, (keys, ts))[0]
    zero = jax.tree.map(jnp.zeros_like, layers)
    state, keys, chunk = (layers, zero, zero, layers), random.split(random.key(1000 + seed), steps), min(1000, steps)
    for i in range(0, steps, chunk):
        state = many(state, keys[i:i + chunk], jnp.arange(i, min(i + chunk, steps)))
    layers = [(np.asarray(w), np.asarray(b)) for w, b in state[3]]
    return [(layers[0][0] * np.asarray(scale)[:, None], layers[0][1])] + layers[1:]


def answers(members):
    """A function of differences and of whether the other face is the person's own: levels and standard deviations, the mean of all
    members' answers."""
    run = jax.jit(lambda x: sum(answer_raw(layers, x) for layers in members) / len(members))

    def answer(d, own):
        out = np.asarray(run(jnp.concatenate([jnp.asarray(d, jnp.float32), jnp.full((len(d), 1), float(own))], 1)))
        return out[:, :N] * SCALE, np.exp(0.5 * np.clip(out[:, N:2 * N], -7, 1)) * SCALE
    return answer


def kept(path):
    """The rows and inputs of each set that train.py kept."""
    f = np.load(path)
    sets = {}
    for name in [k[:-2] for k in f.files if k.endswith("_z")]:
        columns = {k[len(name) + 1:]: f[k] for k in f.files if k.startswith(name + "_") and not k.endswith("_z")}
        rows = np.zeros(len(f[name + "_z"]), [(k, v.dtype, v.shape[1:]) for k, v in columns.items()])
        for k, v in columns.items():
            rows[k] = v
        sets[name] = rows, inputs(rows, f[name + "_z"])
    return sets


def ease(sets):
    """Real people at ease and smiling, every second one, as the average face is made of; None where there are none."""
    if "neutral" not in sets or "smiling" not in sets:
        return None
    (a, ax), (b, bx) = sets["neutral"], sets["smiling"]
    at = lambda rows: {int(i): k for k, i in reversed(list(enumerate(rows["identity"])))}
    a, b = at(a), at(b)
    both = [i for i in sorted(a) if i % 2 == 0 and i in b]
    return ax[[a[i] for i in both]], bx[[b[i] for i in both]]


def strangers(sets, seed, steps, count):
    """The spread of each level between people at ease against the average face, as people have it whom the comparison was not fitted on:
    each half of the real people is measured by comparisons that were fitted with the other half only."""
    x, smiles = ease(sets)
    levels, features = np.zeros((len(x), N)), x[:, :data.FEATURES].astype(float)
    for part in (0, 1):
        known = np.arange(len(x)) % 2 != part
        answer = answers([fit(*sets["train"], (x[known], smiles[known]), seed + k, steps) for k in range(count)])
        cal = report.calibrate(answer, *sets["dev"])
        m, s = answer(x - x.mean(0), False)
        levels[~known] = report.unbounded(cal, "average", m, s, report.raw(features, features.mean(0)))[0][~known]
    spread = levels.std(0, ddof=1)
    spread[AT[43]] = 0  # nobody's eyes are half closed by nature
    return spread


def finish(out, seed, about, steps=10000, count=3):
    """Write units.json and figures.json. count comparisons are fitted, from as many seeds, and their answers averaged: on real faces,
    which none of them knows, they differ more than on rendered ones. about is what figures.json says of the encoder's training."""
    sets = kept(f"{out}/numbers.npz")
    real, members = ease(sets), {}
    for s in range(seed, seed + count):
        members[s] = fit(*sets["train"], real, s, steps)
        print(f"comparison {s} is fitted", flush=True)

    spread = None if real is None else strangers(sets, seed, steps, count)

    def figures(members):
        answer = answers(members)
        cal = report.calibrate(answer, *sets["dev"])
        cal["average"]["ease"] = np.zeros(N) if spread is None else spread
        return cal, report.everything(answer, cal, sets)
    cal, f = figures(list(members.values()))
    f = {"encoder": about, "heads": {"seeds": list(members), "steps": steps, "hand": {f"AU{u}": h for u, h in report.HAND.items()}},
         "sha256": export.comparison(out, list(members.values()), cal)} | f
    report.show(f)
    f["each seed alone"] = {str(s): report.short(figures([m])[1]) for s, m in members.items()}
    json.dump(f, open(f"{out}/figures.json", "w"), indent=1)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--model", required=True)
    a.add_argument("--seed", type=int, default=1)
    a = a.parse_args()
    old = json.load(open(f"{a.model}/figures.json"))
    finish(a.model, a.seed, old.get("encoder") or {k: old[k] for k in ("seed", "arguments", "pictures")})


if __name__ == "__main__":
    main()
