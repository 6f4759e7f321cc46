"""The network: an encoder that turns one face into numbers, and heads that compare two faces by their numbers.

Half of the numbers come from distances, landmarks and from how rough the skin is in each cell of a grid: little that tells a
rendered face from a real one. The others come from convolutions over the skin, which see more and carry over less. The plain head
has the former alone, the full head all. Both are there in training only, the plain one so that the former numbers say what they can
by themselves; heads.py then fits what is used."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from data import FEATURES, HEADS, HEIGHT, SIDED, WIDTH

POSE = 2
UPPER, LOWER = (0, 64), (48, 112)  # rows of the patch: brows to nose, nose to chin
GEOMETRY, FOLDS, UPPERS, LOWERS = 32, 24, 24, 16
PLAIN = GEOMETRY + FOLDS
LATENT = PLAIN + UPPERS + LOWERS
CHANNELS = [16, 32, 48]
CELL, STEP, FLOOR = 8, 2, 0.01  # of the grid; over how many samples folds are read; below which there are none
CELLS = 2 * (HEIGHT // CELL) * (WIDTH // CELL)
SQUEEZE = 16
AROUND, BLACK = 9, 0.04  # as vision/sight.go has them


def init(key, points):
    def dense(k, n, m):
        return {"w": jax.random.normal(k, (n, m)) * np.sqrt(2 / n), "b": jnp.zeros(m)}

    def conv(k, n, m, s):
        return {"w": jax.random.normal(k, (m, n, s, s)) * np.sqrt(2 / (n * s * s)), "b": jnp.zeros(m)}

    k = iter(jax.random.split(key, 32))
    p = {"geo1": dense(next(k), POSE + FEATURES + points, 128), "geo2": dense(next(k), 128, GEOMETRY),
         "fold1": dense(next(k), CELLS, 64), "fold2": dense(next(k), 64, FOLDS)}
    for name, size in (("up", UPPERS), ("low", LOWERS)):
        n = 1
        for i, c in enumerate(CHANNELS):
            p[f"{name}{i}"] = conv(next(k), n, c, 3)
            n = c
        p[f"{name}s"] = conv(next(k), n, SQUEEZE, 1)
        p[f"{name}d"] = dense(next(k), SQUEEZE * 8 * 13, size)
    for head, size in (("plain", PLAIN), ("full", LATENT)):
        p[head + "1"] = dense(next(k), size + 1, 96)
        p[head + "2"] = dense(next(k), 96, 64)
        p[head + "3"] = jax.tree.map(lambda x: 0.1 * x, dense(next(k), 64, 2 * len(HEADS) + 2 * len(SIDED)))  # see heads.py
    return p


def folds(patch):
    """How rough the skin is across and along, in each cell: the logarithm of the mean absolute second difference."""
    k = np.zeros((2, 1, 2 * STEP + 1, 2 * STEP + 1), np.float32)
    k[0, 0, STEP, [0, STEP, 2 * STEP]] = k[1, 0, [0, STEP, 2 * STEP], STEP] = [1, -2, 1]
    x = jnp.abs(lax.conv_general_dilated(patch[:, None], jnp.asarray(k), (1, 1), ((STEP, STEP), (STEP, STEP))))
    x = x.reshape(len(x), 2, HEIGHT // CELL, CELL, WIDTH // CELL, CELL).mean((3, 5))
    return jnp.log(x + FLOOR).reshape(len(x), CELLS)


def mean_around(x):
    """The mean over the square around each sample, as far as the patch goes."""
    def along(x, axis):
        n = x.shape[axis]
        c = jnp.cumsum(x, axis)
        c = jnp.concatenate([jnp.zeros_like(lax.slice_in_dim(c, 0, 1, axis=axis)), c], axis)
        hi, lo = np.minimum(np.arange(n) + AROUND + 1, n), np.maximum(np.arange(n) - AROUND, 0)
        shape = [1] * x.ndim
        shape[axis] = n
        return (jnp.take(c, hi, axis) - jnp.take(c, lo, axis)) / (hi - lo).reshape(shape)
    return along(along(x, 1), 2)


def flatten(grey):
    return jnp.clip(grey / (mean_around(grey) + BLACK) - 1, -1, 1)


def encode(p, geometry, patch, drop=None):
    """geometry is pose, features and landmarks, whitened; patch is flattened."""
    g = jax.nn.relu(geometry @ p["geo1"]["w"] + p["geo1"]["b"])
    if drop is not None:
        g = g * jax.random.bernoulli(drop, 0.9, g.shape) / 0.9
    f = jax.nn.relu((folds(patch) + 2.5) @ p["fold1"]["w"] + p["fold1"]["b"])
    z = [g @ p["geo2"]["w"] + p["geo2"]["b"], f @ p["fold2"]["w"] + p["fold2"]["b"]]
    for name, (a, b) in (("up", UPPER), ("low", LOWER)):
        x = patch[:, None, a:b]
        for i in range(len(CHANNELS)):
            x = jax.nn.relu(lax.conv_general_dilated(x, p[f"{name}{i}"]["w"], (2, 2), ((1, 1), (1, 1))) + p[f"{name}{i}"]["b"][:, None, None])
        x = jax.nn.relu(lax.conv_general_dilated(x, p[f"{name}s"]["w"], (1, 1), "VALID") + p[f"{name}s"]["b"][:, None, None])
        x = x.reshape(len(x), -1)
        if drop is not None:
            x = x * jax.random.bernoulli(jax.random.fold_in(drop, a), 0.85, x.shape) / 0.85
        z.append(x @ p[f"{name}d"]["w"] + p[f"{name}d"]["b"])
    return jnp.concatenate(z, 1)


def compare(p, difference, own, head="full"):
    """A head's means, log variances and sides from a difference of two faces' numbers; own is 1 where the other face is the
    same person's, 0 where it is the average one."""
    x = jnp.concatenate([difference[:, :PLAIN] if head == "plain" else difference, own[:, None]], 1)
    x = jax.nn.relu(x @ p[head + "1"]["w"] + p[head + "1"]["b"])
    x = jax.nn.relu(x @ p[head + "2"]["w"] + p[head + "2"]["b"])
    x = x @ p[head + "3"]["w"] + p[head + "3"]["b"]
    n = len(HEADS)
    return x[:, :n], jnp.clip(x[:, n:2 * n], -7, 1), x[:, 2 * n:]


