"""Calibration on people not trained on, and figures."""

import numpy as np

import data
from data import AT, HEADS, SCALE, UNITS

KINDS = ("average", "own")
# Sets of rendered people. worn: all with what wardrobe of cmd/faces gives; fresh: drawn last; hands: with a hand on or beside the face; sides: strangers who do what those do that were trained on,
# some of them with one half of the face alone.
RENDERED = ("dev", "test", "worn", "fresh", "hands", "sides")
M = len(UNITS)
FIVE = 5 / SCALE[:M]  # AU43 is 0-1 in levels and compared with the others on 0-5
# What a unit shows of another at most, on the people for calibration: of units with more, so much of their cross-talk is taken out of the
# levels as is needed. All of it would double the errors of AU6 and AU7, which look alike.
MOST = 0.14
# The share of the hand-set level in a unit's: rendered skin and folds differ from real ones, so pain's units rest on both.
HAND = {6: 0.25, 7: 0.25, 9: 0.1, 10: 0.1}


def pairs(rows, values):
    """Rows of people who act, their values, and those of their own face at ease and of the average one."""
    calm = rows["shot"] < 3
    ids = np.unique(rows["identity"][calm])
    own = {i: values[calm & (rows["identity"] == i)].mean(0) for i in ids}
    keep = ~calm & np.isin(rows["identity"], ids)
    return rows[keep], values[keep], np.stack([own[i] for i in rows["identity"][keep]]), values[calm].mean(0)


def truth(rows):
    return data.targets(rows) * SCALE


def unbounded(cal, kind, m, s, hand):
    """Levels before they are held to their range, and standard deviations, from a head's answers and the hand-set levels."""
    c = cal[kind]
    v = c["hand"] * hand + (1 - c["hand"]) * (m - c["zero"]) * c["gain"]
    v[:, :M] = v[:, :M] @ c["mix"].reshape(M, M).T
    return v, s * c["spread"]


def bounded(v, doubt=0):
    v = np.clip(v - doubt, 0, SCALE)
    v[:, 15], v[:, 16] = np.maximum(v[:, AT[6]], v[:, AT[7]]), np.maximum(v[:, AT[9]], v[:, AT[10]])
    return v


def calibrate(answer, rows, z):
    """For each answer a zero and a gain, after which its slope on the truth is 1 or nearly, and a factor on its standard
    deviation, after which it is as large as the errors of what comes of it are."""
    rows_, z, own, mean = pairs(rows, z)
    _, f, fown, fmean = pairs(rows, rows["features"].astype(float))
    y, cal = truth(rows_), {}
    hand = np.array([HAND.get(u, 0.0) for u in UNITS] + [0.0, 0.0])
    for kind, at, fat in zip(KINDS, (mean, own), (fmean, fown)):
        m, s = answer(z - at, kind == "own")
        c = cal[kind] = {"zero": np.zeros(len(HEADS)), "gain": np.ones(len(HEADS)), "spread": np.ones(len(HEADS)), "hand": hand, "mix": np.eye(M).ravel()}
        for i in range(len(HEADS)):
            c["zero"][i], c["gain"][i] = scaled(m[:, i], y[:, i], SCALE[i])
        v, _ = unbounded(cal, kind, m, s, raw(f, fat))
        c["mix"] = unmixed(crosstalk(bounded(v), y)).ravel()
        v, s = unbounded(cal, kind, m, s, raw(f, fat))
        c["spread"] = np.sqrt(np.mean(((bounded(v) - y) / s) ** 2, 0))
    return cal


def scaled(m, y, most):
    """The zero and the gain of one answer."""
    zero, gain = np.median(m[y < 0.05 * most]), 1.0
    for _ in range(20):
        k = slope(np.clip((m - zero) * gain, 0, most), y)
        gain = np.clip(gain * (0.93 / max(k, 0.1)) ** 0.7, 0.8, 2.2)
    return zero, gain


