#!/usr/bin/env python3
"""Golden numbers of tests/unit/test_gru4rec.c and test_bert4rec.c: both models in PyTorch, float64. Needs torch.

make_sequences.py gru4rec|bert4rec OUT.h: logits of all items behind each history, loss, the gradient of every parameter, ten
losses of AdamW. Weights come from a formula that the tests repeat: element i of parameter p is sin(1.3 p + .7 i + .01 i^2) times
a scale that goes by its name, as float32.
"""
import math
import sys
import torch

torch.set_default_dtype(torch.float64)
ITEMS, DIM, HIDDEN, FF, HEADS, LAYERS, HISTORY = 9, 6, 5, 24, 2, 2, 8
RATE, DECAY = 0.003, 0.1
SEQUENCES = [[1, 4, 7, 2, 8, 3, 5], [0, 6], [5, 6, 2, 0]]


def numbers(index, name, shape):
    gain = "norm" in name and "weight" in name
    scale = 0.2 if "norm" in name or "bias" in name else 0.6
    values = [(1 if gain else 0) + math.sin(1.3 * index + 0.7 * i + 0.01 * i * i) * scale for i in range(math.prod(shape))]
    return torch.tensor(values).to(torch.float32).to(torch.float64).reshape(shape).requires_grad_()


class Gru4rec:
    undecayed = ("items.id",)
    cases = [0]

    def names(self):
        yield "items.id", (ITEMS, DIM)
        yield "gru.w_ih", (3 * HIDDEN, DIM)
        yield "gru.w_hh", (3 * HIDDEN, HIDDEN)
        yield "gru.b_ih", (3 * HIDDEN,)
        yield "gru.b_hh", (3 * HIDDEN,)
        yield "out.weight", (DIM, HIDDEN)
        yield "out.bias", (DIM,)

    def logits(self, w, items):
        gru = torch.nn.GRU(DIM, HIDDEN, batch_first=True)
        named = {"weight_ih_l0": w["gru.w_ih"], "weight_hh_l0": w["gru.w_hh"], "bias_ih_l0": w["gru.b_ih"],
                 "bias_hh_l0": w["gru.b_hh"]}
        hidden = torch.func.functional_call(gru, named, (w["items.id"][items][None],))[0][0]
        return (hidden @ w["out.weight"].T + w["out.bias"]) @ w["items.id"].T

    def loss(self, w, case):
        total = [torch.nn.functional.cross_entropy(self.logits(w, s[:-1]), torch.tensor(s[1:]), reduction="sum")
                 for s in SEQUENCES]
        return sum(total) / sum(len(s) - 1 for s in SEQUENCES)

    def answers(self, w):
        return torch.cat([self.logits(w, s)[-1] for s in SEQUENCES])


class Bert4rec:
    undecayed = ("items.id", "mask", "position")
    cases = [0, 1]  # the last item alone is masked; all are

    def names(self):
        yield "items.id", (ITEMS, DIM)
        yield "mask", (1, DIM)
        yield "position", (HISTORY + 1, DIM)
        yield from (("norm.weight", (DIM,)), ("norm.bias", (DIM,)))
        for layer in range(1, LAYERS + 1):
            for name, rows, columns in (("qkv", 3 * DIM, DIM), ("out", DIM, DIM), ("norm1", 0, DIM), ("up", FF, DIM),
                                        ("down", DIM, FF), ("norm2", 0, DIM)):
                yield "block.%d.%s.weight" % (layer, name), (rows, columns) if rows else (columns,)
                yield "block.%d.%s.bias" % (layer, name), (rows or columns,)
        yield from (("head.weight", (DIM, DIM)), ("head.bias", (DIM,)), ("head_norm.weight", (DIM,)),
                    ("head_norm.bias", (DIM,)), ("item.bias", (ITEMS,)))

    def norm(self, w, name, x):
        return torch.nn.functional.layer_norm(x, (DIM,), w[name + ".weight"], w[name + ".bias"], 1e-5)

    def logits(self, w, items):
        """items: -1 is masked."""
        def linear(x, name):
            return x @ w[name + ".weight"].T + w[name + ".bias"]

        x = torch.stack([w["mask"][0] if i < 0 else w["items.id"][i] for i in items])
        x = self.norm(w, "norm", x + w["position"][torch.arange(len(items) - 1, -1, -1)])
        for layer in range(1, LAYERS + 1):
            p = "block.%d." % layer
            q, k, v = (t.reshape(len(items), HEADS, -1).transpose(0, 1) for t in linear(x, p + "qkv").split(DIM, 1))
            y = (q @ k.transpose(1, 2) / math.sqrt(DIM / HEADS)).softmax(-1) @ v
            x = self.norm(w, p + "norm1", x + linear(y.transpose(0, 1).reshape(-1, DIM), p + "out"))
            y = linear(torch.nn.functional.gelu(linear(x, p + "up")), p + "down")
            x = self.norm(w, p + "norm2", x + y)
        x = self.norm(w, "head_norm", torch.nn.functional.gelu(linear(x, "head")))
        return x @ w["items.id"].T + w["item.bias"]

    def loss(self, w, case):
        total, count = 0.0, 0
        for s in SEQUENCES:
            masked = range(len(s)) if case else [len(s) - 1]
            z = self.logits(w, [-1 if i in masked else item for i, item in enumerate(s)])
            for i in masked:
                total, count = total - z[i].log_softmax(0)[s[i]], count + 1
        return total / count

    def answers(self, w):
        return torch.cat([self.logits(w, s + [-1])[-1] for s in SEQUENCES])


def c_rows(values):
    return ", ".join("%.9g" % v for v in values)


def main():
    family, path = sys.argv[1:]
    model = {"gru4rec": Gru4rec, "bert4rec": Bert4rec}[family]()
    with open(path, "w") as out:
        out.write("/* %s_golden.h: what PyTorch says; written by tests/golden/make_sequences.py. */\n" % family)
        out.write("/* clang-format off */\nstatic const char *const golden_name[] = {\n    %s};\n" %
                  ",\n    ".join('"%s"' % n for n, _ in model.names()))
        out.write("static const golden_case golden[] = {\n")
        for case in model.cases:
            w = {n: numbers(i, n, s) for i, (n, s) in enumerate(model.names())}
            answers = model.answers(w).tolist()
            model.loss(w, case).backward()
            grad = torch.cat([torch.zeros(p.numel()) if p.grad is None else p.grad.reshape(-1) for p in w.values()])
            for p in w.values():
                p.grad = torch.zeros_like(p)
            decayed = [p for n, p in w.items() if p.dim() == 2 and n not in model.undecayed]
            others = [p for n, p in w.items() if p.dim() == 1 or n in model.undecayed]
            optim = torch.optim.AdamW([{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}],
                                      lr=RATE)
            losses = []
            for _ in range(10):
                optim.zero_grad(set_to_none=False)
                value = model.loss(w, case)
                value.backward()
                optim.step()
                losses.append(value.item())
            out.write("    {{%s},\n     {%s},\n     {%s}},\n" % (c_rows(answers), c_rows(grad.tolist()), c_rows(losses)))
        out.write("};\n")


main()
