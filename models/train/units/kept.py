"""What the comparison of faces is fitted on and tried on: the numbers that an encoder makes of every row, kept in one file.

    python3 models/train/units/kept.py --data DIR --out DIR [--real DIR] [--units FILE] [--seed N]

Training ends with this step. By itself it takes the encoder in FILE, by default the repository's, so that heads.py can fit the comparison anew
without the hours that a training takes. DIR of --out gets numbers.npz, and units.onnx and figures.json with what is known of its training.
"""

import argparse
import json
import os
import shutil

import numpy as np
import torch

import data
import net
import report


def geometry(rows):
    """Pose, features and landmarks, as the encoder is told them."""
    return np.concatenate([rows["pose"][:, :2] / 30, rows["features"], rows["points"]], 1).astype(np.float32)


def bend(g, patch, follow, field):
    """Faces as other people's, by fields of net.py; follow is data.py's."""
    k = net.POSE + net.FEATURES
    points = g[:, k:].reshape(len(g), -1, 2)
    patch, moved = net.bend(patch, points, field)
    moved = (moved - points).flatten(1)
    return g + torch.cat([torch.zeros(len(g), net.POSE), moved @ follow, moved], 1), patch


def flat(patch):
    return net.flatten(patch.reshape(-1, net.HEIGHT, net.WIDTH) / 255)


def latent(encode, rows, batch=1024):
    """The numbers of each row; encode takes geometry and flattened patches."""
    part = [encode(geometry(r), flat(torch.from_numpy(r["patch"]).float())) for r in np.split(rows, range(batch, len(rows), batch))] if len(rows) else []
    return np.concatenate([np.zeros((0, net.LATENT), np.float32), *part])


@torch.no_grad()
def resembling(encode, sets, follow, seed, copies=4):
    """Rows and numbers of others who resemble the real people of the sets, at ease and smiling."""
    torch.manual_seed(seed)
    follow = torch.from_numpy(follow)
    out = {n: ([], []) for n in ("bent", "bent-smiling")}
    for _ in range(copies):
        field = net.fields(len(sets[0]))
        for (faces, numbers), rows in zip(out.values(), sets):
            g, patch = bend(torch.from_numpy(geometry(rows)), torch.from_numpy(rows["patch"]).float().reshape(-1, net.HEIGHT, net.WIDTH), follow, field)
            r = rows.copy()
            r["features"] = g.numpy()[:, net.POSE:net.POSE + net.FEATURES]
            faces.append(r)
            numbers.append(encode(g.numpy(), flat(patch)))
    return {n: (np.concatenate(rows), np.concatenate(numbers)) for n, (rows, numbers) in out.items()}


def known(real):
    """Rows of the real people who are trained on, at ease and smiling: every second one, as the average face is made of."""
    pair = [data.load(f"{real}/{m}.bin") for m in ("neutral", "smiling")]
    both = np.intersect1d(*(r["identity"] for r in pair))
    return [r[np.isin(r["identity"], both[both % 2 == 0])] for r in pair]


def write(path, folder, real, encode, seed):
    """Write the numbers of every set and the small columns of its rows; returns how many pictures each has."""
    sets = {n: data.load(f"{folder}/{n}/*.bin") for n in (*report.RENDERED, "train", "twins", "alike") if os.path.isdir(f"{folder}/{n}")}
    across, follow = data.mirror(sets["train"]["points"][:20000]), data.follow(sets["train"][:20000])
    some = {"train": sets["train"][sets["train"]["identity"] % 5 == 0]} | sets
    sets |= {f"{n}-half": data.halves(some[n], across) for n in ("train", "dev", "sides") if n in some}
    if real:
        sets |= {n: data.load(f"{real}/{n}.bin") for n in ("neutral", "smiling", "clip", "rendered") if os.path.exists(f"{real}/{n}.bin")}
    z = {n: (rows, latent(encode, rows)) for n, rows in sets.items()}
    if real:
        z |= resembling(encode, known(real), follow, seed)
    small = [n for n in sets["train"].dtype.names if n not in ("patch", "points")]
    np.savez_compressed(path, **{f"{n}_z": v.astype(np.float16) for n, (_, v) in z.items()}, **{f"{n}_{c}": r[c] for n, (r, _) in z.items() for c in small})
    return {n: len(r) for n, (r, _) in z.items()}


def read(path):
    """The rows, without landmarks and patch, and the numbers of each set that write has written."""
    f = np.load(path)
    sets = {}
    for name in [k[:-2] for k in f.files if k.endswith("_z")]:
        columns = {k[len(name) + 1:]: f[k] for k in f.files if k.startswith(name + "_") and not k.endswith("_z")}
        rows = np.zeros(len(f[name + "_z"]), [(k, v.dtype, v.shape[1:]) for k, v in columns.items()])
        for k, v in columns.items():
            rows[k] = v
        sets[name] = rows, f[name + "_z"]
    return sets


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--data", required=True)
    a.add_argument("--real")
    a.add_argument("--out", required=True)
    a.add_argument("--units", default=os.path.join(os.path.dirname(__file__), "../../units.onnx"))
    a.add_argument("--seed", type=int, default=1)
    a = a.parse_args()
    import onnxruntime  # of requirements.txt, but training does without it
    session = onnxruntime.InferenceSession(a.units)
    os.makedirs(a.out, exist_ok=True)

    def encode(g, flat):
        faces = np.concatenate([g, flat.numpy().reshape(len(g), -1)], 1)
        return np.concatenate([session.run(None, {"face": f[None]})[0] for f in faces])
    pictures = write(f"{a.out}/numbers.npz", a.data, a.real, encode, a.seed)
    if not os.path.exists(f"{a.out}/units.onnx") or not os.path.samefile(a.units, f"{a.out}/units.onnx"):
        shutil.copy(a.units, f"{a.out}/units.onnx")
    about = json.load(open(os.path.join(os.path.dirname(__file__), "figures.json")))["encoder"]
    json.dump({"encoder": about}, open(f"{a.out}/figures.json", "w"))
    print(pictures)


if __name__ == "__main__":
    main()