def unmixed(c):
    """A matrix that takes some of the cross-talk c out of levels and leaves its diagonal."""
    own = np.diag(np.diag(c))
    share = np.clip(1 - MOST / np.abs(c - own).max(1), 0, 1)[:, None]
    return ((1 - share) * c + share * own) @ np.linalg.inv(c) * FIVE / FIVE[:, None]


def slope(x, y):
    return np.cov(x, y)[0, 1] / max(y.var(ddof=1), 1e-9)


def pearson(x, y):
    return float(np.corrcoef(x, y)[0, 1]) if x.std() > 0 and y.std() > 0 else 0.0


def icc(x, y):
    """ICC(3,1), two raters."""
    m = (x + y) / 2
    between = 2 * m.var(ddof=1)
    rest = ((x - y) - (x - y).mean()).var(ddof=1) / 2
    return float((between - rest) / (between + rest))


def figures(v, y):
    f = {}
    for i, h in enumerate(HEADS):
        a, b = v[:, i], y[:, i]
        t = 0.5 if h == "AU43" else 2
        hit = ((a >= t) & (b >= t)).sum()
        f[h] = {"r": pearson(a, b), "icc": icc(a, b), "mae": float(np.abs(a - b).mean()), "f1": float(2 * hit / max((a >= t).sum() + (b >= t).sum(), 1)),
                "slope": float(slope(a, b)), "rest": float(a[b < 0.05 * SCALE[i]].mean())}
    f["PSPI"] = {"r": pearson(pspi(v), pspi(y)), "mae": float(np.abs(pspi(v) - pspi(y)).mean()), "slope": float(slope(pspi(v), pspi(y)))}
    return f


def pspi(v):
    """From the parts, as pain.Intensities does."""
    return v[:, AT[4]] + np.maximum(v[:, AT[6]], v[:, AT[7]]) + np.maximum(v[:, AT[9]], v[:, AT[10]]) + v[:, AT[43]]


def crosstalk(v, y):
    """How much each measured unit rises with a true one, all others held: rows are measured, columns true, AU43 on 0-5."""
    x = np.c_[y[:, :M] * FIVE, np.ones(len(y))]
    return np.linalg.lstsq(x, v[:, :M] * FIVE, rcond=None)[0][:M].T


def off(c):
    c = np.abs(c.copy())
    np.fill_diagonal(c, 0)
    i, j = np.unravel_index(c.argmax(), c.shape)
    return {"largest": float(c.max()), "where": f"true AU{UNITS[j]} in AU{UNITS[i]}", "mean": float(c.sum() / (c.size - len(c)))}


NAMES = ["eye_open_r", "eye_open_l", "lower_lid_r", "lower_lid_l", "brow_inner_r", "brow_inner_l", "brow_outer_r",
         "brow_outer_l", "brow_gap", "cheek_r", "cheek_l", "nose_wing_r", "nose_wing_l", "lip_raise_r", "lip_raise_l",
         "upper_lip", "mouth_width", "lip_corner_r", "lip_corner_l", "lip_corner_eye_r", "lip_corner_eye_l", "lips_open",
         "jaw", "lower_lip", "furrow", "nose_root"]
F = {n: i for i, n in enumerate(NAMES)}


