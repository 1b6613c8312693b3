#!/usr/bin/env python3
"""Golden numbers of tests/unit/test_ops_golden.c: ops of sequence models in PyTorch, float64, padded where ours are ragged.
Needs torch.

make_ops.py OUT.h: per case the output (or loss) and the gradient of every input for the loss sum (y - t)^2 / 2, after float32
PyTorch was seen to agree with float64 within the tolerances of the test. Inputs come from a formula that the test repeats:
element i of array a is sin(1.3 a + .7 i + .01 i^2), scaled, rounded to float32.
"""
import math
import sys
import torch
import torch.nn.functional as F

LENGTHS, KEYS, HEADS, SIZE = [1, 3, 18], [2, 5, 1], 2, 2
DIM, ROWS, ALL_KEYS, MOST = HEADS * SIZE, 22, 8, 18


def numbers(array, shape, scale, dtype):
    count = math.prod(shape)
    values = [math.sin(1.3 * array + 0.7 * i + 0.01 * i * i) * scale for i in range(count)]
    return torch.tensor(values, dtype=torch.float64).to(torch.float32).to(dtype).reshape(shape)


def padded(x, lengths, most):
    """(T, D) -> (B, most, D), zeroes past the ends."""
    out, at = x.new_zeros(len(lengths), most, x.shape[1]), 0
    for s, n in enumerate(lengths):
        out[s, :n] = x[at:at + n]
        at += n
    return out


def ragged(x, lengths):
    return torch.cat([x[s, :n] for s, n in enumerate(lengths)])


def heads(x):
    return x.view(x.shape[0], x.shape[1], HEADS, SIZE).transpose(1, 2)


def bucket(distance, causal):
    """Hugging Face's T5, in float32 as there."""
    buckets = 32 if causal else 16
    first = torch.zeros_like(distance) if causal else (distance > 0).long() * 16
    span = (-distance).clamp(min=0) if causal else distance.abs()
    exact = buckets // 2
    large = exact + (torch.log(span.float() / exact) / math.log(128 / exact) * (buckets - exact)).to(torch.long)
    return first + torch.where(span < exact, span, large.clamp(max=buckets - 1))


