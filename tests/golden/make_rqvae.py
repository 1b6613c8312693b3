#!/usr/bin/env python3
"""Golden numbers of tests/unit/test_rqvae_model.c: a small RQ-VAE written in PyTorch, float64. Needs torch.

make_rqvae.py OUT.h: per case (estimator and how codes are learned) the reconstruction, the gradient of every parameter at the
first step, and ten losses of AdamW; codes are those that float64 chooses. Weights and rows come from a formula that the test
repeats, so that no file of inputs is needed: element i of array a is sin(1.3 a + .7 i + .01 i^2), scaled, rounded to float32.
"""
import math
import sys
import torch

ROWS, DIM, HIDDEN, LEVELS, CODES = 12, 10, 8, 3, 6
BETA, DECAY, HITS = 0.25, 0.99, 2.0
TEMPERATURE, NOISE_SEED, NOISE_STREAM, LEVELS_MAX = 0.5, 5, 23, 64
SINKHORN_EPSILON, SINKHORN_ROUNDS = 0.05, 50
STEPS = [[5, 4], [3, 6], [7]]  # of the channels of each level, where codes are steps
WORD = 0xFFFFFFFF
torch.set_default_dtype(torch.float64)


def numbers(array, shape, scale):
    count = math.prod(shape)
    values = [math.sin(1.3 * array + 0.7 * i + 0.01 * i * i) * scale for i in range(count)]
    return torch.tensor(values).to(torch.float32).to(torch.float64).reshape(shape)


def philox(counter, key):
    """Philox4x32-10, from the paper; make_philox.py checks the same lines against published answers."""
    a, b, c, d = counter
    k0, k1 = key
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (q >> 32) ^ b ^ k0, q & WORD, (p >> 32) ^ d ^ k1, p & WORD
        k0, k1 = (k0 + 0x9E3779B9) & WORD, (k1 + 0xBB67AE85) & WORD
    return a, b, c, d


def gumbel(step, level):
    values = []
    for i in range(ROWS * CODES):
        index = (step * LEVELS_MAX + level << 32) + i
        w = philox((index & WORD, index >> 32, NOISE_STREAM, 0), (NOISE_SEED, 0))
        u = ((w[1] << 32 | w[0]) >> 11) / 2**53 + 2**-54
        values.append(-math.log(-math.log(u)))
    return torch.tensor(values).to(torch.float32).to(torch.float64).reshape(ROWS, CODES)


def transport(d):
    """The plan of 2311.09049, distances shifted so that the largest exponent is 0."""
    middle = (d.max() + d.min()) / 2
    d = (d - middle) / (d.max() - middle + 1e-5)
    q = torch.exp(-(d - d.min()) / SINKHORN_EPSILON)
    q = q / q.sum()
    for _ in range(SINKHORN_ROUNDS):
        q = q / q.sum(1, keepdim=True) / ROWS
        q = q / q.sum(0, keepdim=True) / CODES
    return q


