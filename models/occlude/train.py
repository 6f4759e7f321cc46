"""Trains the gate for covered faces: how much of each region of the face is hidden, from a patch of 40 x 40.

    go run ./cmd/calibrate cover --people 0 --each 9 --seed 2000 --out faces
    go run ./cmd/calibrate cover --people 40 --shots 5 --each 9 --seed 3000 --part -1 --out renders-1
    go run ./cmd/calibrate cover --people 40 --shots 5 --each 9 --seed 4000 --part -1 --out renders-2
    go run ./cmd/calibrate cover --people 2 --shots 3 --each 6 --seed 1000 --out both
    pip install -r models/occlude/requirements.txt
    python models/occlude/train.py --seed 1 --out vision/cover.bin faces renders-1 renders-2 both

The network is the one of vision/cover.go. Every fifth person is kept from training; on them the figures are printed, and by
them the moment of training is chosen that is kept. The same data gives the same weights on the same processor; the committed ones
were trained before there was a gate, which now leaves out a picture in two hundred that it refuses with nothing drawn on it.
"""
import argparse
import csv

import jax
import jax.numpy as jnp
import numpy as np

SIDE, C1, C2, HIDDEN, REGIONS = 40, 16, 24, 24, 5
NAMES = ["right_eye", "left_eye", "brows", "nose", "mouth"]
# So much of a region hidden counts as covered in the figures that are printed.
HIDDEN_FROM = np.array([0.5, 0.5, 0.5, 0.5, 0.65])


def load(names):
    patches, rows = [], []
    for name in names:
        r = list(csv.DictReader(open(name + ".csv")))
        p = np.fromfile(name + ".f32", "<f4").reshape(-1, SIDE, SIDE, 3)
        # What the gate refuses for another reason never comes here.
        keep = [i for i, x in enumerate(r) if x["state"] == "scored" or "covered" in x["reasons"] or x["reasons"] == "obscured"]
        patches.append(p[keep])
        rows += [r[i] for i in keep]
    y = np.array([[float(x[n]) for n in NAMES] for x in rows], np.float32)
    return np.concatenate(patches), y, rows


def start(key):
    def layer(key, out, inn):
        return jax.random.normal(key, (out, inn)) * np.sqrt(2 / inn), jnp.zeros(out)

    k = jax.random.split(key, 4)
    return [layer(k[0], C1, 48), layer(k[1], C2, 9 * C1), layer(k[2], HIDDEN, 16 * C2), layer(k[3], REGIONS, HIDDEN)]


def network(p, x, drop=None):
    n = x.shape[0]
    x = x.reshape(n, 10, 4, 10, 4, 3).transpose(0, 1, 3, 2, 4, 5).reshape(n, 10, 10, 48)
    x = jax.nn.relu(x @ p[0][0].T + p[0][1])
    x = jnp.concatenate([x[:, r : r + 7 : 2, c : c + 7 : 2] for r in range(3) for c in range(3)], -1)
    x = jax.nn.relu(x @ p[1][0].T + p[1][1]).reshape(n, -1)
    if drop is not None:
        x = x * drop
    x = jax.nn.relu(x @ p[2][0].T + p[2][1])
    return x @ p[3][0].T + p[3][1]


def vary(r, x, y):
    """Other light, contrast, colour, sharpness, noise; mirrored."""
    n = len(x)
    x = x.copy()
    flip = r.random(n) < 0.5
    x[flip] = x[flip, :, ::-1]
    y = y.copy()
    y[flip] = y[flip][:, [1, 0, 2, 3, 4]]
    soft = r.random(n) < 0.4
    b = x[soft]
    for axis in (1, 2):
        b = (np.roll(b, 1, axis) + 2 * b + np.roll(b, -1, axis)) / 4
    x[soft] = b
    u = np.linspace(-1, 1, SIDE, dtype=np.float32)
    side = r.normal(0, 0.18, (n, 1, 1)) * u[None, None, :] + r.normal(0, 0.12, (n, 1, 1)) * u[None, :, None]
    light = (1 + x[..., 0]) ** r.uniform(0.75, 1.3, (n, 1, 1)) * (1 + side)
    x[..., 0] = light / light.mean((1, 2), keepdims=True) - 1
    x[..., 1:] *= r.uniform(0.5, 1.4, (n, 1, 1, 1))
    x += r.normal(0, 1, x.shape) * r.uniform(0, 0.05, (n, 1, 1, 1))
    return np.clip(x, -1, 2).astype(np.float32), y


