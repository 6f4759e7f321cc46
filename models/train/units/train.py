"""Train the network of the action units on rendered faces, and try it.

    python3 models/train/units/train.py --data DIR --out DIR [--seed N] [--real DIR]

DIR holds the rows that `faces render` wrote in train/, dev/ and test/; models/train/README.md has the whole command. --real DIR
holds rows of real faces at ease (and smiling) without labels, by which faces of people enter; see Step. Seeded: the same seed on the
same machine with as many threads gives the same weights.
"""

import argparse
import contextlib
import json
import os
import time

import numpy as np
import torch

import data
import export
import heads
import kept
import net


def arguments():
    a = argparse.ArgumentParser()
    a.add_argument("--data", required=True)
    a.add_argument("--real")
    a.add_argument("--out", required=True)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--steps", type=int, default=8000)
    a.add_argument("--people", type=int, default=80, help="in a step")
    a.add_argument("--acts", type=int, default=4, help="pictures of each who acts")
    a.add_argument("--rate", type=float, default=1.5e-3)
    a.add_argument("--offset", type=float, default=0.6, help="share of comparisons with the average face in which a real person differs from it")
    a.add_argument("--twin", type=float, default=0.25, help="share of comparisons with the average face in which the person's twin stands for it")
    a.add_argument("--half", type=float, default=0.15, help="share of people who are read from one half of the face")
    a.add_argument("--smile", type=float, default=0.3, help="weight of real smiles, which are held to raise AU12 and not to move heads.STILL")
    a.add_argument("--heads", type=int, default=10000, help="steps of the comparison of faces, which is fitted afterwards; 0 leaves it to heads.py")
    a.add_argument("--decay", type=float, default=0.02)
    return a.parse_args()


def tensor(x):
    return torch.from_numpy(np.ascontiguousarray(x)).to(torch.get_default_device())


class Set:
    """Rows as tensors."""

    def __init__(self, rows, norm=None):
        self.rows = rows
        g = kept.geometry(rows)
        self.norm = norm or (g.mean(0), g.std(0) + 1e-3)
        self.geometry = tensor(((g - self.norm[0]) / self.norm[1]).astype(np.float32))
        self.patch = tensor(rows["patch"].reshape(-1, net.HEIGHT, net.WIDTH))
        self.y = tensor(data.targets(rows))


