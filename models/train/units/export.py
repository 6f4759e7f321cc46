"""Write what was trained: the encoder as ONNX, the comparison of faces, which is small, as numbers that vision reads."""

import base64
import hashlib
import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import net
from data import HEADS, HEIGHT, WIDTH


def encoder(model, norm):
    """One input, 1 x N: pose, features and landmarks as measured, then the flattened patch; one output, 1 x LATENT."""
    points = len(norm[0])
    nodes, init = [], []
    array = lambda x: x.detach().numpy().astype(np.float32)
    p = {n: {"w": array(m.weight), "b": array(m.bias)} for n, m in model.named_modules() if hasattr(m, "weight")}
    dense = lambda name: (p[name]["w"].T, p[name]["b"])

    def const(name, value):
        init.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(op, inputs, out, **kw):
        nodes.append(helper.make_node(op, inputs, [out], name=out, **kw))
        return out

    def half(name, value):
        """A large array, kept in half precision, which ONNX Runtime widens once when it opens the file."""
        return node("Cast", [const(name + "16", value.astype(np.float16))], name, to=TensorProto.FLOAT)

    def cut(x, a, b, axis, out):
        i64 = lambda v, n: const(f"{out}_{n}", np.array([v], np.int64))
        return node("Slice", [x, i64(a, "from"), i64(b, "to"), i64(axis, "axis")], out)
    # the whitening is part of the first layer
    w, b = dense("geo.0")
    w = w / norm[1][:, None]
    g = cut("face", 0, points, 1, "geometry")
    g = node("Gemm", [g, const("geo1_w", w.astype(np.float32)), const("geo1_b", (b - norm[0] @ w).astype(np.float32))], "geo1")
    g = node("Relu", [g], "geo1r")
    gemm = lambda x, layer, out: node("Gemm", [x, *(const(f"{out}_{n}", v) for n, v in zip("wb", dense(layer)))], out)
    z = [gemm(g, "geo.3", "geo2")]
    pose = cut("face", 0, net.POSE, 1, "pose")
    x = cut("face", points, points + HEIGHT * WIDTH, 1, "flat")
    patch = node("Reshape", [x, const("patch_shape", np.array([1, 1, HEIGHT, WIDTH], np.int64))], "patch")
    # Folds along each axis: a convolution gives the second differences of a whole row of a cell at once, with either sign, so that Relu, which
    # is fused, makes them absolute. ONNX Runtime computes sixteen channels anyway; with one for each axis it took five times as long.
    ends, taps = net.CELL + 2 * net.STEP, [0, net.STEP, 2 * net.STEP]
    k = np.zeros((2 * net.CELL, 1, 1, ends), np.float32)
    for i in range(net.CELL):
        for c, sign in ((2 * i, 1), (2 * i + 1, -1)):
            k[c, 0, 0, [i + t for t in taps]] = [sign, -2 * sign, sign]
    axes = []
    for name, turn, bias in (("across", (0, 1, 2, 3), [net.FLOOR, 0]), ("along", (0, 1, 3, 2), [0, net.FLOOR])):
        at = lambda n, other: [other, n] if name == "across" else [n, other]
        f = node("Conv", [patch, const(name + "_w", k.transpose(turn))], name, kernel_shape=at(ends, 1), strides=at(net.CELL, 1), pads=at(net.STEP, 0) * 2)
        f = node("AveragePool", [node("Relu", [f], name + "r")], name + "p", kernel_shape=at(1, net.CELL), strides=at(1, net.CELL))
        w = np.zeros((2, 2 * net.CELL, 1, 1), np.float32)
        w[len(axes)] = 1 / net.CELL
        axes.append(node("Conv", [f, const(name + "m_w", w), const(name + "m_b", np.array(bias, np.float32))], name + "m", kernel_shape=[1, 1]))
    f = node("Flatten", [node("Log", [node("Add", axes, "rough")], "log")], "folds")
    w, b = dense("fold.0")
    f = node("Relu", [node("Gemm", [f, const("fold1_w", w), const("fold1_b", b + 2.5 * w.sum(0))], "fold1")], "fold1r")
    z.append(gemm(f, "fold.2", "fold2"))
    for name, (a, b) in (("up", net.UPPER), ("low", net.LOWER)):
        x = cut(patch, a, b, 2, name)
        for i in range(len(net.CHANNELS) + 1):
            q, key, k = p[f"{name}.conv.{2 * i}"], f"{name}{i}", [*net.KERNELS, 1][i]
            kw = dict(kernel_shape=[k, k]) | (dict(strides=[2, 2], pads=[k // 2] * 4) if k > 1 else {})
            x = node("Conv", [x, const(key + "_w", q["w"]), const(key + "_b", q["b"])], key, **kw)
            x = node("Relu", [x], key + "r")
        x = node("Concat", [node("Flatten", [x], name + "f"), pose], name + "c", axis=1)
        w, b = dense(name + ".hid")
        w = np.concatenate([w[:-net.POSE], w[-net.POSE:] / norm[1][:net.POSE, None]])
        b = b - norm[0][:net.POSE] @ w[-net.POSE:]
        x = node("Gemm", [x, half(name + "h_w", w), const(name + "h_b", b.astype(np.float32))], name + "h")
        z.append(gemm(node("Relu", [x], name + "hr"), name + ".out", name + "d"))
    node("Concat", z, "numbers", axis=1)
    shape = lambda name, n: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, n])
    graph = helper.make_graph(nodes, "units", [shape("face", points + HEIGHT * WIDTH)], [shape("numbers", net.LATENT)], init)
    m = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="wince models/train/units")
    m.ir_version = 8
    onnx.checker.check_model(m)
    return m.SerializeToString()


def write(out, p, norm):
    """Write the encoder."""
    open(f"{out}/units.onnx", "wb").write(encoder(p, norm))


def comparison(out, members, cal):
    """Write the comparison of faces, and return both files' checksums."""
    pack = lambda x: base64.b64encode(np.ascontiguousarray(x, "<f4").tobytes()).decode()
    head = {"encoder": hashlib.sha256(open(f"{out}/units.onnx", "rb").read()).hexdigest(), "features": net.FEATURES, "numbers": net.LATENT,
            "answers": HEADS,
            "members": [[{"in": w.shape[0], "out": w.shape[1], "weights": pack(w.T), "bias": pack(b)} for w, b in layers] for layers in members]}
    head |= {k: {n: [round(float(x), 5) for x in v] for n, v in c.items()} for k, c in cal.items()}
    text = json.dumps(head, indent=1) + "\n"
    open(f"{out}/units.json", "w").write(text)
    return {"units.onnx": head["encoder"], "units.json": hashlib.sha256(text.encode()).hexdigest()}


def compared(path, encoder):
    """The comparisons of the file at path, which must have been made with the encoder, and the spread of each level between people at ease by them."""
    f = json.load(open(path))
    if f["encoder"] != hashlib.sha256(open(encoder, "rb").read()).hexdigest():
        raise SystemExit(f"{path} was made with another encoder than {encoder}")
    floats = lambda text: np.frombuffer(base64.b64decode(text), "<f4")
    members = [[(floats(l["weights"]).reshape(l["out"], l["in"]).T.copy(), floats(l["bias"]).copy()) for l in m] for m in f["members"]]
    return members, np.array(f["average"]["ease"])
