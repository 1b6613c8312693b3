"""PyTorch's half of bench_beam.py: the same searches, by the same protocol as worker_beam.c.

    worker_beam_torch.py THREADS

Beam 20, 4 tokens of a vocabulary of 1,100, free: the encoder runs once, keys and values of cross attention are made once a
user and shared by its beams, those of the decoder are kept.
"""
import sys
import time

import torch
import torch.nn.functional as F

import worker_sequence_torch as sequence

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(0)
WIDTH, STEPS, LENGTH, TOKENS = 20, 4, 80, 1100


def attend(layer, query, keys, values, bias=None):
    score = layer.split(layer.q(query)) @ keys.transpose(-1, -2)
    score = score if bias is None else score + bias
    mixed = (score.softmax(-1) @ values).transpose(1, 2)
    return layer.out(mixed.reshape(query.shape[0], query.shape[1], -1))


class Beam(sequence.Tiger):
    def __init__(self):
        super().__init__(samples=1)
        self.own = [sequence.bucket(step + 1, True)[-1:] for step in range(STEPS)]

    def encode(self, source):
        x, bias = self.token(source), self.bias[0](self.bucket[0]).permute(2, 0, 1)[None]
        for layer in self.encoder:
            x = layer(x, bias)
        return self.norm[0](x)

    @torch.no_grad()
    def search(self, source):
        users, memory = source.shape[0], self.encode(source)
        cross = [(layer.cross.split(layer.cross.k(memory)), layer.cross.split(layer.cross.v(memory)))
                 for layer in self.decoder]
        kept = [None] * len(self.decoder)
        token, score = torch.zeros(users, 1, 1, dtype=torch.long), torch.zeros(users, 1)
        for step in range(STEPS):
            width = token.shape[1]
            x = self.token(token[:, :, -1].reshape(users * width, 1))
            bias = self.bias[1](self.own[step]).permute(2, 0, 1)[None]
            for i, layer in enumerate(self.decoder):
                h = layer.norm[0](x)
                own = layer.own.split(layer.own.k(h)), layer.own.split(layer.own.v(h))
                if kept[i]:
                    own = torch.cat([kept[i][0], own[0]], 2), torch.cat([kept[i][1], own[1]], 2)
                kept[i] = own
                x = x + attend(layer.own, h, *own, bias)
                h = layer.norm[2](x).view(users, width, -1)  # beams of a user are queries of the same keys
                x = x + attend(layer.cross, h, *cross[i]).reshape(users * width, 1, -1)
                x = x + layer.wide(layer.norm[1](x))
            chance = F.log_softmax(self.head(self.norm[1](x)).view(users, width, -1), -1) + score[..., None]
            score, best = chance.view(users, -1).topk(WIDTH, -1)
            parent, code = best // TOKENS, best % TOKENS
            token = torch.cat([token.gather(1, parent[..., None].expand(-1, -1, token.shape[2])), code[..., None]], -1)
            row = (parent + torch.arange(users)[:, None] * width).reshape(-1)
            kept = [(k[row], v[row]) for k, v in kept]
        return token[:, :, 1:], score


def main():
    model = Beam().eval()
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        users = int(line.split()[1])
        source = torch.randint(1, TOKENS, (users, LENGTH))
        times = 20 if users == 1 else 1
        model.search(source)
        begin = time.perf_counter()
        for _ in range(times):
            model.search(source)
        print((time.perf_counter() - begin) / times, 0, flush=True)


if __name__ == "__main__":
    main()
