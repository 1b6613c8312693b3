#!/usr/bin/env python3
"""Golden numbers of tests/unit/test_ranker_golden.c: each family of rankers and each way to pool a history written in PyTorch,
float64. Needs torch.

make_rankers.py OUT.h: per case (family, options, pool) the logits of six impressions, the gradient of every parameter at the
first step (embeddings are parameters here) and ten losses of Adam. Element i of array a is sin(1.3 a + .7 i + .01 i^2) / 4,
rounded to float32; of two-tower ten times that, since unit vectors of small numbers are steep.
"""
import math
import sys
import torch
import torch.nn.functional as F

B, D, X = 6, 4, 2
PASTS = [0, 3, 1, 4, 2, 3]
T = sum(PASTS)
OF = [i for i, n in enumerate(PASTS) for _ in range(n)]
LABEL = [1, 0, 1, 1, 0, 1]
SECOND = [0, 1, 1, 0, 0, 1]
TARGET = [0, 1, 2, 0, 3, 4]
CHANCE = [0.5, 0.25, 0.1, 0.5, 1.0, 0.3]
torch.set_default_dtype(torch.float64)


def numbers(array, shape, times=1.0):
    values = [math.sin(1.3 * array + 0.7 * i + 0.01 * i * i) * 0.25 * times for i in range(math.prod(shape))]
    return torch.tensor(values).to(torch.float32).to(torch.float64).reshape(shape)


class Model:
    def __init__(self, family, options, pool):
        self.family, self.options, self.pool_kind, self.learned = family, options, pool, {}
        self.times = 10.0 if family == "two-tower" else 1.0
        for name, shape in (("linear", (B, 1)), ("user", (B, D)), ("item", (B, D)), ("past", (T, D)), ("other", (B, D))):
            self.add(name, shape)
        self.dense = numbers(50, (B, X))
        self.declare_pool(pool, "pool")
        getattr(self, "declare_" + family.replace("-", "_"))()

    def add(self, name, shape):
        self.learned[name] = numbers(len(self.learned), shape, self.times).requires_grad_()

    def __getitem__(self, name):
        return self.learned[name]

    def add_net(self, name, widths):
        for i, (a, b) in enumerate(zip(widths, widths[1:])):
            self.add("%s.%d.w" % (name, i), (b, a))
            self.add("%s.%d.b" % (name, i), (b,))

    def net(self, name, x):
        i = 0
        while "%s.%d.w" % (name, i) in self.learned:
            x = torch.relu(x) if i else x
            x = F.linear(x, self["%s.%d.w" % (name, i)], self["%s.%d.b" % (name, i)])
            i += 1
        return x

    def declare_pool(self, kind, name):
        if kind == "din":
            for i, (a, b) in enumerate(((4 * D, 80), (80, 40))):
                self.add("%s.%d.w" % (name, i), (b, a))
                self.add("%s.%d.b" % (name, i), (b,))
                self.add("%s.%d.slope" % (name, i), (b,))
            self.add(name + ".2.w", (1, 40))
            self.add(name + ".2.b", (1,))
        if kind == "pma":
            self.add(name + ".seeds", (32, D))
            self.add(name + ".kv", (2 * D, D))
            self.add(name + ".out.w", (D, D))
            self.add(name + ".out.b", (D,))

    def pool(self, kind, name):
        rows, past = [], self["past"]
        for i in range(B):
            h = past[[t for t in range(T) if OF[t] == i]]
            if kind == "pma":
                s = self[name + ".seeds"]
                k, v = F.linear(h, self[name + ".kv"]).split(D, 1)
                s = s + torch.softmax(s @ k.T / math.sqrt(D), 1) @ v if len(h) else s
                s = s + torch.relu(F.linear(s, self[name + ".out.w"], self[name + ".out.b"]))
                rows.append(s.mean(0))
            elif len(h) == 0:
                rows.append(torch.zeros(D))
            elif kind == "din":
                t = self["item"][i].expand(len(h), D)
                a = torch.cat([h, t, h - t, h * t], 1)
                for n in range(2):
                    a = F.prelu(F.linear(a, self["%s.%d.w" % (name, n)], self["%s.%d.b" % (name, n)]),
                                self["%s.%d.slope" % (name, n)])
                rows.append((F.linear(a, self[name + ".2.w"], self[name + ".2.b"]) * h).sum(0))
            else:
                rows.append({"sum": h.sum(0), "mean": h.mean(0), "last": h[-1]}[kind])
        return torch.stack(rows)

    def fields(self, history=None):
        return [self["user"], self["item"], self.pool(self.pool_kind, "pool") if history is None else history, self["other"]]

    def wide(self, history=None):
        return torch.cat(self.fields(history) + [self.dense], 1)

    def pairs(self):
        e = torch.stack(self.fields(), 1)
        return 0.5 * (e.sum(1) ** 2 - (e ** 2).sum(1)).sum(1, keepdim=True)

    def loss(self, logit):
        return F.binary_cross_entropy_with_logits(logit[:, 0], torch.tensor(LABEL).double(), reduction="sum")

    def declare_lr(self): pass
    declare_dot = declare_fm = declare_lr
    WIDE = 4 * D + X

    def lr(self): return self["linear"]

    def dot(self):
        user, item, history, _ = self.fields()
        return self["linear"] + ((user + history) * item).sum(1, keepdim=True)

    def fm(self): return self["linear"] + self.pairs()

    def declare_deepfm(self): self.add_net("mlp", [self.WIDE, 6, 5, 1])

    def deepfm(self): return self["linear"] + self.pairs() + self.net("mlp", self.wide())

    def declare_dlrm(self):
        self.add_net("bottom", [X, 3, D])
        self.add_net("mlp", [10 + D, 6, 1])

    def dlrm(self):
        d = self.net("bottom", self.dense)
        v = self.fields() + [d]
        dots = [(v[i] * v[j]).sum(1, keepdim=True) for i in range(5) for j in range(i + 1, 5)]
        return self["linear"] + self.net("mlp", torch.cat([d] + dots, 1))

    def declare_dcnv2(self):
        self.low, self.stacked = "rank=2" in self.options, "stacked" in self.options
        for l in range(2):
            if self.low:
                self.add("cross.%d.v" % l, (2, self.WIDE))
            self.add("cross.%d.w" % l, (self.WIDE, 2 if self.low else self.WIDE))
            self.add("cross.%d.b" % l, (self.WIDE,))
        self.add_net("mlp", [self.WIDE, 6, 5])
        self.add("out.w", (1, 5 if self.stacked else self.WIDE + 5))
        self.add("out.b", (1,))

    def dcnv2(self):
        first = x = self.wide()
        for l in range(2):
            low = F.linear(x, self["cross.%d.v" % l]) if self.low else x
            x = first * F.linear(low, self["cross.%d.w" % l], self["cross.%d.b" % l]) + x
        deep = torch.relu(self.net("mlp", x if self.stacked else first))
        return self["linear"] + F.linear(deep if self.stacked else torch.cat([x, deep], 1), self["out.w"], self["out.b"])

    def declare_din(self):
        self.declare_pool("din", "attention")
        self.add_net("mlp", [self.WIDE, 6, 1])

    def din(self): return self["linear"] + self.net("mlp", self.wide(self.pool("din", "attention")))

    def declare_two_tower(self):
        self.add_net("request", [3 * D + X, 6, 3])
        self.add_net("item.net", [D, 6, 3])

    def two_tower(self):
        user, item, history, other = self.fields()
        u = F.normalize(self.net("request", torch.cat([user, history, other, self.dense], 1)))
        v = F.normalize(self.net("item.net", item))
        clicks = [i for i in range(B) if LABEL[i]]
        s = u[clicks] @ v[clicks].T / 0.5 - torch.log(torch.tensor([CHANCE[j] for j in clicks]))
        same = torch.tensor([[i != j and TARGET[i] == TARGET[j] for j in clicks] for i in clicks])
        self.own = F.cross_entropy(s.masked_fill(same, -math.inf), torch.arange(len(clicks)), reduction="sum")
        return (u * v).sum(1, keepdim=True) / 0.5

    def declare_mmoe(self):
        for e in range(3):
            self.add_net("expert.%d" % e, [self.WIDE, 6, 5])
        for k in range(2):
            self.add("gate.%d" % k, (3, self.WIDE))
            self.add_net("task.%d" % k, [5, 4, 1])

    def mmoe(self):
        x, score = self.wide(), []
        expert = torch.stack([torch.relu(self.net("expert.%d" % e, x)) for e in range(3)], 1)
        for k in range(2):
            share = torch.softmax(F.linear(x, self["gate.%d" % k]), 1)
            score.append(self.net("task.%d" % k, (share[:, :, None] * expert).sum(1)))
        first = self["linear"] + score[0]
        bce = F.binary_cross_entropy_with_logits
        self.own = bce(first[:, 0], torch.tensor(LABEL).double(), reduction="sum") + \
            0.5 * bce(score[1][:, 0], torch.tensor(SECOND).double(), reduction="sum")
        return first

    def forward(self):
        self.own = None
        logit = getattr(self, self.family.replace("-", "_"))()
        return logit, self.loss(logit) if self.own is None else self.own