def rotated(x, base):
    angle = torch.arange(x.shape[2], dtype=x.dtype)[:, None] * base ** (-2 * torch.arange(SIZE // 2, dtype=x.dtype) / SIZE)
    c, s = angle.cos(), angle.sin()
    a, b = x[..., :SIZE // 2], x[..., SIZE // 2:]
    return torch.cat([a * c - b * s, b * c + a * s], -1)


def attend(q, k, v, key_lengths, scale, bias=None, causal=False):
    """q, k, v (B, H, n, d), padded."""
    score = scale * q @ k.transpose(-1, -2)
    if bias is not None:
        score = score + bias
    hidden = torch.arange(k.shape[2])[None, :] >= torch.tensor(key_lengths)[:, None]
    score = score.masked_fill(hidden[:, None, None, :], -math.inf)
    if causal:
        score = score.masked_fill(torch.ones(score.shape[-2:], dtype=torch.bool).triu(1), -math.inf)
    out = score.softmax(-1) @ v
    return out.transpose(1, 2).reshape(out.shape[0], out.shape[2], DIM)


def self_attention(causal, biased, base):
    def run(qkv, *more):
        q, k, v = (heads(p) for p in padded(qkv, LENGTHS, MOST).split(DIM, 2))
        if base:
            q, k = rotated(q, base), rotated(k, base)
        bias = None
        if biased:
            at = torch.arange(MOST)
            bias = more[0][bucket(at[None, :] - at[:, None], causal)].permute(2, 0, 1)[None]
        return ragged(attend(q, k, v, LENGTHS, 1.0 if biased else SIZE ** -0.5, bias, causal), LENGTHS)
    return run


def cross_attention(q, kv):
    k, v = (heads(p) for p in padded(kv, KEYS, max(KEYS)).split(DIM, 2))
    return ragged(attend(heads(padded(q, LENGTHS, MOST)), k, v, KEYS, SIZE ** -0.5), LENGTHS)


def gru(x, w_ih, w_hh, b_ih, b_hh):
    cell = torch.nn.GRU(x.shape[1], w_hh.shape[1], batch_first=True, dtype=x.dtype)
    y, _ = torch.func.functional_call(
        cell, {"weight_ih_l0": w_ih, "weight_hh_l0": w_hh, "bias_ih_l0": b_ih[0], "bias_hh_l0": b_hh[0]},
        (padded(x, LENGTHS, MOST),))
    return ragged(y, LENGTHS)


ITEMS, STATES, SAMPLES = 11, 6, 5
TARGET = [(i * 5 + 2) % ITEMS if i != 4 else -1 for i in range(STATES)]
SAMPLE = [(i * 3 + 1) % ITEMS for i in range(SAMPLES)]  # 1 4 7 10 2: that of row 0 among them
LOG_EXPECTED = [0.1 * v - 1 for v in range(ITEMS)]


def catalog(h, table, bias):
    return 0.3 * F.cross_entropy(h @ table.T + bias[0], torch.tensor(TARGET), ignore_index=-1, reduction="sum")


def sampled(kind):
    def run(h, table):
        total = 0
        for i, t in enumerate(TARGET):
            if t < 0:
                continue
            left = [v for v in SAMPLE if v != t]
            right, others = h[i] @ table[t], table[left] @ h[i]
            if kind == "ce":
                others = others - torch.tensor([LOG_EXPECTED[v] for v in left], dtype=h.dtype)
                loss = torch.logsumexp(torch.cat([right[None], others]), 0) - right
            elif kind == "max":
                p = others.softmax(0)
                loss = -(p * torch.sigmoid(right - others)).sum().log() + 0.5 * (p * others ** 2).sum()
            else:
                a = SAMPLES / (ITEMS - 1)
                b = a * (0.75 * (1 - 1 / a) + 1 / a) if kind == "gbce" else 1.0
                loss = -b * F.logsigmoid(right) - F.logsigmoid(-others).sum()
                loss = loss / (SAMPLES + 1) if kind == "gbce" else loss
            total = total + loss
        return 0.3 * total
    return run


def info_nce(a, b):
    return 0.2 * F.cross_entropy(a @ b.T / 0.7, torch.arange(a.shape[0]), reduction="sum")


def swiglu(x):
    gate, up = x.chunk(2, 1)
    return F.silu(gate) * up


def layer_norm(x, gain, bias):
    return F.layer_norm(x, (x.shape[1],), gain[0], bias[0], 1e-5)


def rms_norm(x, gain):
    return x * torch.rsqrt(x.pow(2).mean(1, keepdim=True) + 1e-6) * gain


QKV, BIAS = ((ROWS, 3 * DIM), 2.0), ((32, HEADS), 1.0)
CASES = [  # name, function, inputs (shape, scale), is it a loss
    ("attention_both", self_attention(False, False, 0), [QKV]),
    ("attention_causal", self_attention(True, False, 0), [QKV]),
    ("attention_bias_both", self_attention(False, True, 0), [QKV, BIAS]),
    ("attention_bias_causal", self_attention(True, True, 0), [QKV, BIAS]),
    ("attention_rotary", self_attention(True, False, 100.0), [QKV]),
    ("cross_attention", cross_attention, [((ROWS, DIM), 2.0), ((ALL_KEYS, 2 * DIM), 2.0)]),
    ("gru", gru, [((ROWS, 3), 2.0), ((12, 3), 1.0), ((12, 4), 1.0), ((1, 12), 1.0), ((1, 12), 1.0)]),
    ("relu", F.relu, [((5, 9), 3.0)]),
    ("gelu", F.gelu, [((5, 9), 3.0)]),
    ("silu", F.silu, [((5, 9), 3.0)]),
    ("swiglu", swiglu, [((5, 18), 3.0)]),
    ("layer_norm", layer_norm, [((5, 19), 3.0), ((1, 19), 1.0), ((1, 19), 1.0)]),
    ("rms_norm", rms_norm, [((5, 19), 3.0), ((1, 19), 1.0)]),
    ("catalog_loss", catalog, [((STATES, 3), 2.0), ((ITEMS, 3), 2.0), ((1, ITEMS), 1.0)]),
    ("sampled_ce", sampled("ce"), [((STATES, 3), 2.0), ((ITEMS, 3), 2.0)]),
    ("sampled_bce", sampled("bce"), [((STATES, 3), 2.0), ((ITEMS, 3), 2.0)]),
    ("sampled_gbce", sampled("gbce"), [((STATES, 3), 2.0), ((ITEMS, 3), 2.0)]),
    ("sampled_bpr_max", sampled("max"), [((STATES, 3), 2.0), ((ITEMS, 3), 2.0)]),
    ("info_nce", info_nce, [((STATES, 3), 2.0), ((STATES, 3), 2.0)]),
]


def run(function, inputs, dtype):
    values = [numbers(a, shape, scale, dtype).requires_grad_() for a, (shape, scale) in enumerate(inputs)]
    y = function(*values)
    loss = y if y.ndim == 0 else ((y - numbers(9, y.shape, 1.0, dtype)) ** 2).sum() / 2
    loss.backward()
    return y.detach().to(torch.float64), [v.grad.to(torch.float64) for v in values]


def norm_off(seen, wanted):
    return float((seen - wanted).norm() / wanted.norm())


def main():
    lines = ["/* ops_golden.h: made by tests/golden/make_ops.py with PyTorch; see there. */", "#ifndef SEMID_OPS_GOLDEN_H",
             "#define SEMID_OPS_GOLDEN_H", "", "/* clang-format off */"]
    for name, function, inputs in CASES:
        y, grads = run(function, inputs, torch.float64)
        y32, grads32 = run(function, inputs, torch.float32)
        assert norm_off(y32, y) <= 2e-5 and all(norm_off(a, b) <= 1e-4 for a, b in zip(grads32, grads)), name
        lines.append("static const float golden_%s[] = {" % name)
        for values in [y] + grads:
            numbers_of = ["%.8g" % v for v in values.flatten().tolist()]
            for i in range(0, len(numbers_of), 12):
                lines.append("    " + ", ".join(n + ("f" if "." in n or "e" in n else ".0f") for n in numbers_of[i:i + 12]) + ",")
        lines.append("};")
    lines += ["/* clang-format on */", "", "#endif", ""]
    with open(sys.argv[1], "w") as out:
        out.write("\n".join(lines))


main()
