"""The network: an encoder that turns one face into numbers, and heads that compare two faces by their numbers.

Half of the numbers come from distances, landmarks and from how rough the skin is in each cell of a grid: little that tells a
rendered face from a real one. The others come from convolutions over the skin, which see more and carry over less. The plain head
has the former alone, the full head all. Both are there in training only, the plain one so that the former numbers say what they can
by themselves; heads.py then fits what is used."""

import torch
import torch.nn.functional as F
from torch import nn

from data import FEATURES, HEADS, HEIGHT, WIDTH

POSE = 2
UPPER, LOWER = (0, 64), (48, HEIGHT)  # rows of the patch: brows to nose, nose to chin
GEOMETRY, FOLDS, UPPERS, LOWERS = 48, 24, 32, 40
PLAIN = GEOMETRY + FOLDS
LATENT = PLAIN + UPPERS + LOWERS
CHANNELS = [16, 32, 32]
KERNELS = [7, 3, 3]  # the first costs little and sees edges whole: where the chin ends tells how far the jaw has dropped behind closed lips
CELL, STEP, FLOOR = 8, 2, 0.01  # of the grid; over how many samples folds are read; below which there are none
CELLS = 2 * (HEIGHT // CELL) * (WIDTH // CELL)
SQUEEZE = 32
HIDDEN = 128  # between the convolutions and their numbers: where an edge lies is no linear function of the picture
AROUND, BLACK = 9, 0.04  # as vision/sight.go has them
SCALE = 64  # samples for the distance between the outer corners of the eyes, in which landmarks are given
TOP = -0.55  # where the patch begins, from the middle of the eyes
# How far other people's features lie elsewhere, in that distance, from the forehead to below the chin: least at the eyes, by which faces are aligned.
ELSEWHERE = [0.02, 0.01, 0.015, 0.03, 0.03, 0.03]


class Stack(nn.Module):
    """Convolutions over some rows of the patch."""

    def __init__(self, rows, out):
        super().__init__()
        self.rows, layers, n = rows, [], 1
        for c, k in zip(CHANNELS, KERNELS):
            layers += [nn.Conv2d(n, c, k, 2, k // 2), nn.ReLU()]
            n = c
        self.conv = nn.Sequential(*layers, nn.Conv2d(n, SQUEEZE, 1), nn.ReLU())
        self.drop = nn.Dropout(0.15)
        self.hid = nn.Linear(SQUEEZE * ((rows[1] - rows[0]) // 8) * (WIDTH // 8) + POSE, HIDDEN)
        self.out = nn.Linear(HIDDEN, out)

    def forward(self, patch, pose):
        x = patch[:, None, self.rows[0]:self.rows[1]].contiguous(memory_format=torch.channels_last)
        x = self.hid(torch.cat([self.drop(self.conv(x).flatten(1)), pose], 1))
        return self.out(x.relu())


class Net(nn.Module):
    def __init__(self, points):
        super().__init__()
        self.geo = nn.Sequential(nn.Linear(POSE + FEATURES + points, 192), nn.ReLU(), nn.Dropout(0.1), nn.Linear(192, GEOMETRY))
        self.fold = nn.Sequential(nn.Linear(CELLS, 64), nn.ReLU(), nn.Linear(64, FOLDS))
        self.up, self.low = Stack(UPPER, UPPERS), Stack(LOWER, LOWERS)
        for m in self.modules():
            if isinstance(m, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(m.weight)
                nn.init.zeros_(m.bias)
        self.plain, self.full = comparison(PLAIN), comparison(LATENT)

    def encode(self, geometry, patch):
        """geometry is pose, features and landmarks, whitened; patch is flattened."""
        pose = geometry[:, :POSE]
        z = [self.geo(geometry), self.fold(folds(patch) + 2.5), self.up(patch, pose), self.low(patch, pose)]
        return torch.cat([x.float() for x in z], 1)

    @torch.no_grad()
    def round(self):
        """Round the largest layers to half precision, in which export.py keeps them."""
        for s in (self.up, self.low):
            s.hid.weight.copy_(s.hid.weight.half().float())
        return self

    def compare(self, difference, own, head="full"):
        """A head's levels from a difference of two faces' numbers; own is 1 where the other face is the same person's, 0 where it
        is the average one."""
        x = difference[..., :PLAIN] if head == "plain" else difference
        return getattr(self, head)(torch.cat([x, own], -1))


def comparison(size):
    m = nn.Sequential(nn.Linear(size + 1, 96), nn.ReLU(), nn.Linear(96, 64), nn.ReLU(), nn.Linear(64, len(HEADS)))
    for layer in m[::2]:
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    with torch.no_grad():
        m[-1].weight *= 0.1  # else what was drawn at first is never forgotten; see decision 116
    return m


def folds(patch):
    """How rough the skin is across and along, in each cell: the logarithm of the mean absolute second difference."""
    x = F.pad(patch, (STEP, STEP, STEP, STEP))
    a, b = x[:, STEP:-STEP], x[:, :, STEP:-STEP]
    across = (a[:, :, :-2 * STEP] - 2 * patch + a[:, :, 2 * STEP:]).abs()
    along = (b[:, :-2 * STEP] - 2 * patch + b[:, 2 * STEP:]).abs()
    return torch.log(F.avg_pool2d(torch.stack([across, along], 1), CELL) + FLOOR).flatten(1)


def around(n):
    """A matrix that takes the mean over the places around each of n, as far as there are any."""
    i = torch.arange(n)
    m = ((i[:, None] - i).abs() <= AROUND).float()
    return m / m.sum(1, keepdim=True)


def smooth(n):
    """A matrix that blurs n values twice over three of them."""
    m = torch.eye(n) / 2
    m[1:, :-1] += torch.eye(n - 1) / 4
    m[:-1, 1:] += torch.eye(n - 1) / 4
    m[0, 0] = m[-1, -1] = 0.75
    return m @ m


def stretch(n, k):
    """A matrix that interpolates n values between k."""
    return F.interpolate(torch.eye(k)[None], n, mode="linear")[0].T


# Along and across the patch: products of matrices, which processors are best at.
MEAN, BLUR = (around(HEIGHT), around(WIDTH)), (smooth(HEIGHT), smooth(WIDTH))
STRETCH = {k: (stretch(HEIGHT, k), stretch(WIDTH, k)) for k in (7, 26)}


def both(matrices, x):
    a, b = (m.to(x.device) for m in matrices)
    return (a @ x @ b.T).float()


def flatten(grey):
    """Each sample by the mean over the square around it, as far as the patch goes."""
    return (grey / (both(MEAN, grey) + BLACK) - 1).clamp_(-1, 1)


def fields(n):
    """How n other people's faces differ from those they are made of: smooth displacements, nearly alike on either half, n x 2 x 6 x 4 over the
    patch, in distances between the outer corners of the eyes."""
    f = torch.randn(n, 2, len(ELSEWHERE), 4) * torch.tensor(ELSEWHERE)[:, None] * torch.rand(n, 1, 1, 1)
    return 0.85 * (f + f.flip(3) * torch.tensor([-1.0, 1.0])[:, None, None]) / 2 ** 0.5 + 0.3 * f


def bend(patch, points, field):
    """Patches and their landmarks (n x points x 2) displaced by fields."""
    full = F.interpolate(field, (HEIGHT, WIDTH), mode="bicubic", align_corners=True)
    size = torch.tensor([WIDTH, HEIGHT])
    y, x = torch.meshgrid((2 * torch.arange(HEIGHT) + 1) / HEIGHT - 1, (2 * torch.arange(WIDTH) + 1) / WIDTH - 1, indexing="ij")
    grid = torch.stack([x, y], 2) - full.permute(0, 2, 3, 1) * SCALE * 2 / size
    at = (points - torch.tensor([0, TOP])) * SCALE * 2 / size - torch.tensor([0.0, 1.0])
    moved = F.grid_sample(full, at[:, None], padding_mode="border", align_corners=False)[:, :, 0]
    return F.grid_sample(patch[:, None], grid, padding_mode="border", align_corners=False)[:, 0], points + moved.transpose(1, 2)


def augment(grey):
    """Spoil grey patches (0-1) as cameras, light and skin of other kinds would."""
    n = len(grey)
    each = lambda lo, hi: torch.empty(n, 1, 1).uniform_(lo, hi)
    x = grey.clamp(1e-3, 1).pow_(torch.exp(0.25 * torch.randn(n, 1, 1)))
    for side, m in STRETCH.items():  # light and shade, blotches
        x *= both(m, torch.randn(n, side, side) * each(0, 0.08)).add_(1)
    x.lerp_(both(BLUR, x), each(-0.6, 0.7))  # blurred or sharpened
    x += torch.randn(x.shape).mul_(each(0, 0.015))
    dy, dx = torch.randint(-1, 2, (2,)).tolist()
    x = torch.roll(x, (dy, dx), (1, 2))
    # now and then something lies over a part
    c = torch.rand(n, 4, 1, 1)
    y, w = torch.arange(HEIGHT)[None, :, None], torch.arange(WIDTH)[None, None, :]
    hide = ((y - c[:, 0] * HEIGHT).abs() < 6 + 14 * c[:, 2]) & ((w - c[:, 1] * WIDTH).abs() < 6 + 14 * c[:, 3])
    return torch.where(hide & (torch.rand(n, 1, 1) < 0.12), each(0.1, 0.8), x)
