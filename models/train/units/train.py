"""Train the network of the action units on rendered faces, and try it.

    python3 models/train/units/train.py --data DIR --out DIR [--seed N] [--real DIR]

DIR holds the rows that `faces render` wrote in train/, dev/ and test/; models/train/README.md has the whole command. --real DIR
holds rows of real faces at ease (and smiling) without labels, by which faces of people enter; see Step. Runs on a GPU if JAX finds
one. The same seed on the same machine gives the same weights.
"""

import argparse
import functools
import os
import time

import jax
import jax.numpy as jnp
import numpy as np

import data
import export
import heads
import net


def arguments():
    a = argparse.ArgumentParser()
    a.add_argument("--data", required=True)
    a.add_argument("--real")
    a.add_argument("--out", required=True)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--steps", type=int, default=5000)
    a.add_argument("--people", type=int, default=160, help="in a step")
    a.add_argument("--rate", type=float, default=1.5e-3)
    a.add_argument("--offset", type=float, default=0.6, help="share of comparisons with the average face in which a real person differs from it")
    a.add_argument("--smile", type=float, default=0.05, help="weight of real smiles, in which the brows do nothing")
    a.add_argument("--heads", type=int, default=10000, help="steps of the comparison of faces, which is fitted afterwards")
    a.add_argument("--decay", type=float, default=1e-4)
    return a.parse_args()


class Set:
    """Rows on the device."""

    def __init__(self, rows, norm=None):
        self.rows = rows
        g = np.concatenate([rows["pose"][:, :2] / 30, rows["features"], rows["points"]], 1)
        self.norm = norm or (g.mean(0), g.std(0) + 1e-3)
        self.geometry = jnp.asarray((g - self.norm[0]) / self.norm[1])
        self.patch = jnp.asarray(rows["patch"].reshape(-1, net.HEIGHT, net.WIDTH))
        y, s = data.targets(rows)
        self.y, self.sides = jnp.asarray(y), jnp.asarray(s)


class Step:
    """One step: people, each once at ease and twice as they act. Half the pictures are compared with the person's own face at
    ease, the others with the average face. Rendered people differ from their average as rendered people do; where real ones are
    given, a share of the comparisons takes the difference of a real person at ease from the average of the real ones instead,
    so that what real people look like at ease is learned to mean nothing."""

    def __init__(self, args, train, real):
        self.a, self.t, self.real = args, train, real
        self.people = data.People(train.rows)
        self.opposite = jnp.asarray(data.mirror(train.rows["points"][:20000]))
        k = len(data.SIDED)
        self.swap = np.r_[k:2 * k, 0:k]

    def flip(self, g, x):
        """The mirror image; g is whitened with other means on either side, so it is unwhitened first."""
        mean, sd = map(jnp.asarray, self.t.norm)
        raw = g * sd + mean
        k = net.POSE + net.FEATURES
        pts = raw[:, k:].reshape(len(g), -1, 2)[:, self.opposite] * jnp.array([-1, 1])
        raw = jnp.concatenate([raw[:, :2] * jnp.array([-1, 1]), raw[:, 2:k][:, data.ACROSS], pts.reshape(len(g), -1)], 1)
        return (raw - mean) / sd, x[:, :, ::-1]

    def look(self, p, key, g, patch, flip):
        k1, k2, k3 = jax.random.split(key, 3)
        x = net.flatten(net.augment(k1, patch.astype(jnp.float32) / 255))
        g = g + 0.07 * jax.random.normal(k2, g.shape)  # in standard deviations
        fg, fx = self.flip(g, x)
        return net.encode(p, jnp.where(flip[:, None], fg, g), jnp.where(flip[:, None, None], fx, x), k3)

    def loss(self, p, key, arrays):
        geometry, patch, y, sides, calm, calms, busy, busies, real = arrays
        k = iter(jax.random.split(key, 16))
        n = self.a.people
        who = jax.random.randint(next(k), (n,), 0, len(calm))
        pick = lambda table, counts, m: jnp.take_along_axis(table[who], (jax.random.uniform(next(k), (n, m)) * counts[who][:, None]).astype(jnp.int32), 1)
        own, acts = pick(calm, calms, 1), pick(busy, busies, 2)
        idx = jnp.concatenate([own, acts], 1).reshape(-1)
        flip = jax.random.bernoulli(next(k), 0.5, (n,))
        z = self.look(p, next(k), geometry[idx], patch[idx], jnp.repeat(flip, 3)).reshape(n, 3, -1)
        rest, z = z[:, 0], z[:, 1:]
        y, sides = y[idx].reshape(n, 3, -1)[:, 1:], sides[idx].reshape(n, 3, -1)[:, 1:]
        sides = jnp.where(flip[:, None, None], sides[..., self.swap], sides)
        mean = rest.mean(0)
        with_own, with_mean = z - rest[:, None], z - mean
        extra = 0.0
        if real is not None:
            rg, rp, sg, sp = real
            m = len(rg)
            rflip = jnp.arange(2 * m) >= m
            rz = self.look(p, next(k), jnp.tile(rg, (2, 1)), jnp.tile(rp, (2, 1, 1)), rflip)
            off = rz - rz.mean(0)
            take = off[jax.random.randint(next(k), (n, 2), 0, 2 * m)] * jax.random.uniform(next(k), (n, 2, 1), minval=0.3, maxval=1.2)
            use = jax.random.bernoulli(next(k), self.a.offset, (n, 2, 1))
            with_mean = jnp.where(use, with_own + take, with_mean)
            if self.a.smile > 0:
                sz = self.look(p, next(k), jnp.tile(sg, (2, 1)), jnp.tile(sp, (2, 1, 1)), rflip)
                d = jnp.concatenate([sz - rz, sz - rz.mean(0)])
                o = jnp.concatenate([jnp.ones(2 * m), jnp.zeros(2 * m)])
                still = [data.AT[u] for u in (1, 2, 4, 5, 15, 17, 43)]
                for head in ("plain", "full"):
                    out = net.compare(p, jax.lax.stop_gradient(d) if head == "full" else d, o, head)[0]
                    extra += self.a.smile * (jnp.abs(out[:, jnp.array(still)]).mean() + jax.nn.relu(0.3 - out[:, data.AT[12]]).mean())
        kind = jax.random.bernoulli(next(k), 0.5, (n, 2))
        d = jnp.where(kind[..., None], with_own, with_mean).reshape(2 * n, -1)
        y, sides = y.reshape(2 * n, -1), sides.reshape(2 * n, -1)
        for head in ("plain", "full"):
            m, lv, s = net.compare(p, d, kind.reshape(-1).astype(jnp.float32), head)
            nll = jax.lax.stop_gradient(jnp.exp(0.5 * lv)) * ((y - m) ** 2 * jnp.exp(-lv) + lv) / 2
            extra += 5 * nll.mean() + ((sides - s) ** 2).mean()
        return extra