def raw(f, n):
    """vision/units.go's hand-set levels before they are held to their range; units it does not measure are 0."""
    n = np.broadcast_to(n, f.shape)
    d = lambda k: f[:, F[k]] - n[:, F[k]]
    both = lambda k: (d(k + "_r") + d(k + "_l")) / 2
    narrow = 1 - (f[:, 0] + f[:, 1]) / np.maximum(n[:, 0] + n[:, 1], 0.1)
    lid, smile = both("lower_lid"), 50 * both("lip_corner") + 18 * d("mouth_width") - 0.4
    laugh = np.maximum(smile, 0)
    v = np.zeros((len(f), len(HEADS)))
    for u, x in ((1, 60 * both("brow_inner") - 0.4), (2, 60 * both("brow_outer") - 0.4), (4, 3.6 * d("furrow") - 10 * d("brow_gap") - 0.9),
                 (6, -70 * both("cheek") + 30 * lid - 0.3), (7, 5 * narrow + 40 * lid - 0.5),
                 (9, -70 * both("nose_wing") + 0.8 * d("nose_root") - 0.35 * laugh - 0.4), (10, -80 * both("lip_raise") - 0.4), (12, smile),
                 (20, 20 * d("mouth_width") - 0.7 * laugh - 0.4), (25, 30 * d("lips_open") - 0.3), (26, 20 * d("jaw") - 0.4), (43, (narrow - 0.22) / 0.12)):
        v[:, AT[u]] = x
    return v


def rendered(answer, cal, rows, z):
    out, ease = {}, {}
    r, zz, own, mean = pairs(rows, z)
    _, ff, fown, fmean = pairs(rows, rows["features"].astype(float))
    y = truth(r)
    for kind, at, fat in zip(KINDS, (mean, own), (fmean, fown)):
        m, s = answer(zz - at, kind == "own")
        v, s = unbounded(cal, kind, m, s, raw(ff, fat))
        v = bounded(v)
        h = bounded(raw(ff, fat))
        alone = bounded((m - cal[kind]["zero"]) * cal[kind]["gain"])
        calm = rows["shot"] < 3
        if kind == "average":
            e, _ = unbounded(cal, kind, *answer(z[calm] - mean, False), raw(rows["features"][calm].astype(float), fmean))
            ease = {"score": [float(np.quantile(score(bounded(e)), q)) for q in (0.5, 0.9)], "mean": dict(zip(HEADS, bounded(e).mean(0).round(2).tolist()))}
        narrow = 1 - (ff[:, 0] + ff[:, 1]) / (fat[..., 0] + fat[..., 1])
        trivial = {"eye aperture alone": narrow, "smile inverted": -h[:, AT[12]]}
        out[kind] = {"pictures": len(y), "at ease": ease if kind == "average" else {}, "wince": figures(v, y), "network alone": figures(alone, y), "handset": figures(h, y),
                     "crosstalk": off(crosstalk(v, y)), "crosstalk, network alone": off(crosstalk(alone, y)), "crosstalk, handset": off(crosstalk(h, y)),
                     "matrix": crosstalk(v, y).round(3).tolist(),
                     "covered by one deviation": {h: float((np.abs(v[:, i] - y[:, i]) <= s[:, i]).mean()) for i, h in enumerate(HEADS)},
                     "trivial": {n: {h: pearson(x, y[:, i]) for i, h in enumerate(HEADS)} | {"PSPI": pearson(x, pspi(y))} for n, x in trivial.items()}}
    return out


def halved(answer, cal, whole, half):
    """Pictures in which one half of the face hardly moves: what is measured when the other half is read, and when the whole face is, against what the
    half that moves does."""
    out = {}
    measured = {}
    for kind in KINDS:
        for name, (rows, z) in (("half", half), ("whole", whole)):
            f = rows["features"].astype(float)
            r, zz, own, mean = pairs(rows, z)
            _, ff, fown, fmean = pairs(rows, f)
            if name == "half":
                _, _, _, mean = pairs(*whole)
                fmean = pairs(whole[0], whole[0]["features"].astype(float))[3]
            at, fat = (own, fown) if kind == "own" else (mean, fmean)
            v, _ = unbounded(cal, kind, *answer(zz - at, kind == "own"), raw(ff, fat))
            one = np.abs(r["lopsided"]) > 0.5
            key = [(i % data.HALF, s) for i, s in zip(r["identity"][one], r["shot"][one])]
            measured[name] = dict(zip(key, bounded(v)[one])), dict(zip(key, truth(r)[one]))
        both = sorted(set(measured["half"][0]) & set(measured["whole"][0]))
        if len(both) < 3:  # too few to say anything, as with SMALL=1
            continue
        y = np.stack([measured["half"][1][k] for k in both])
        out[kind] = {"pictures": len(both)} | {n: figures(np.stack([measured[n][0][k] for k in both]), y) for n in ("half", "whole")}
        out[kind] |= {f"{n}, PSPI less the truth": float((pspi(np.stack([measured[n][0][k] for k in both])) - pspi(y)).mean()) for n in ("half", "whole")}
    return out


