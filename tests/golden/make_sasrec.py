#!/usr/bin/env python3
"""Golden numbers of tests/unit/test_sasrec_forward.c: sasrec written in PyTorch, float64. Needs torch.

make_sasrec.py OUT.h: per case (variant and what an item's embedding is the sum of) the scores after each user's history, the
gradient of every parameter at the first step, and ten losses of AdamW. Weights, codes and vectors come from formulas that the
test repeats: element i of array a is sin(1.3 a + .7 i + .01 i^2) / 4, rounded to float32, gains 1 more; code l of item i is (i
(l + 2) + 1) mod K_l.
"""
import math
import sys
import torch

ITEMS, DIM, HEADS, BLOCKS, HISTORY, CONTENT, CODES = 9, 8, 2, 2, 6, 5, (4, 3)
USERS = [[0, 3, 5, 1, 8, 2], [4, 2, 7], [6, 1, 0, 7, 3]]
torch.set_default_dtype(torch.float64)


def numbers(array, shape, more=0.0):
    values = [math.sin(1.3 * array + 0.7 * i + 0.01 * i * i) * 0.25 for i in range(math.prod(shape))]
    values = torch.tensor(values).to(torch.float32)
    return (values + more).to(torch.float64).reshape(shape)


def norm(x, gain, bias):
    return torch.nn.functional.layer_norm(x, (DIM,), gain, bias, 1e-5)


def attend(q, k, v):
    t, d = q.shape[0], DIM // HEADS
    q, k, v = (m.reshape(t, HEADS, d).transpose(0, 1) for m in (q, k, v))
    score = q @ k.transpose(1, 2) / math.sqrt(d)
    score = score.masked_fill(torch.ones(t, t).triu(1).bool(), -math.inf)
    return (torch.softmax(score, 2) @ v).transpose(0, 1).reshape(t, DIM)


class Model:
    def __init__(self, variant, parts):
        self.original, self.parts, self.learned = variant == "original", parts, {}
        self.matrices = []
        if "id" in parts:
            self.add("items.id", (ITEMS, DIM))
        if "sid" in parts:
            for l, k in enumerate(CODES):
                self.add("code.%d" % l, (k + 1, DIM))
        if "content" in parts:
            self.add("map", (DIM, CONTENT), True)
            x = torch.tensor([[math.cos(0.9 * i * CONTENT + 0.4 * d + d * d) for d in range(CONTENT)] for i in range(ITEMS)])
            x = (x / x.norm(dim=1, keepdim=True)).to(torch.float32).to(torch.float64)
            self.content = x - x.mean(0)
        self.add("position", (HISTORY, DIM))
        if not self.original:
            self.add_norm("first")
        inner = DIM if self.original else 4 * DIM
        for b in range(BLOCKS):
            self.add_norm("%d.norm1" % b)
            if self.original:
                self.add_linear("%d.q" % b, DIM, DIM)
                self.add_linear("%d.kv" % b, 2 * DIM, DIM)
            else:
                self.add_linear("%d.qkv" % b, 3 * DIM, DIM)
            self.add_linear("%d.out" % b, DIM, DIM)
            self.add_norm("%d.norm2" % b)
            self.add_linear("%d.up" % b, inner, DIM)
            self.add_linear("%d.down" % b, DIM, inner)
        self.add_norm("last")

    def add(self, name, shape, decays=False, more=0.0):
        self.learned[name] = numbers(len(self.learned), shape, more).requires_grad_()
        if decays:
            self.matrices.append(self.learned[name])

    def add_norm(self, name):
        self.add(name + ".w", (DIM,), more=1.0)
        self.add(name + ".b", (DIM,))

    def add_linear(self, name, rows, columns):
        self.add(name + ".w", (rows, columns), True)
        self.add(name + ".b", (rows,))

    def norm(self, name, x):
        return norm(x, self.learned[name + ".w"], self.learned[name + ".b"])

    def linear(self, name, x):
        return x @ self.learned[name + ".w"].T + self.learned[name + ".b"]

    def table(self):
        e = torch.zeros(ITEMS, DIM)
        if "id" in self.parts:
            e = e + self.learned["items.id"]
        if "sid" in self.parts:
            for l, k in enumerate(CODES):
                e = e + self.learned["code.%d" % l][torch.tensor([(i * (l + 2) + 1) % k for i in range(ITEMS)])]
        return e + self.content @ self.learned["map"].T if "content" in self.parts else e

    def hidden(self, items):
        place = self.learned["position"][torch.arange(len(items) - 1, -1, -1)]
        x = self.table()[torch.tensor(items)]
        x = x * math.sqrt(DIM) + place if self.original else self.norm("first", x + place)
        for b in range(BLOCKS):
            h = self.norm("%d.norm1" % b, x)
            if self.original:
                k, v = self.linear("%d.kv" % b, x).split(DIM, 1)
                x = h + self.linear("%d.out" % b, attend(self.linear("%d.q" % b, h), k, v))
                x = h = self.norm("%d.norm2" % b, x)
            else:
                x = x + self.linear("%d.out" % b, attend(*self.linear("%d.qkv" % b, h).split(DIM, 1)))
                h = self.norm("%d.norm2" % b, x)
            x = x + self.linear("%d.down" % b, torch.relu(self.linear("%d.up" % b, h)))
        return self.norm("last", x)

    def loss(self):
        h = torch.cat([self.hidden(u[:-1]) for u in USERS])
        target = torch.tensor([i for u in USERS for i in u[1:]])
        return torch.nn.functional.cross_entropy(h @ self.table().T, target)


def c_rows(values):
    return ", ".join("%.6g" % v for v in values)


def run(variant, parts, out):
    model = Model(variant, parts)
    learned = list(model.learned.values())
    others = [p for p in learned if all(p is not m for m in model.matrices)]
    optim = torch.optim.AdamW([{"params": model.matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
                              lr=0.01, betas=(0.9, 0.98 if variant == "original" else 0.999))
    losses = []
    for step in range(10):
        loss = model.loss()
        optim.zero_grad()
        loss.backward()
        if step == 0:
            score = [v for u in USERS for v in (model.hidden(u)[-1] @ model.table().T).tolist()]
            grad = torch.cat([p.grad.flatten() for p in learned]).tolist()
        losses.append(loss.item())
        optim.step()
    out.write('    {"%s", "%s",\n     {%s},\n     {%s},\n     {%s}},\n' % (
        variant, ",".join(parts), c_rows(score), c_rows(grad), c_rows(losses)))


with open(sys.argv[1], "w") as out:
    out.write("/* sasrec_golden.h: what PyTorch says; written by tests/golden/make_sasrec.py. */\n"
              "/* clang-format off */\n"
              "static const golden_case golden[] = {\n")
    for case in (("pre-norm", ("id",)), ("original", ("id",)), ("pre-norm", ("id", "sid", "content"))):
        run(*case, out)
    out.write("};\n")
