"""Fit the comparison of faces on the numbers that the trained encoder makes of them, calibrate it, and make every figure.

    python3 models/train/units/heads.py --model DIR [--seed N] [--keep FILE]

DIR holds units.onnx and numbers.npz of train.py, which ends with this step, or of kept.py; units.json and figures.json are written. By itself it is
for a change of the comparison, of report.HAND or of a figure: it takes some eight minutes on one core and leaves the encoder as it is.

While the encoder learns, its heads give way where they are unsure (the loss is a likelihood), and what is hard to see is hardly learned.
Here each unit's squared error counts alike, and the variance is fitted to the errors without a say in the mean.
"""

import argparse
import json

import numpy as np
import torch

import data
import export
import kept
import report
from data import AT, HEADS, SCALE

WIDTHS = (128, 64)
STILL = [AT[u] for u in (1, 2, 4, 5, 9, 10, 15, 17, 20, 43)]  # what a smile does not move
N = len(HEADS)


def inputs(rows, numbers):
    """What the comparison is told of each face: the features chosen by hand and the encoder's numbers."""
    return np.concatenate([rows["features"], numbers], 1).astype(np.float32)


def answer_raw(layers, x):
    """x is members x rows x values, or rows x values for all members alike; so is what comes back, members first."""
    for i, (w, b) in enumerate(layers):
        x = x @ w + b[:, None]
        if i < len(layers) - 1:
            x = x.relu()
    return x


def blends(x, shape):
    """Rows of x drawn at random, half of them blends of two: as far from 0 as its rows are where these do not depend on each other."""
    i, j, w = x[torch.randint(len(x), shape)], x[torch.randint(len(x), shape)], torch.rand(*shape, 1)
    w = torch.where(torch.rand(*shape, 1) < 0.5, 1.0, w)
    return (w * i + (1 - w) * j) / (w ** 2 + (1 - w) ** 2).sqrt()


class Pairs:
    """Draws pairs of faces: somebody who acts, or for a share does nothing, and the same person at ease, or the average face. Of the latter a share has
    that person's twin instead, of another age and skin, and a share the difference of a real person at ease from the average of real ones, or
    a blend of two, where those are given, so that how people look at ease is learned to mean nothing. Twins who do the same are to be answered alike."""

    def __init__(self, rows, x, twins, alike, real, offset, twin, rest):
        self.x, self.offset, self.twin, self.rest = torch.from_numpy(x), offset, twin, rest
        self.y = torch.from_numpy(data.targets(rows))
        p = self.people = data.People(rows, alike[0])
        self.alike = torch.from_numpy(alike[1])
        self.calm, self.calms, self.busy, self.busies = (torch.from_numpy(t).long() for t in (p.calm, p.calms, p.busy, p.busies))
        self.mean = torch.from_numpy(x[rows["shot"] < 3].mean(0))
        at = {i: k for k, i in enumerate(twins[0]["identity"])} if twins else {}
        self.twins = torch.from_numpy(np.stack([twins[1][at[i]] if i in at else np.full(x.shape[1], np.nan, np.float32) for i in p.ids]))
        self.real = None if real is None else tuple(torch.from_numpy(np.ascontiguousarray(r)) for r in real)

    def same(self, n):
        """Differences of people who act, from their own face at ease or the average one, those of their twins who do the same, and which it is."""
        p = self.people
        who = torch.randint(len(p.paired), (n,)).numpy()
        shot = (torch.rand(n).numpy() * p.both[who]).astype(int)
        kind = torch.rand(n, 1) < 0.5
        one, two = self.x[p.shots[who, shot]], self.alike[p.theirs[who, shot]]
        rest, theirs = self.x[self.calm[p.paired[who], 0]], self.alike[p.ease[who, 0]]
        return (torch.where(kind, one - rest, one - self.mean), torch.where(kind, two - theirs, two - self.mean)), kind.float()

    def draw(self, n):
        who = torch.randint(len(self.calm), (n,))
        pick = lambda table, counts, m: table[who].gather(1, (torch.rand(n, m) * counts[who][:, None]).long())
        acts, calm = pick(self.busy, self.busies, 1)[:, 0], self.x[pick(self.calm, self.calms, 3)]
        rest = torch.where(torch.rand(n, 1) < 0.5, calm.mean(1), calm[:, 0])  # of one picture or of some
        acts = torch.where(torch.rand(n) < self.rest, pick(self.calm, self.calms, 1)[:, 0], acts)
        own, other = self.x[acts] - rest, self.x[acts] - self.mean
        if self.real is not None:
            ease = self.real[0] - self.real[0].mean(0)
            real = own + blends(ease, (n,)) * torch.empty(n, 1).uniform_(0.3, 1.2)
            other = torch.where(torch.rand(n, 1) < self.offset, real, other)
        twin = self.x[acts] - self.twins[who]
        other = torch.where((torch.rand(n, 1) < self.twin) & ~twin.isnan(), twin, other)
        kind = torch.rand(n, 1) < 0.5
        return torch.where(kind, own, other), kind.float(), self.y[acts]

    def smiles(self):
        """Real smiles against the person's own face and against the average one."""
        rest, smile = self.real
        d = torch.cat([smile - rest, smile - rest.mean(0)])
        return d, torch.cat([torch.ones(len(rest), 1), torch.zeros(len(rest), 1)])