def figures(said, y):
    out = {}
    for k, name in enumerate(NAMES):
        seen, hidden = said[y[:, k] <= 0.02, k], said[y[:, k] >= HIDDEN_FROM[k], k]
        order = np.sort(seen)
        out[name] = float((order.searchsorted(hidden, "left") + order.searchsorted(hidden, "right")).mean() / 2 / len(order))
    return out


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("data", nargs="+")
    a.add_argument("--out", default="vision/cover.bin")
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--epochs", type=int, default=60)
    o = a.parse_args()
    x, y, rows = load(o.data)
    people = sorted({(r["set"][:4], r["person"]) for r in rows})
    kept = {p for i, p in enumerate(people) if i % 5 == 4}
    dev = np.array([(r["set"][:4], r["person"]) in kept for r in rows])
    print(f"{(~dev).sum()} patches to train on, {dev.sum()} to choose by, {len(people)} people")
    weight = np.array([3.0 if r["kind"] == "nothing" else 1.0 for r in rows], np.float32)
    weight *= np.where([r["set"].startswith("face") for r in rows], 1.5, 1)
    r = np.random.default_rng(o.seed)
    p = start(jax.random.PRNGKey(o.seed))
    flat, tree = jax.tree_util.tree_flatten(p)
    m, v = [jnp.zeros_like(q) for q in flat], [jnp.zeros_like(q) for q in flat]

    def loss(p, x, y, w, drop):
        z = network(p, x, drop)
        return jnp.mean(w[:, None] * (jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-abs(z))))) + 1e-4 * sum(
            jnp.sum(q[0] ** 2) for q in p
        )

    @jax.jit
    def step(p, m, v, t, rate, *batch):
        g = jax.tree_util.tree_leaves(jax.grad(loss)(p, *batch))
        m = [0.9 * a + 0.1 * b for a, b in zip(m, g)]
        v = [0.999 * a + 0.001 * b * b for a, b in zip(v, g)]
        q = [
            a - rate * (b / (1 - 0.9**t)) / (jnp.sqrt(c / (1 - 0.999**t)) + 1e-8)
            for a, b, c in zip(jax.tree_util.tree_leaves(p), m, v)
        ]
        return jax.tree_util.tree_unflatten(tree, q), m, v

    run = jax.jit(network)
    train = np.flatnonzero(~dev)
    size, t, best = 128, 0, None
    steps = o.epochs * (len(train) // size)
    for epoch in range(o.epochs):
        order = r.permutation(train)
        for i in range(0, len(order) - size + 1, size):
            b = order[i : i + size]
            t += 1
            rate = 2e-3 * 0.5 * (1 + np.cos(np.pi * t / steps))
            drop = (r.random((size, 16 * C2)) > 0.15).astype(np.float32) / 0.85
            bx, by = vary(r, x[b], y[b])
            p, m, v = step(p, m, v, float(t), rate, bx, by, weight[b], drop)
        said = 1 / (1 + np.exp(-np.asarray(run(p, x[dev]))))
        f = figures(said, y[dev])
        err = float(np.mean((said - y[dev]) ** 2))
        if best is None or err < best[0]:
            best = err, p, f, epoch
        if epoch % 10 == 9:
            print(epoch, f"{err:.4f}", " ".join(f"{k} {a:.3f}" for k, a in f.items()), flush=True)
    err, p, f, epoch = best
    print(f"kept epoch {epoch}: {err:.4f}", f)
    with open(o.out, "wb") as out:
        for w, b in p:
            out.write(np.asarray(w, "<f4").tobytes())
            out.write(np.asarray(b, "<f4").tobytes())


main()