def c_rows(values):
    return ", ".join("%.6g" % v for v in values)


def run(case, out):
    model = Model(*case)
    learned = list(model.learned.values())
    optim = torch.optim.Adam(learned, lr=0.01)
    losses = []
    for step in range(10):
        logit, loss = model.forward()
        optim.zero_grad()
        loss.backward()
        for p in learned:
            p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        if step == 0:
            score = logit.flatten().tolist()
            grad = torch.cat([p.grad.flatten() for p in learned]).tolist()
        losses.append(loss.item())
        optim.step()
    out.write('    {"%s", "%s", "%s",\n     {%s},\n     {%s},\n     {%s}},\n' % (*case, c_rows(score), c_rows(grad), c_rows(losses)))


with open(sys.argv[1], "w") as out:
    out.write("/* ranker_golden.h: what PyTorch says; written by tests/golden/make_rankers.py. */\n"
              "/* clang-format off */\n"
              "static const golden_case golden[] = {\n")
    for case in (("lr", "", "mean"), ("dot", "", "mean"), ("dot", "", "sum"), ("dot", "", "last"), ("dot", "", "din"),
                 ("dot", "", "pma"), ("fm", "", "mean"), ("deepfm", "mlp=(6,5)", "mean"),
                 ("dlrm", "bottom=3,mlp=6", "mean"), ("dcnv2", "cross=2,mlp=(6,5)", "mean"),
                 ("dcnv2", "cross=2,rank=2,structure=stacked,mlp=(6,5)", "mean"), ("din", "mlp=6", "mean"),
                 ("two-tower", "mlp=(6,3),temperature=0.5", "mean"),
                 ("mmoe", "experts=3,expert=(6,5),mlp=4,weights=(1,0.5)", "mean")):
        run(case, out)
    out.write("};\n")