def fit(rows, x, twins, alike, real, seed, steps=10000, count=1, batch=512, rate=1e-3, noise=0.1, offset=0.6, twin=0.15, rest=0.4, smile=1.0, same=0.5, decay=1e-4):
    """Layers of count comparisons, weights and bias each, which begin and draw differently; noise is in standard deviations of each input."""
    torch.manual_seed(seed)
    pairs = Pairs(rows, x, twins, alike, real, offset, twin, rest)
    scale = torch.from_numpy(np.append(1 / (x.std(0) + 1e-6), 1).astype(np.float32))
    weight = 1 / pairs.y.var(0).clamp(min=0.01)
    sizes = [x.shape[1] + 1, *WIDTHS, 2 * N]
    layers = [[torch.randn(count, a, b) * np.sqrt(2 / a), torch.zeros(count, b)] for a, b in zip(sizes, sizes[1:])]
    layers[-1][0] *= 0.1  # else the first variances are so far off that what was drawn at first is never forgotten
    flat = [t.requires_grad_() for layer in layers for t in layer]
    adam = torch.optim.Adam(flat, rate)
    turn = torch.optim.lr_scheduler.LambdaLR(adam, lambda t: min((t + 1) / 100, 1) * 0.5 * (1 + np.cos(np.pi * t / steps)))
    ema = [t.detach().clone() for t in flat]
    still = torch.tensor(STILL)
    for _ in range(steps):
        d, kind, y = (t.reshape(count, batch, -1) for t in pairs.draw(count * batch))
        d = d * scale[:-1] + noise * torch.randn(d.shape)
        out = answer_raw(layers, torch.cat([d, kind], 2))
        error, spread = out[..., :N] - y, out[..., N:].clamp(-7, 1)
        total = (error ** 2 * weight).mean() + 0.02 * (error.detach() ** 2 * torch.exp(-spread) + spread).mean()
        if len(pairs.people.paired):
            (one, two), kind = pairs.same(batch)
            one, two = (answer_raw(layers, torch.cat([d * scale[:-1], kind], 1))[..., :N] for d in (one, two))
            total = total + same * ((one - two) ** 2 * weight).mean()
        if real is not None:
            d, kind = pairs.smiles()
            out = answer_raw(layers, torch.cat([d * scale[:-1], kind], 1))
            total = total + smile * (out[..., still].abs().mean() + (0.3 - out[..., AT[12]]).relu().mean())
        total = count * total + decay * sum((w ** 2).sum() for w, _ in layers)
        adam.zero_grad(set_to_none=True)
        total.backward()
        adam.step()
        turn.step()
        torch._foreach_lerp_(ema, [t.detach() for t in flat], 0.005)
    ema = [t.numpy() for t in ema]
    members = [[(ema[2 * i][k], ema[2 * i + 1][k]) for i in range(len(sizes) - 1)] for k in range(count)]
    return [[(m[0][0] * scale.numpy()[:, None], m[0][1])] + m[1:] for m in members]