def blur3(x):
    x = (jnp.roll(x, 1, 1) + 2 * x + jnp.roll(x, -1, 1)) / 4
    return (jnp.roll(x, 1, 2) + 2 * x + jnp.roll(x, -1, 2)) / 4


def augment(key, grey):
    """Spoil grey patches (0-1) as cameras, light and skin of other kinds would."""
    n = len(grey)
    k = jax.random.split(key, 12)

    def each(k, lo, hi):
        return jax.random.uniform(k, (n, 1, 1), minval=lo, maxval=hi)
    x = jnp.clip(grey, 1e-3, 1) ** jnp.exp(0.25 * jax.random.normal(k[0], (n, 1, 1)))
    for i, side in enumerate((7, 26)):  # light and shade, blotches
        s = jax.random.normal(k[1 + i], (n, side, side)) * each(k[3 + i], 0, 0.08)
        x = x * (1 + jax.image.resize(s, (n, HEIGHT, WIDTH), "linear"))
    a = each(k[5], -0.6, 0.7)  # blurred or sharpened
    x = (1 - a) * x + a * blur3(blur3(x))
    x = x + jax.random.normal(k[6], x.shape) * each(k[7], 0, 0.015)
    move = jax.random.randint(k[8], (n, 2), -1, 2)
    x = jax.vmap(lambda p, m: jnp.roll(p, m, (0, 1)))(x, move)
    # now and then something lies over a part
    c = jax.random.uniform(k[9], (n, 4))
    y, w = jnp.arange(HEIGHT)[None, :, None], jnp.arange(WIDTH)[None, None, :]
    top, left = c[:, 0, None, None] * HEIGHT, c[:, 1, None, None] * WIDTH
    hide = (jnp.abs(y - top) < 6 + 14 * c[:, 2, None, None]) & (jnp.abs(w - left) < 6 + 14 * c[:, 3, None, None])
    hide &= jax.random.bernoulli(k[10], 0.12, (n, 1, 1))
    return jnp.where(hide, each(k[11], 0.1, 0.8), x)