class Model:
    """skip: none, input (z = x + E(x), and the decoder alike) or matrix (z = S x + E(x))."""

    def __init__(self, estimator, update, skip="none", sinkhorn=False, mean=False):
        self.latent = DIM if skip == "input" else 5
        shapes = [(HIDDEN, DIM), (HIDDEN,), (self.latent, HIDDEN), (self.latent,)]
        shapes += [(self.latent, DIM)] if skip == "matrix" else []
        shapes += [(HIDDEN, self.latent), (HIDDEN,), (DIM, HIDDEN), (DIM,)]
        self.net = [numbers(a, s, 0.5).requires_grad_() for a, s in enumerate(shapes)]
        self.codes = [numbers(20 + l, (CODES, self.latent), 0.5 / (l + 1)) for l in range(LEVELS)]
        self.turn = [numbers(30 + l, (self.latent, self.latent), 0.7) for l in range(LEVELS)]
        self.estimator, self.update, self.skip, self.sinkhorn, self.mean = estimator, update, skip, sinkhorn, mean
        learned = {"grad": self.codes, "ema": [], "simvq": self.turn, "steps": []}[update]
        for p in learned:
            p.requires_grad_()
        self.learned = self.net + learned
        self.hits = [torch.full((CODES,), HITS) for _ in range(LEVELS)]
        self.sums = [HITS * c.detach().clone() for c in self.codes]
        self.step = 0

    def books(self):
        return [c @ w.T for c, w in zip(self.codes, self.turn)] if self.update == "simvq" else self.codes

    def encode(self, x):
        n = self.net
        z = torch.relu(x @ n[0].T + n[1]) @ n[2].T + n[3]
        return z + x if self.skip == "input" else z + x @ n[4].T if self.skip == "matrix" else z

    def decode(self, q):
        n = self.net[-4:]
        x = torch.relu(q @ n[0].T + n[1]) @ n[2].T + n[3]
        return x + q if self.skip == "input" else x

    def choose(self, level, rest, book):
        d = ((rest[:, None, :] - book.detach()[None]) ** 2).sum(2)
        return transport(d).argmax(1) if self.sinkhorn and level == LEVELS - 1 else d.argmin(1)

    def forward(self, x):
        z = self.encode(x)
        if self.update == "steps":
            decoded = self.decode(self.steps(z))
            return decoded, ((x - decoded) ** 2).sum() / ROWS
        rest, total, loss, self.extra = z.detach(), torch.zeros_like(z), 0.0, 0.0
        self.chosen = []
        for level, book in enumerate(self.books()):
            code = self.choose(level, rest, book)
            e = book[code]
            self.chosen.append((code, rest))
            self.extra = self.extra + self.reach_all(level, z - z.detach() + rest, book)
            if self.update != "ema":
                loss = loss + ((rest - e) ** 2).sum()
            total = total + e.detach()
            loss = loss + BETA * ((z - total) ** 2).sum()
            rest = rest - e.detach()
        decoded = self.decode(self.pass_on(z, total))
        loss = loss / (self.latent if self.mean else 1)
        loss = (((x - decoded) ** 2).sum() / (DIM if self.mean else 1) + loss / LEVELS) / ROWS
        return decoded, loss

    def reach_all(self, level, rest, book):
        """gumbel: the soft code; dense: a term of value 0 whose gradient goes to all codes."""
        if self.estimator == "gumbel":
            d = ((rest[:, None, :] - book[None]) ** 2).sum(2)
            return torch.softmax((gumbel(self.step, level) - d) / TEMPERATURE, 1) @ book
        if self.estimator == "dense":
            all_codes = torch.nn.functional.cosine_similarity(rest[:, None, :], book[None], dim=2) @ book
            return all_codes - all_codes.detach()
        return 0.0

    def pass_on(self, z, q):
        if self.estimator == "gumbel":
            return self.extra
        if self.estimator != "rotation":
            return z + (q - z).detach() + self.extra
        with torch.no_grad():
            u, v = z / z.norm(dim=1, keepdim=True), q / q.norm(dim=1, keepdim=True)
            w = (u + v) / (u + v).norm(dim=1, keepdim=True)
            s = q.norm(dim=1, keepdim=True) / z.norm(dim=1, keepdim=True)
        return s * (z - 2 * w * (w * z).sum(1, keepdim=True) + 2 * v * (u * z).sum(1, keepdim=True))

    def steps(self, z):
        """(round(h tanh(z + s) - o) + o) / h, straight through."""
        n = torch.tensor([float(c) for group in STEPS for c in group])
        h, o = (n - 1) * (1 + 1e-3) / 2, torch.where(n % 2 == 0, 0.5, 0.0)
        bounded = h * torch.tanh(z + torch.atanh(o / h)) - o
        q = torch.round(bounded)
        digit, begin, self.chosen = (q + n // 2).long(), 0, []
        for group in STEPS:
            place = [math.prod(group[:i]) for i in range(len(group))]
            self.chosen.append((sum(digit[:, begin + i] * p for i, p in enumerate(place)), None))
            begin += len(group)
        return (bounded + (q - bounded).detach() + o) / h

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


def run(case, out):
    model, x = Model(**case), numbers(50, (ROWS, DIM), 1.0)
    optim = torch.optim.AdamW(model.learned, lr=0.01, weight_decay=0.0)
    losses = []
    for step in range(10):
        model.step = step
        decoded, loss = model.forward(x)
        optim.zero_grad()
        loss.backward()
        if step == 0:
            first = decoded.detach().flatten().tolist()
            grad = torch.cat([p.grad.flatten() for p in model.learned]).tolist()
            code = [c for chosen, _ in model.chosen for c in chosen.tolist()]
        losses.append(loss.item())
        optim.step()
        if model.update == "ema":
            model.ema_step()
    out.write('    {"%s, %s",\n     {%s},\n     {%s},\n     {%s},\n     {%s}},\n' % (
        case["estimator"], ", ".join("%s" % v for k, v in case.items() if k != "estimator"), ", ".join(map(str, code)), c_rows(first), c_rows(grad), c_rows(losses)))


with open(sys.argv[1], "w") as out:
    out.write("/* rqvae_golden.h: what PyTorch says; written by tests/golden/make_rqvae.py. */\n"
              "/* clang-format off */\n"
              "static const golden_case golden[] = {\n")
    for estimator, update in (("ste", "grad"), ("rotation", "grad"), ("ste", "ema"), ("ste", "simvq"), ("rotation", "simvq"),
                              ("gumbel", "grad"), ("dense", "grad"), ("dense", "simvq"), ("gumbel", "ema")):
        run({"estimator": estimator, "update": update}, out)
    run({"estimator": "ste", "update": "grad", "sinkhorn": True}, out)
    run({"estimator": "ste", "update": "grad", "mean": True}, out)
    run({"estimator": "ste", "update": "grad", "skip": "input"}, out)
    run({"estimator": "dense", "update": "ema", "skip": "input"}, out)
    run({"estimator": "ste", "update": "steps", "skip": "matrix"}, out)
    out.write("};\n")