def fit(args, train, real):
    step = Step(args, train, real)
    p = net.init(jax.random.key(args.seed), train.rows["points"].shape[1])
    decay = {k: {"w": args.decay if k[-1] == "d" or k[:3] in ("geo", "fol", "pla", "ful") else 0.0, "b": 0.0} for k in p}
    q = step.people
    arrays = (train.geometry, train.patch, train.y, train.sides, *map(jnp.asarray, (q.calm, q.calms, q.busy, q.busies)), real)

    @functools.partial(jax.jit, donate_argnums=0)
    def many(state, arrays, keys, ts):
        def one(state, kt):
            p, m, v, ema = state
            key, t = kt
            loss, g = jax.value_and_grad(step.loss)(p, key, arrays)
            warm = jnp.minimum(t / 200, 1) * 0.5 * (1 + jnp.cos(jnp.pi * t / args.steps))
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
            hat = 1 - 0.999 ** (t + 1)
            p = jax.tree.map(lambda p, m, v, d: p - args.rate * warm * (m / (jnp.sqrt(v / hat) + 1e-8) + 100 * d * p), p, m, v, decay)
            ema = jax.tree.map(lambda e, p: 0.998 * e + 0.002 * p, ema, p)
            return (p, m, v, ema), loss
        return jax.lax.scan(one, state, (keys, ts))
    zero = jax.tree.map(jnp.zeros_like, p)
    state = (p, zero, jax.tree.map(jnp.zeros_like, p), jax.tree.map(jnp.copy, p))
    keys = jax.random.split(jax.random.key(1000 + args.seed), args.steps)
    start, chunk = time.time(), min(100, args.steps)
    for i in range(0, args.steps, chunk):
        state, losses = many(state, arrays, keys[i:i + chunk], jnp.arange(i, min(i + chunk, args.steps)))
        if i // chunk % 10 == 0:
            print(f"step {i + chunk} loss {float(losses.mean()):.4f} {time.time() - start:.0f} s", flush=True)
    return jax.device_get(state[3])


@jax.jit
def numbers(p, geometry, patch):
    return net.encode(p, geometry, net.flatten(patch.astype(jnp.float32) / 255))


def latent(p, s, batch=1024):
    n = len(s.rows)
    out = []
    for i in range(0, n, batch):
        j = jnp.minimum(jnp.arange(i, i + batch), n - 1)
        out.append(np.asarray(numbers(p, s.geometry[j], s.patch[j])))
    return np.concatenate(out)[:n]


def main():
    a = arguments()
    train = Set(data.load(f"{a.data}/train/*.bin"))
    real = None
    if a.real:
        pair = [data.load(f"{a.real}/{m}.bin") for m in ("neutral", "smiling")]
        pair = [r[r["identity"] % 2 == 0] for r in pair]  # every second person, as the average face is made of
        both = np.intersect1d(pair[0]["identity"], pair[1]["identity"])
        sets = [Set(r[np.isin(r["identity"], both)], train.norm) for r in pair]
        real = (sets[0].geometry, sets[0].patch, sets[1].geometry, sets[1].patch)
    print(jax.devices()[0], len(train.rows), "pictures", len(np.unique(train.rows["identity"])), "people", flush=True)
    p = fit(a, train, real)
    os.makedirs(a.out, exist_ok=True)
    z = {name: (s.rows, latent(p, s)) for name, s in ((n, Set(data.load(f"{a.data}/{n}/*.bin"), train.norm)) for n in ("dev", "test"))}
    z["train"] = (train.rows, latent(p, train))
    about = {"seed": a.seed, "arguments": {k: v for k, v in vars(a).items() if k not in ("data", "out", "real")},
             "pictures": {n: len(r) for n, (r, _) in z.items()}}
    if a.real:
        r = {n: Set(data.load(f"{a.real}/{n}.bin"), train.norm) for n in ("neutral", "smiling", "clip", "rendered") if os.path.exists(f"{a.real}/{n}.bin")}
        faces = {n: (s.rows, latent(p, s)) for n, s in r.items()}
        z.update(faces)
    small = [n for n in train.rows.dtype.names if n not in ("patch", "points")]
    np.savez_compressed(f"{a.out}/numbers.npz", **{f"{n}_z": v.astype(np.float16) for n, (_, v) in z.items()},
                        **{f"{n}_{c}": r[c] for n, (r, _) in z.items() for c in small})
    export.write(a.out, p, train.norm)
    heads.finish(a.out, a.seed, about, steps=a.heads)


if __name__ == "__main__":
    main()