class Step:
    """One step: people, each once at ease and some times as they act. Each picture is compared with the person's own face at ease and
    with the average face, for a share the face of a twin who has another age and skin. Rendered people differ from their average as
    rendered people do; where real ones are given, a share of the comparisons takes the difference of a real person at ease from the average
    of the real ones instead, or of a blend of two, so that what real people look like at ease is learned to mean nothing. Each time the real ones are
    bent anew into others who resemble them. A share of people is read from one half."""

    def __init__(self, args, model, train, twins, real):
        self.a, self.model, self.t, self.twins, self.real = args, model, train, twins, real
        p = data.People(train.rows)
        self.halves, self.whole = (tensor(np.flatnonzero(x)) for x in (p.ids >= data.HALF, p.ids < data.HALF))
        self.calm, self.calms, self.busy, self.busies = (tensor(x).long() for x in (p.calm, p.calms, p.busy, p.busies))
        at = {i: k for k, i in enumerate(twins.rows["identity"])}
        self.twin = tensor(np.array([at.get(i, -1) for i in p.ids]))
        self.opposite = tensor(train.across)
        self.mean, self.sd = (tensor(x.astype(np.float32)) for x in train.norm)
        self.weight = 1 / train.y.var(0).clamp(min=0.01)
        self.still = heads.STILL
        self.follow = tensor(train.follow)

    def flip(self, g):
        """The mirror image; g is whitened with other means on either side, so it is unwhitened first."""
        raw = g * self.sd + self.mean
        k = net.POSE + net.FEATURES
        pts = raw[:, k:].reshape(len(g), -1, 2)[:, self.opposite] * torch.tensor([-1.0, 1.0])
        raw = torch.cat([raw[:, :2] * torch.tensor([-1.0, 1.0]), raw[:, 2:k][:, data.ACROSS], pts.reshape(len(g), -1)], 1)
        return (raw - self.mean) / self.sd

    def bend(self, g, patch, field):
        """Faces as other people's, by fields of net.py."""
        g, patch = kept.bend(g * self.sd + self.mean, patch.float(), self.follow, field)
        return (g - self.mean) / self.sd, patch

    def look(self, g, patch, flip):
        with torch.no_grad():
            x = net.flatten(net.augment(patch / 255))
            x = torch.where(flip[:, None, None], x.flip(2), x)
            g = torch.where(flip[:, None], self.flip(g), g)
            g = g + 0.07 * torch.randn(g.shape)  # in standard deviations
        return self.model.encode(g, x)

    def loss(self):
        a, m, t = self.a, self.model, self.t
        n, k = a.people, a.acts
        h = round(a.half * n) if len(self.halves) else 0
        who = torch.cat([self.halves[torch.randint(len(self.halves), (h,))], self.whole[torch.randint(len(self.whole), (n - h,))]])
        pick = lambda table, counts, j: table[who].gather(1, (torch.rand(n, j) * counts[who][:, None]).long())
        idx = torch.cat([pick(self.calm, self.calms, 1), pick(self.busy, self.busies, k)], 1).reshape(-1)
        flip = torch.rand(n) < 0.5
        g, patch, flips, y = t.geometry[idx], t.patch[idx].float(), flip.repeat_interleave(k + 1), t.y[idx]
        late = n - n // 3  # of the last third the twins are looked at, too
        twin = self.twin[who[late:]]
        g, patch = torch.cat([g, self.twins.geometry[twin]]), torch.cat([patch, self.twins.patch[twin].float()])
        flips = torch.cat([flips, flip[late:]])
        if self.real is not None:
            field = net.fields(len(self.real[0]))
            (rg, rp), (sg, sp) = self.bend(*self.real[:2], field), self.bend(*self.real[2:], field)
            rflip = torch.rand(len(rg)) < 0.5
            g, patch, flips = torch.cat([g, rg, sg]), torch.cat([patch, rp, sp]), torch.cat([flips, rflip, rflip])
        z = self.look(g, patch, flips)
        z, twins, real = z[:len(idx)].reshape(n, k + 1, -1), z[len(idx):len(idx) + n - late], z[len(idx) + n - late:]
        rest, z = z[:, 0], z[:, 1:]
        y = y.reshape(n, k + 1, -1)[:, 1:]
        with_own, with_mean = z - rest[:, None], z - rest.mean(0)
        other = (torch.rand(n - late, k, 1) < a.twin * n / (n - late)) & (twin >= 0)[:, None, None]
        total = 0.0
        if self.real is not None:
            rz, sz = real.chunk(2)
            off = heads.blends(rz - rz.mean(0), (n, k)) * torch.empty(n, k, 1).uniform_(0.3, 1.2)
            with_mean = torch.where(torch.rand(n, k, 1) < a.offset, with_own + off, with_mean)
            d = torch.cat([sz - rz, sz - rz.mean(0)])
            o = torch.cat([torch.ones(len(rz), 1), torch.zeros(len(rz), 1)])
            for head in ("plain", "full"):
                out = m.compare(d.detach() if head == "full" else d, o, head)
                total += a.smile * (out[:, self.still].abs().mean() + (0.3 - out[:, data.AT[12]]).relu().mean())
        with_mean = torch.cat([with_mean[:late], torch.where(other, z[late:] - twins[:, None], with_mean[late:])])
        for kind, d in ((1.0, with_own), (0.0, with_mean)):
            own = torch.full((n, k, 1), kind)
            for head in ("plain", "full"):
                total += ((m.compare(d, own, head) - y) ** 2 * self.weight).mean()
        return total


