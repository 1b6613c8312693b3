#!/usr/bin/env python3
"""Golden numbers of tests/unit/test_sidgpt_net.c: both networks of sidgpt written in PyTorch, float64, padded. Needs torch.

make_sidgpt.py OUT.h: per layout the logits of each level, the gradient of every parameter at the first step, and ten losses of
AdamW. Weights come from a formula that the test repeats: element i of parameter a is sin(1.3 a + .7 i + .01 i^2) * .3, rounded to
float32; norms' gains are 1 + that. Codes of item j at level l: (3 j + j^2 l + 2 l) mod K_l. "rich" is the layout item whose trunk reads codes
and vectors, sin(.9 j + 1.7 d) at d, less their mean, and learns the items too, with weight .5.
"""
import math
import sys
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
DIM, HEADS, HIDDEN, LAYERS, DEPTH_LAYERS = 8, 2, 12, 2, 1
CODES = [5, 4, 6]
LEVELS = len(CODES)
ITEMS, VECTOR_DIM, DENSE = 8, 5, 0.5
SEQUENCES = [[0, 3, 1, 6], [2, 5], [4, 1, 0, 7, 3]]
BASE, EPSILON = 10000.0, 1e-6


def numbers(array, shape, offset):
    count = math.prod(shape)
    values = [math.sin(1.3 * array + 0.7 * i + 0.01 * i * i) * 0.3 + offset for i in range(count)]
    return torch.tensor(values).to(torch.float32).to(torch.float64).reshape(shape).requires_grad_()


def code(item, level):
    return (3 * item + item * item * level + 2 * level) % CODES[level]


def contents():
    every = [[math.sin(0.9 * j + 1.7 * d) for d in range(VECTOR_DIM)] for j in range(ITEMS)]
    x = torch.tensor(every).to(torch.float32).to(torch.float64)
    return x - x.mean(0)


def stack_shapes(layers):
    one = [("norm", (DIM,)), ("qkv", (3 * DIM, DIM)), ("out", (DIM, DIM)), ("norm", (DIM,)), ("up", (2 * HIDDEN, DIM)), ("down", (DIM, HIDDEN))]
    return one * layers + [("norm", (DIM,))]


def rms(x, gain):
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + EPSILON) * gain


def rotate(x):
    """(B, H, T, size): elements i and i + size / 2 turn together."""
    size, length = x.shape[-1], x.shape[-2]
    angle = torch.arange(length)[:, None] * BASE ** (-2.0 * torch.arange(size // 2) / size)[None]
    a, b = x[..., : size // 2], x[..., size // 2 :]
    return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], -1)


def stack(x, weights):
    batch, length, _ = x.shape
    mask = torch.ones(length, length, dtype=torch.bool).tril()
    for at in range(0, len(weights) - 1, 6):
        norm1, qkv, out, norm2, up, down = weights[at : at + 6]
        q, k, v = (rms(x, norm1) @ qkv.T).reshape(batch, length, 3, HEADS, DIM // HEADS).permute(2, 0, 3, 1, 4)
        score = rotate(q) @ rotate(k).transpose(-1, -2) / math.sqrt(DIM // HEADS)
        weight = score.masked_fill(~mask, -math.inf).softmax(-1)
        x = x + (weight @ v).transpose(1, 2).reshape(batch, length, DIM) @ out.T
        gate, value = (rms(x, norm2) @ up.T).split(HIDDEN, -1)
        x = x + (F.silu(gate) * value) @ down.T
    return rms(x, weights[-1])


class Model:
    def __init__(self, layout):
        self.layout = layout
        rich = layout == "rich"
        shapes = [("code", (k + rich, DIM)) for k in CODES] + [("map", (DIM, VECTOR_DIM))] * rich + stack_shapes(LAYERS)
        if layout == "flat":
            shapes += [("place", (1 + LEVELS, DIM))]
        else:
            shapes += [("bridge", (DIM, DIM))] + [("code", (k, DIM)) for k in CODES] + stack_shapes(DEPTH_LAYERS)
        self.param = [numbers(a, s, 1.0 if name == "norm" else 0.0) for a, (name, s) in enumerate(shapes)]
        self.trunk = self.param[LEVELS + rich : LEVELS + rich + 6 * LAYERS + 1]
        self.rest = self.param[LEVELS + rich + 6 * LAYERS + 1 :]
        self.dense = 0.0

    def flat(self, items):
        table, place = self.param[:LEVELS], self.rest[0]
        tokens = [place[0]]
        for item in items:
            tokens += [table[l][code(item, l)] + place[1 + l] for l in range(LEVELS)]
        hidden = stack(torch.stack(tokens[:-1])[None], self.trunk)[0]
        return [(hidden[LEVELS + l :: LEVELS] @ table[l].T) for l in range(LEVELS)]

    def item(self, items):
        bridge, own, depth = self.rest[0], self.rest[1 : 1 + LEVELS], self.rest[1 + LEVELS :]
        every = torch.stack([sum(self.param[l][code(item, l)] for l in range(LEVELS)) for item in range(ITEMS)])
        if self.layout == "rich":
            every = every + contents() @ self.param[LEVELS].T
        state = stack(every[items][None], self.trunk)[0][:-1]
        start = state @ bridge.T
        self.dense = self.dense + F.cross_entropy(state @ every.T, torch.tensor(items[1:]), reduction="sum")
        codes = [torch.stack([own[l][code(item, l)] for item in items[1:]]) for l in range(LEVELS - 1)]
        hidden = stack(torch.stack([start] + codes, 1), depth)
        return [hidden[:, l] @ own[l].T for l in range(LEVELS)]

    def logits(self):
        self.dense = 0.0
        every = [self.flat(items) if self.layout == "flat" else self.item(items) for items in SEQUENCES]
        return [torch.cat([one[l] for one in every]) for l in range(LEVELS)]


def c_rows(values):
    return ", ".join("%.9g" % v for v in values)


def run(layout, out):
    model = Model(layout)
    target = [torch.tensor([code(item, l) for items in SEQUENCES for item in items[1:]]) for l in range(LEVELS)]
    optim = torch.optim.AdamW(model.param, lr=0.01, weight_decay=0.0)
    losses = []
    for step in range(10):
        logits = model.logits()
        loss = sum(F.cross_entropy(logits[l], target[l]) for l in range(LEVELS)) / LEVELS
        if layout == "rich":
            loss = loss + DENSE * model.dense / len(target[0])
        optim.zero_grad()
        loss.backward()
        if step == 0:
            first = torch.cat([one.detach().flatten() for one in logits]).tolist()
            grad = torch.cat([p.grad.flatten() for p in model.param]).tolist()
        losses.append(loss.item())
        optim.step()
    out.write("static const double %s_logits[] = {%s};\n" % (layout, c_rows(first)))
    out.write("static const double %s_grad[] = {%s};\n" % (layout, c_rows(grad)))
    out.write("static const double %s_loss[] = {%s};\n" % (layout, c_rows(losses)))


with open(sys.argv[1], "w") as out:
    out.write("/* sidgpt_golden.h: what PyTorch says; written by tests/golden/make_sidgpt.py. */\n/* clang-format off */\n")
    for layout in ("item", "flat", "rich"):
        run(layout, out)
