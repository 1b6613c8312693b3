#!/usr/bin/env python3
"""Golden numbers of tests/unit/test_rqvae_model.c: a small RQ-VAE written in PyTorch, float64. Needs torch.

make_rqvae.py OUT.h: per case (estimator and how codes are learned) the reconstruction, the gradient of every parameter at the
first step, and ten losses of AdamW; codes are those that float64 chooses. Weights and rows come from a formula that the test
repeats, so that no file of inputs is needed: element i of array a is sin(1.3 a + .7 i + .01 i^2), scaled, rounded to float32.
"""
import math
import sys
import torch

ROWS, DIM, HIDDEN, LATENT, LEVELS, CODES = 12, 10, 8, 5, 3, 6
BETA, DECAY, HITS = 0.25, 0.99, 2.0
torch.set_default_dtype(torch.float64)


def numbers(array, shape, scale):
    count = math.prod(shape)
    values = [math.sin(1.3 * array + 0.7 * i + 0.01 * i * i) * scale for i in range(count)]
    return torch.tensor(values).to(torch.float32).to(torch.float64).reshape(shape)


class Model:
    def __init__(self, estimator, update):
        shapes = [(HIDDEN, DIM), (HIDDEN,), (LATENT, HIDDEN), (LATENT,), (HIDDEN, LATENT), (HIDDEN,), (DIM, HIDDEN), (DIM,)]
        self.net = [numbers(a, s, 0.5).requires_grad_() for a, s in enumerate(shapes)]
        self.codes = [numbers(20 + l, (CODES, LATENT), 0.5 / (l + 1)) for l in range(LEVELS)]
        self.turn = [numbers(30 + l, (LATENT, LATENT), 0.7) for l in range(LEVELS)]
        self.estimator, self.update = estimator, update
        learned = {"grad": self.codes, "ema": [], "simvq": self.turn}[update]
        for p in learned:
            p.requires_grad_()
        self.learned = self.net + learned
        self.hits = [torch.full((CODES,), HITS) for _ in range(LEVELS)]
        self.sums = [HITS * c.detach().clone() for c in self.codes]

    def books(self):
        return [c @ w.T for c, w in zip(self.codes, self.turn)] if self.update == "simvq" else self.codes

    def forward(self, x):
        n = self.net
        z = torch.relu(x @ n[0].T + n[1]) @ n[2].T + n[3]
        rest, total, loss = z.detach(), torch.zeros_like(z), 0.0
        self.chosen = []
        for book in self.books():
            code = ((rest[:, None, :] - book.detach()[None]) ** 2).sum(2).argmin(1)
            e = book[code]
            self.chosen.append((code, rest))
            if self.update != "ema":
                loss = loss + ((rest - e) ** 2).sum()
            total = total + e.detach()
            loss = loss + BETA * ((z - total) ** 2).sum()
            rest = rest - e.detach()
        q = self.pass_on(z, total)
        decoded = torch.relu(q @ n[4].T + n[5]) @ n[6].T + n[7]
        loss = (((x - decoded) ** 2).sum() + loss / LEVELS) / ROWS
        return decoded, loss

    def pass_on(self, z, q):
        if self.estimator == "ste":
            return z + (q - z).detach()
        with torch.no_grad():
            u, v = z / z.norm(dim=1, keepdim=True), q / q.norm(dim=1, keepdim=True)
            w = (u + v) / (u + v).norm(dim=1, keepdim=True)
            s = q.norm(dim=1, keepdim=True) / z.norm(dim=1, keepdim=True)
        return s * (z - 2 * w * (w * z).sum(1, keepdim=True) + 2 * v * (u * z).sum(1, keepdim=True))

    def ema_step(self):
        for l, (code, rest) in enumerate(self.chosen):
            one = torch.nn.functional.one_hot(code, CODES).to(rest.dtype)
            self.hits[l] = DECAY * self.hits[l] + (1 - DECAY) * one.sum(0)
            self.sums[l] = DECAY * self.sums[l] + (1 - DECAY) * one.T @ rest
            total = self.hits[l].sum()
            smooth = (self.hits[l] + 1e-5) / (total + CODES * 1e-5) * total
            self.codes[l] = self.sums[l] / smooth[:, None]


def c_rows(values):
    return ", ".join("%.9g" % v for v in values)


def run(estimator, update, out):
    model, x = Model(estimator, update), numbers(50, (ROWS, DIM), 1.0)
    optim = torch.optim.AdamW(model.learned, lr=0.01, weight_decay=0.0)
    losses = []
    for step in range(10):
        decoded, loss = model.forward(x)
        optim.zero_grad()
        loss.backward()
        if step == 0:
            first = decoded.detach().flatten().tolist()
            grad = torch.cat([p.grad.flatten() for p in model.learned]).tolist()
            code = [c for chosen, _ in model.chosen for c in chosen.tolist()]
        losses.append(loss.item())
        optim.step()
        if update == "ema":
            model.ema_step()
    out.write('    {"%s, %s",\n     {%s},\n     {%s},\n     {%s},\n     {%s}},\n' % (
        estimator, update, ", ".join(map(str, code)), c_rows(first), c_rows(grad), c_rows(losses)))


with open(sys.argv[1], "w") as out:
    out.write("/* rqvae_golden.h: what PyTorch says; written by tests/golden/make_rqvae.py. */\n"
              "/* clang-format off */\n"
              "static const golden_case golden[] = {\n")
    for case in (("ste", "grad"), ("rotation", "grad"), ("ste", "ema"), ("ste", "simvq"), ("rotation", "simvq")):
        run(*case, out)
    out.write("};\n")
