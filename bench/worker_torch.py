"""PyTorch's half of bench_rqvae.py: the same training step, by the same protocol as worker_train.c.

    worker_torch.py THREADS [bf16]
"""
import contextlib
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

threads, is_bf16 = int(sys.argv[1]), sys.argv[2:] == ["bf16"]
torch.set_num_threads(threads)
torch.manual_seed(0)
ROWS, DIM, STEPS, CODES, LEVELS = 1024, 768, 8, 256, 3


def mlp(widths):
    layers = []
    for i in range(len(widths) - 1):
        layers.append(nn.Linear(widths[i], widths[i + 1]))
        if i + 2 < len(widths):
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


class Model(nn.Module):
    def __init__(self, latent):
        super().__init__()
        widths = (DIM, 512, 256, 128, latent)
        self.encoder, self.decoder = mlp(widths), mlp(widths[::-1])
        self.codes = nn.ParameterList([nn.Parameter((2 * torch.rand(CODES, latent) - 1) * 0.1) for _ in range(LEVELS)])

    def forward(self, x):
        z = self.encoder(x)
        rest, total, loss = z, 0, 0
        for codes in self.codes:
            distance = (rest**2).sum(1, keepdim=True) - 2 * rest @ codes.t() + (codes**2).sum(1)
            e = F.embedding(distance.argmin(1), codes)
            loss = loss + F.mse_loss(e, rest.detach()) + 0.25 * F.mse_loss(rest, e.detach())
            total, rest = total + e, rest - e
        return F.mse_loss(self.decoder(z + (total - z).detach()), x) + loss


x = 2 * torch.rand(ROWS, DIM) - 1
models = {}


def run(latent):
    if latent not in models:
        model = Model(latent)
        models[latent] = model, torch.optim.AdamW(model.parameters(), 1e-3)
        steps(*models[latent])
    begin = time.perf_counter()
    loss = steps(*models[latent])
    return (time.perf_counter() - begin) / STEPS, loss


def steps(model, optim):
    for _ in range(STEPS):
        optim.zero_grad()
        with torch.autocast("cpu", torch.bfloat16) if is_bf16 else contextlib.nullcontext():
            loss = model(x)
        loss.backward()
        optim.step()
    return loss.item()


print("ready", torch.__version__, flush=True)
for line in sys.stdin:
    print("%.9g %.9g" % run(int(line.split()[1])), flush=True)