def answers(members):
    """A function of differences and of whether the other face is the person's own: levels and standard deviations, the mean of all
    members' answers. Its halves are such a function of the levels of the person's right half and, after them, of the left."""
    layers = [tuple(torch.from_numpy(np.stack(t)) for t in zip(*layer)) for layer in zip(*members)]

    @torch.no_grad()
    def answer(d, own):
        d = np.concatenate([d, np.full((len(d), 1), float(own))], 1).astype(np.float32)
        out = answer_raw(layers, torch.from_numpy(d)).mean(0).numpy()
        return out[:, :N] * SCALE, np.exp(0.5 * np.clip(out[:, N:], -7, 1)) * SCALE
    return answer


def ease(sets):
    """Real people at ease and smiling, every second one, as the average face is made of, and how many there are; after them those that kept.py made
    to resemble them, in the same order again and again. None where there are none."""
    if "neutral" not in sets or "smiling" not in sets:
        return None, 0
    (a, ax), (b, bx) = sets["neutral"], sets["smiling"]
    at = lambda rows: {int(i): k for k, i in reversed(list(enumerate(rows["identity"])))}
    a, b = at(a), at(b)
    both = [i for i in sorted(a) if i % 2 == 0 and i in b]
    return tuple(np.concatenate([x[[at[i] for i in both]], more[1]]) for x, at, more in ((ax, a, sets["bent"]), (bx, b, sets["bent-smiling"]))), len(both)


def material(sets):
    """What the comparison is fitted on: rendered people, as they are and some of them read from one half, twins at ease, and twins who do the same."""
    (a, ax), (b, bx) = sets["train"], sets["train-half"]
    return np.concatenate([a, b]), np.concatenate([ax, bx]), sets["twins"], sets["alike"]


def strangers(sets, seed, steps, count):
    """The spread of each level between people at ease against the average face, as people have it whom the comparison was not fitted on:
    each half of the real people is measured by comparisons that were fitted with the other half only."""
    (x, smiles), people = ease(sets)
    x, resembling = x[:people], x
    levels, features = np.zeros((people, N)), x[:, :data.FEATURES].astype(float)
    for part in (0, 1):
        known = np.arange(people) % 2 != part
        both = np.resize(known, len(smiles))
        answer = answers(fit(*material(sets), (resembling[both], smiles[both]), seed, steps, count))
        cal = report.calibrate(answer, *sets["dev"])
        m, s = answer(x - x.mean(0), False)
        levels[~known] = report.unbounded(cal, "average", m, s, report.raw(features, features.mean(0)))[0][~known]
    spread = levels.std(0, ddof=1)
    spread[AT[43]] = 0  # nobody's eyes are half closed by nature
    return spread


def finish(out, seed, about, steps=10000, count=5, keep=None):
    """Write units.json and figures.json. count comparisons are fitted, from as many seeds, and their answers averaged: on real faces,
    which none of them knows, they differ more than on rendered ones. keep is a units.json whose comparisons are taken instead. about is what
    figures.json says of the encoder's training."""
    sets = {n: (rows, inputs(rows, z)) for n, (rows, z) in kept.read(f"{out}/numbers.npz").items()}
    if keep:
        members, spread = export.compared(keep, f"{out}/units.onnx")
    else:
        real, _ = ease(sets)
        members = fit(*material(sets), real, seed, steps, count)
        print("the comparisons are fitted", flush=True)
        spread = None if real is None else strangers(sets, seed, steps, count)

    def figures(members):
        answer = answers(members)
        cal = report.calibrate(answer, *sets["dev"])
        cal["average"]["ease"] = np.zeros(N) if spread is None else spread
        return cal, report.everything(answer, cal, sets)
    cal, f = figures(members)
    f = {"encoder": about, "heads": {"seed": seed, "members": len(members), "steps": steps, "hand": {f"AU{u}": h for u, h in report.HAND.items()}},
         "sha256": export.comparison(out, members, cal)} | f
    report.show(f)
    f["each member alone"] = [report.short(figures([m])[1]) for m in members]
    json.dump(f, open(f"{out}/figures.json", "w"), indent=1)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--model", required=True)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--keep", metavar="FILE", help="take the comparisons of this units.json, and how far people at ease differ by them; only calibration and figures are made")
    a = a.parse_args()
    old = json.load(open(f"{a.model}/figures.json"))
    finish(a.model, a.seed, old.get("encoder") or {k: old[k] for k in ("seed", "arguments", "pictures")}, keep=a.keep)


if __name__ == "__main__":
    main()