def fit(args, train, twins, real):
    torch.manual_seed(args.seed)
    model = net.Net(train.rows["points"].shape[1])
    step = Step(args, model, train, twins, real)
    decayed = [p for n, p in model.named_parameters() if p.dim() == 2]
    rest = [p for n, p in model.named_parameters() if p.dim() != 2]
    adam = torch.optim.AdamW([{"params": decayed, "weight_decay": args.decay}, {"params": rest, "weight_decay": 0.0}], args.rate)
    turn = torch.optim.lr_scheduler.LambdaLR(adam, lambda t: min((t + 1) / 200, 1) * 0.5 * (1 + np.cos(np.pi * t / args.steps)))
    ema = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998))
    device = torch.get_default_device().type
    half = torch.autocast(device, torch.bfloat16) if device != "cpu" or halves() else contextlib.nullcontext()
    start, mean = time.time(), 0.0
    for i in range(args.steps):
        adam.zero_grad(set_to_none=True)
        with half:
            loss = step.loss()
        loss.backward()
        adam.step()
        turn.step()
        ema.update_parameters(model)
        mean += (float(loss.detach()) - mean) / min(i + 1, 100)
        if (i + 1) % 200 == 0:
            print(f"step {i + 1} loss {mean:.4f} {time.time() - start:.0f} s", flush=True)
    torch.set_default_device("cpu")
    return ema.module.eval().cpu().round()


def halves():
    """Whether the processor multiplies bfloat16, which is then several times faster."""
    try:
        return "amx_bf16" in open("/proc/cpuinfo").read()
    except OSError:
        return False


def encoder(model, norm):
    """A function of kept.py's geometry and flattened patches: their numbers."""
    mean, sd = (torch.from_numpy(x.astype(np.float32)) for x in norm)

    @torch.no_grad()
    def encode(g, flat):
        return model.encode((torch.from_numpy(g) - mean) / sd, flat).numpy()
    return encode


@torch.no_grad()
def goldens(out, s, model):
    """Six rendered faces as the program shows them to the network, and what the network makes of them: the program's test compares."""
    at = np.flatnonzero(s.rows["shot"] == 5)[:6]
    r = s.rows[at]
    flat = net.flatten(s.patch[at].float() / 255)
    face = np.concatenate([kept.geometry(r), flat.numpy().reshape(6, -1)], 1).astype("<f2")
    g = (face[:, :len(s.norm[0])].astype(np.float32) - s.norm[0]) / s.norm[1]
    flat = torch.from_numpy(face[:, len(s.norm[0]):].astype(np.float32).reshape(flat.shape))
    face.tofile(f"{out}/units_faces.f16")
    model.encode(torch.from_numpy(g.astype(np.float32)), flat).numpy().astype("<f4").tofile(f"{out}/units_numbers.f32")


def main():
    a = arguments()
    if torch.cuda.is_available():
        torch.set_default_device("cuda")
    rows = data.load(f"{a.data}/train/*.bin")
    across = data.mirror(rows["points"][:20000])
    train = Set(np.concatenate([rows, data.halves(rows, across)]))
    train.across = across
    twins = Set(data.load(f"{a.data}/twins/*.bin"), train.norm)
    real = None
    if a.real:
        sets = [Set(r, train.norm) for r in kept.known(a.real)]
        real = (sets[0].geometry, sets[0].patch, sets[1].geometry, sets[1].patch)
    train.follow = data.follow(rows[:20000])
    print(len(rows), "pictures", len(np.unique(rows["identity"])), "people", flush=True)
    p = fit(a, train, twins, real)
    os.makedirs(a.out, exist_ok=True)
    pictures = kept.write(f"{a.out}/numbers.npz", a.data, a.real, encoder(p, train.norm), a.seed)
    about = {"seed": a.seed, "arguments": {k: v for k, v in vars(a).items() if k not in ("data", "out", "real")}, "pictures": pictures}
    export.write(a.out, p, train.norm)
    goldens(a.out, Set(data.load(f"{a.data}/dev/*.bin"), train.norm), p)
    json.dump({"encoder": about}, open(f"{a.out}/figures.json", "w"))
    if a.heads:  # 0: the encoder alone
        heads.finish(a.out, a.seed, about, steps=a.heads)


if __name__ == "__main__":
    main()