def score(v):
    """pain/score.go for a picture that stands alone."""
    a = lambda u: v[:, AT[u]]
    part = np.where(a(12) >= 1, np.clip(2 - np.maximum(a(4), a(9) - 1), 0, 1), 0)
    orbit = np.maximum(0, np.maximum(a(6), a(7)) - part * a(12))
    lip = np.maximum(0, a(10) - part * a(12))
    eyes = np.where((a(43) >= 0.5) & ((a(4) >= 1) | (orbit >= 1)), a(43), 0)
    return a(4) + orbit + np.maximum(a(9), lip) + eyes


def auc(a, b):
    return float((a[:, None] > b[None]).mean() + 0.5 * (a[:, None] == b[None]).mean())


def real(answer, cal, sets):
    """Of real faces: every second person made the average face, and is told apart from the others."""
    out = {}
    rows, z = sets["neutral"]
    made = rows["identity"] % 2 == 0
    mean, fmean = z[made].mean(0), rows["features"][made].astype(float).mean(0)

    def wince(rows, z, zn, fn, kind, doubt=None):
        m, s = answer(z - zn, kind == "own")
        v, _ = unbounded(cal, kind, m, s, raw(rows["features"].astype(float), fn))
        return v if doubt is None else bounded(v, doubt)

    def alone(rows, z, zn, fn, kind, doubt=None):
        m, _ = answer(z - zn, kind == "own")
        v = (m - cal[kind]["zero"]) * cal[kind]["gain"]
        return v if doubt is None else bounded(v, doubt)

    def hands(rows, z, zn, fn, kind, doubt=None):
        v = raw(rows["features"].astype(float), fn)
        return v if doubt is None else bounded(v, doubt)
    for name, level in (("wince", wince), ("network alone", alone), ("handset", hands)):
        usual = 0.5 * (cal["average"]["ease"] if name == "wince" else level(rows[made], z[made], mean, fmean, "average").std(0, ddof=1))
        usual[AT[43]] = 0

        def measure(rows, z, zn, fn, kind):
            return level(rows, z, zn, fn, kind, usual if kind == "average" else np.zeros(len(HEADS)))
        f = out[name] = {}
        srows, sz = sets["smiling"]
        for half, odd in (("made", 0), ("held", 1)):
            a, b = rows["identity"] % 2 == odd, srows["identity"] % 2 == odd
            rest = measure(rows[a], z[a], mean, fmean, "average")
            smile = measure(srows[b], sz[b], mean, fmean, "average")
            at = [np.flatnonzero(rows["identity"] == i)[0] for i in srows["identity"][b] if (rows["identity"] == i).any()]
            ok = np.isin(srows["identity"][b], rows["identity"])
            own = measure(srows[b][ok], sz[b][ok], z[at], rows["features"][at], "own")
            q = lambda x: [round(float(np.quantile(x, t)), 2) for t in (0.5, 0.9)]
            f[half] = {"score at ease": q(score(rest)), "score smiling": q(score(smile)), "score smiling, own": q(score(own)),
                       "pspi at ease": q(pspi(rest)), "pspi smiling": q(pspi(smile)), "pspi smiling, own": q(pspi(own)),
                       "AU12 AUC": round(auc(smile[:, AT[12]], rest[:, AT[12]]), 3),
                       "share AU4 over 1.5 (ease, smile, own)": [round(float((x[:, AT[4]] > 1.5).mean()), 3) for x in (rest, smile, own)],
                       "share AU9 over 1.5 (ease, smile, own)": [round(float((x[:, AT[9]] > 1.5).mean()), 3) for x in (rest, smile, own)],
                       "mean at ease": dict(zip(HEADS, rest.mean(0).round(2).tolist())), "mean smiling": dict(zip(HEADS, smile.mean(0).round(2).tolist()))}
        if "clip" in sets:
            crows, cz = sets["clip"]
            v = measure(crows, cz, mean, fmean, "average")
            n = crows["identity"] + 1
            part = lambda a, b, x: x[(n >= a) & (n <= b)]
            f["clip"] = {"distress score": round(float(np.median(part(25, 100, score(v)))), 2), "smiling score p90": round(float(np.quantile(part(240, 472, score(v)), 0.9)), 2),
                         "AUC score": round(auc(part(25, 100, score(v)), part(240, 472, score(v))), 3),
                         "AUC pspi": round(auc(part(25, 100, pspi(v)), part(240, 472, pspi(v))), 3),
                         "AU4 AUC": round(auc(part(25, 60, v[:, AT[4]]), part(240, 472, v[:, AT[4]])), 3), "AU4 median": round(float(np.median(part(25, 60, v[:, AT[4]]))), 2),
                         "AUC by unit": {h: round(auc(part(25, 100, v[:, i]), part(240, 472, v[:, i])), 2) for i, h in enumerate(HEADS)},
                         "mean distress": dict(zip(HEADS, part(25, 100, v).mean(0).round(2).tolist())), "mean smiling": dict(zip(HEADS, part(240, 472, v).mean(0).round(2).tolist()))}
        if "rendered" in sets:
            rrows, rz = sets["rendered"]
            v = measure(rrows, rz, mean, fmean, "average")
            y = truth(rrows)
            ok = ~np.isnan(y[:, AT[4]])
            f["clips, average face"] = {h: round(pearson(v[ok, i], y[ok, i]), 2) for i, h in enumerate(HEADS) if not np.isnan(y[ok, i]).any()}
            f["clips, average face"]["PSPI"] = round(pearson(pspi(v[ok]), pspi(y[ok])), 2)
    return out


