"""PyTorch's half of bench_sequence.py: the same training steps, by the same protocol as worker_sequence.c.

    worker_sequence_torch.py THREADS [bf16]
"""
import contextlib
import math
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

threads, is_bf16 = int(sys.argv[1]), sys.argv[2:] == ["bf16"]
torch.set_num_threads(threads)
torch.manual_seed(0)
STEPS = {"sasrec": 4, "tiger": 1}


class Sasrec(nn.Module):
    def __init__(self, items=12001, width=64, length=50):
        super().__init__()
        self.item, self.position = nn.Embedding(items, width), nn.Embedding(length, width)
        self.block = nn.ModuleList([nn.TransformerEncoderLayer(width, 1, width, 0.2, batch_first=True, norm_first=True)
                                    for _ in range(2)])
        self.norm = nn.LayerNorm(width)
        self.register_buffer("mask", torch.triu(torch.full((length, length), -1e9), 1))
        self.history = torch.randint(1, items, (128, length))

    def loss(self):
        h = self.item(self.history) * 8 + self.position.weight
        for block in self.block:
            h = block(h, self.mask)
        h = self.norm(h).view(-1, h.shape[-1])
        return F.cross_entropy(h @ self.item.weight.t(), self.history.view(-1))


class Rms(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.rms_norm(x, x.shape[-1:], self.gain, 1e-6)


class Attention(nn.Module):
    def __init__(self, width=128, heads=6, size=64):
        super().__init__()
        self.heads, self.size = heads, size
        self.q, self.k, self.v = (nn.Linear(width, heads * size, bias=False) for _ in range(3))
        self.out = nn.Linear(heads * size, width, bias=False)

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, self.size).transpose(1, 2)

    def forward(self, x, keys, bias=None):
        q, k, v = self.split(self.q(x)), self.split(self.k(keys)), self.split(self.v(keys))
        score = q @ k.transpose(-1, -2)
        score = score if bias is None else score + bias
        return self.out((score.softmax(-1) @ v).transpose(1, 2).reshape(x.shape[0], x.shape[1], -1))


class Wide(nn.Module):
    def __init__(self, width=128, inner=1024):
        super().__init__()
        self.up, self.down = nn.Linear(width, inner, bias=False), nn.Linear(inner, width, bias=False)

    def forward(self, x):
        return self.down(F.relu(self.up(x)))


class Layer(nn.Module):
    def __init__(self, is_decoder):
        super().__init__()
        self.own, self.wide = Attention(), Wide()
        self.norm = nn.ModuleList([Rms(128) for _ in range(3 if is_decoder else 2)])
        self.cross = Attention() if is_decoder else None

    def forward(self, x, bias, memory=None):
        h = self.norm[0](x)
        x = x + self.own(h, h, bias)
        if self.cross is not None:
            x = x + self.cross(self.norm[2](x), memory)
        return x + self.wide(self.norm[1](x))


def bucket(length, is_causal):
    at = torch.arange(length)
    distance = at[None] - at[:, None]
    buckets = 32 if is_causal else 16
    first = torch.zeros_like(distance) if is_causal else (distance > 0).long() * 16
    span = (-distance).clamp(min=0) if is_causal else distance.abs()
    exact = buckets // 2
    large = exact + (torch.log(span.clamp(min=1).float() / exact) / math.log(128 / exact) * (buckets - exact)).long()
    return first + torch.where(span < exact, span, large.clamp(max=buckets - 1))


class Tiger(nn.Module):
    def __init__(self, tokens=1100, width=128, layers=4, samples=256, length=80, targets=4):
        super().__init__()
        self.token = nn.Embedding(tokens, width)
        self.encoder = nn.ModuleList([Layer(False) for _ in range(layers)])
        self.decoder = nn.ModuleList([Layer(True) for _ in range(layers)])
        self.bias = nn.ModuleList([nn.Embedding(32, 6) for _ in range(2)])
        self.norm = nn.ModuleList([Rms(width) for _ in range(2)])
        self.head = nn.Linear(width, tokens, bias=False)
        self.source = torch.randint(1, tokens, (samples, length))
        self.target = torch.randint(1, tokens, (samples, targets))
        self.bucket = bucket(length, False), bucket(targets, True)
        self.register_buffer("mask", torch.triu(torch.full((targets, targets), -1e9), 1))

    def loss(self):
        x, bias = self.token(self.source), self.bias[0](self.bucket[0]).permute(2, 0, 1)[None]
        for layer in self.encoder:
            x = layer(x, bias)
        memory, x = self.norm[0](x), self.token(F.pad(self.target[:, :-1], (1, 0)))
        bias = self.bias[1](self.bucket[1]).permute(2, 0, 1)[None] + self.mask
        for layer in self.decoder:
            x = layer(x, bias, memory)
        return F.cross_entropy(self.head(self.norm[1](x)).view(-1, self.head.out_features), self.target.view(-1))


def steps(model, optim, count):
    for _ in range(count):
        optim.zero_grad()
        with torch.autocast("cpu", torch.bfloat16) if is_bf16 else contextlib.nullcontext():
            loss = model.loss()
        loss.backward()
        optim.step()
    return loss.item()


def main():
    models = {}
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        name = line.split()[0]
        if name not in models:
            models.clear()
            model = {"sasrec": Sasrec, "tiger": Tiger}[name]()
            models[name] = model, torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0)
            steps(*models[name], 2)
        begin = time.perf_counter()
        loss = steps(*models[name], STEPS[name])
        print((time.perf_counter() - begin) / STEPS[name], loss, flush=True)


if __name__ == "__main__":
    main()
