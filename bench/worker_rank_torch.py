"""PyTorch's half of bench_rank.py: the same rankers, by the same protocol as worker_rank.c. Ids are row numbers already; gradients of
tables are sparse and go through its Adagrad, those of networks through Adam.

    worker_rank_torch.py THREADS
"""
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(0)
BATCH, STEPS, BATCHES, USERS, ITEMS, SITES, NUMBERS, PAST, D = 512, 16, 48, 2000, 50000, 6, 8, 30, 16
WIDTH = (3 + SITES) * D + NUMBERS


def mlp(*widths):
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Ranker(nn.Module):
    def __init__(self, family):
        super().__init__()
        self.family, rows = family, USERS + ITEMS + SITES * 1000
        self.table = nn.Embedding(rows, D + 1, sparse=True)
        nn.init.uniform_(self.table.weight, -0.05, 0.05)
        self.position, self.bias = nn.Parameter(torch.zeros(PAST, D)), nn.Parameter(torch.zeros(1))
        self.gap = nn.Parameter(torch.zeros(16, D))
        if family == "dcnv2":
            self.cross = nn.ModuleList([nn.Linear(WIDTH, WIDTH) for _ in range(3)])
            self.deep, self.out = mlp(WIDTH, 256, 128), nn.Linear(WIDTH + 128, 1)
        elif family == "din":
            self.wide, self.narrow, self.one = nn.Linear(4 * D, 80), nn.Linear(80, 40), nn.Linear(40, 1)
            self.slopes = nn.ModuleList([nn.PReLU(80), nn.PReLU(40)])
            self.deep = mlp(WIDTH, 256, 128, 1)
        else:
            fields = 3 + SITES + 1
            self.bottom, self.deep = mlp(NUMBERS, 64, D), mlp(fields * (fields - 1) // 2 + D, 256, 128, 1)
            self.pair = torch.triu_indices(fields, fields, 1)

    def attend(self, h, t):
        t = t[:, None].expand_as(h)
        a = torch.cat([h, t, h - t, h * t], 2).view(-1, 4 * D)
        for layer, slope in zip((self.wide, self.narrow), self.slopes):
            a = slope(layer(a))
        return (self.one(a).view(-1, PAST, 1) * h).sum(1)

    def forward(self, ids, past, x):
        rows = self.table(ids)
        h = self.table(past)[:, :, :D] + self.position + self.gap[torch.zeros_like(past)]
        e, linear = rows[:, :, :D], rows[:, :, D].sum(1, keepdim=True) + self.bias
        history = self.attend(h, e[:, 1]) if self.family == "din" else h.mean(1)
        if self.family == "dlrm":
            d = self.bottom(x)
            v = torch.cat([e, history[:, None], d[:, None]], 1)
            dots = torch.bmm(v, v.transpose(1, 2))[:, self.pair[0], self.pair[1]]
            return linear + self.deep(torch.cat([d, dots], 1))
        first = y = torch.cat([e.flatten(1), history, x], 1)
        if self.family == "din":
            return linear + self.deep(first)
        for layer in self.cross:
            y = first * layer(y) + y
        return linear + self.out(torch.cat([y, torch.relu(self.deep(first))], 1))


def batches():
    made = []
    for _ in range(BATCHES):
        ids = [torch.randint(USERS, (BATCH,)), USERS + torch.randint(ITEMS, (BATCH,))]
        ids += [USERS + ITEMS + 1000 * s + torch.randint(1000, (BATCH,)) for s in range(SITES)]
        made.append((torch.stack(ids, 1), USERS + torch.randint(ITEMS, (BATCH, PAST)), torch.rand(BATCH, NUMBERS),
                     (torch.rand(BATCH, 1) < 0.25).float()))
    return made


def steps(state, count):
    model, tables, networks, data, total = *state[:4], 0.0
    for _ in range(count):
        ids, past, x, label = data[state[4] % BATCHES]
        state[4] += 1
        tables.zero_grad()
        networks.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(ids, past, x), label, reduction="sum")
        loss.backward()
        tables.step()
        networks.step()
        total += loss.item() / BATCH
    return total / count


def main():
    models = {}
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        name = line.strip()
        if name not in models:
            models.clear()
            model = Ranker(name)
            rest = [p for n, p in model.named_parameters() if n != "table.weight"]
            models[name] = [model, torch.optim.Adagrad([model.table.weight], 0.05, initial_accumulator_value=0.1),
                            torch.optim.Adam(rest, 1e-3), batches(), 0]
            steps(models[name], BATCHES)
        begin = time.perf_counter()
        loss = steps(models[name], STEPS)
        print((time.perf_counter() - begin) / STEPS, loss, flush=True)


if __name__ == "__main__":
    main()