def short(f):
    """The figures by which seeds are compared."""
    s = {n: {k: {h: round(x["r"], 3) for h, x in f[n][k]["wince"].items()} for k in KINDS} for n in RENDERED if n in f}
    if "real" in f:
        s["real"] = {k: f["real"]["wince"][k] for k in ("held", "clip") if k in f["real"]["wince"]}
    return s


def everything(answer, cal, z):
    f = {n: rendered(answer, cal, *z[n]) for n in RENDERED if n in z}
    f |= {n: halved(answer, cal, z[n[:-5]], z[n]) for n in ("dev-half", "sides-half") if n in z}
    if "neutral" in z:
        f["real"] = real(answer, cal, z)
    return f


def show(f):
    for name in (n for n in RENDERED if n in f):
        for kind in KINDS:
            x = f[name][kind]
            print(name, kind, "r/slope (handset r)", " ".join(f"{h}:{v['r']:.2f}/{v.get('slope', 0):.2f}({x['handset'][h]['r']:.2f})" for h, v in x["wince"].items()))
            print("   at ease", x["at ease"])
            print("   crosstalk", x["crosstalk"], "handset", x["crosstalk, handset"])
    for name in (n for n in ("dev-half", "sides-half") if n in f):
        for kind, x in f[name].items():
            for n in ("half", "whole"):
                print(name, kind, n, x["pictures"], "r/slope", " ".join(f"{h}:{v['r']:.2f}/{v['slope']:.2f}" for h, v in x[n].items()), f"PSPI off by {x[n + ', PSPI less the truth']:.2f}")
    for who, x in f.get("real", {}).items():
        for k, v in x.items():
            print(who, k, v)
