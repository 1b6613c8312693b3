#!/usr/bin/env python3
"""Golden numbers of tests/unit/test_tiger_net.c and test_tiger_generate.c: an encoder-decoder of codes in PyTorch, float64. Needs torch; with transformers
it also runs Hugging Face's T5 with the same weights and stops where the two differ.

make_tiger.py OUT.h: logits, loss, the gradient of every parameter, ten losses of AdamW. Weights come from a formula that the
test repeats: element i of parameter p is sin(1.3 p + .7 i + .01 i^2) times a scale that goes by its name, as float32.
"""
import math
import sys
import torch

torch.set_default_dtype(torch.float64)
DIM, HEADS, SIZE, FF, LAYERS, CODES, ITEMS, USERS = 8, 2, 3, 10, 2, [5, 4, 6], 9, 7
INNER = HEADS * SIZE
RATE, DECAY = 0.003, 0.1
SEQUENCES = [([1, 4, 7, 2, 8, 3, 5], 6), ([0], 2), ([5, 6, 2], 0)]  # a history and what came next
USER = [3, 0, 6]


def codes_of(item):
    return [(3 * item + 5 * level + item * level) % k for level, k in enumerate(CODES)]


OFFSET = [sum(CODES[:level]) for level in range(len(CODES))]
BOS = sum(CODES)


def names():
    yield "embedding", (BOS + 1 + USERS, DIM)
    for stack in ("encoder", "decoder"):
        yield stack + ".bias", (32, HEADS)
        for layer in range(1, LAYERS + 1):
            p = "%s.%d." % (stack, layer)
            yield p + "norm1", (DIM,)
            yield p + "qkv", (3 * INNER, DIM)
            yield p + "out", (DIM, INNER)
            if stack == "decoder":
                yield p + "cross_norm", (DIM,)
                yield p + "cross_q", (INNER, DIM)
                yield p + "cross_kv", (2 * INNER, DIM)
                yield p + "cross_out", (DIM, INNER)
            yield p + "norm2", (DIM,)
            yield p + "up", (FF, DIM)
            yield p + "down", (DIM, FF)
        yield stack + ".norm", (DIM,)
    for level, k in enumerate(CODES):
        yield "head.%d" % (level + 1), (k, DIM)


def numbers(index, name, shape):
    gain = "norm" in name
    scale = 0.2 if gain else 1.0 if name == "embedding" or name.endswith("bias") else 0.4
    values = [(1 if gain else 0) + math.sin(1.3 * index + 0.7 * i + 0.01 * i * i) * scale for i in range(math.prod(shape))]
    return torch.tensor(values).to(torch.float32).to(torch.float64).reshape(shape).requires_grad_()


def bucket(distance, causal):
    """T5's of key less query."""
    half, base, away = (32, 0, max(-distance, 0)) if causal else (16, 16 if distance > 0 else 0, abs(distance))
    exact = half // 2
    if away < exact:
        return base + away
    return base + min(exact + int(math.log(away / exact) / math.log(128 / exact) * (half - exact)), half - 1)


def rms(x, gain):
    return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * gain


def attend(q, k, v, bias=None, causal=False):
    q, k, v = (t.reshape(t.shape[0], HEADS, SIZE).transpose(0, 1) for t in (q, k, v))
    score = q @ k.transpose(1, 2)
    if bias is not None:
        table = torch.tensor([[bucket(j - i, causal) for j in range(k.shape[1])] for i in range(q.shape[1])])
        score = score + bias[table].permute(2, 0, 1)
    if causal:
        score = score + torch.full(score.shape[1:], -math.inf).triu(1)
    return (score.softmax(-1) @ v).transpose(0, 1).reshape(-1, INNER)


def stack(w, name, x, memory=None):
    for layer in range(1, LAYERS + 1):
        p = "%s.%d." % (name, layer)
        q, k, v = (rms(x, w[p + "norm1"]) @ w[p + "qkv"].T).split(INNER, 1)
        x = x + attend(q, k, v, w[name + ".bias"], memory is not None) @ w[p + "out"].T
        if memory is not None:
            k, v = (memory @ w[p + "cross_kv"].T).split(INNER, 1)
            x = x + attend(rms(x, w[p + "cross_norm"]) @ w[p + "cross_q"].T, k, v) @ w[p + "cross_out"].T
        x = x + torch.relu(rms(x, w[p + "norm2"]) @ w[p + "up"].T) @ w[p + "down"].T
    return rms(x, w[name + ".norm"])


def tokens(sequence, user):
    history, target = sequence
    head = [] if user is None else [BOS + 1 + user]
    encoder = head + [OFFSET[l] + c for item in history for l, c in enumerate(codes_of(item))]
    wanted = codes_of(target)
    return encoder, [BOS] + [OFFSET[l] + c for l, c in enumerate(wanted[:-1])], wanted


def forward(w, users):
    logits, loss = [], 0.0
    for sequence, user in zip(SEQUENCES, users):
        encoder, decoder, wanted = tokens(sequence, user)
        hidden = stack(w, "decoder", w["embedding"][decoder], stack(w, "encoder", w["embedding"][encoder]))
        for level, code in enumerate(wanted):
            z = w["head.%d" % (level + 1)] @ hidden[level]
            logits.append(z)
            loss = loss - z.log_softmax(0)[code] / (len(CODES) * len(SEQUENCES))
    return torch.cat(logits), loss


def check_hugging_face(w):
    try:
        from transformers import T5Config
        from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration
    except ImportError:
        print("no transformers: not compared with Hugging Face", file=sys.stderr)
        return
    config = T5Config(vocab_size=BOS + 1 + USERS, d_model=DIM, d_kv=SIZE, d_ff=FF, num_layers=LAYERS,
                      num_decoder_layers=LAYERS, num_heads=HEADS, dropout_rate=0, feed_forward_proj="relu")
    model = T5ForConditionalGeneration(config).double().eval()
    state = model.state_dict()

    def put(name, value):
        assert state[name].shape == value.shape, name
        state[name].copy_(value)

    with torch.no_grad():
        put("shared.weight", w["embedding"])
        for name in ("encoder", "decoder"):
            put(name + ".block.0.layer.0.SelfAttention.relative_attention_bias.weight", w[name + ".bias"])
            put(name + ".final_layer_norm.weight", w[name + ".norm"])
            for layer in range(LAYERS):
                p, to = "%s.%d." % (name, layer + 1), "%s.block.%d.layer." % (name, layer)
                for part, value in zip("qkv", w[p + "qkv"].split(INNER, 0)):
                    put(to + "0.SelfAttention.%s.weight" % part, value)
                put(to + "0.SelfAttention.o.weight", w[p + "out"])
                put(to + "0.layer_norm.weight", w[p + "norm1"])
                last = to + ("2." if name == "decoder" else "1.")
                put(last + "layer_norm.weight", w[p + "norm2"])
                put(last + "DenseReluDense.wi.weight", w[p + "up"])
                put(last + "DenseReluDense.wo.weight", w[p + "down"])
                if name == "decoder":
                    put(to + "1.layer_norm.weight", w[p + "cross_norm"])
                    put(to + "1.EncDecAttention.q.weight", w[p + "cross_q"])
                    for part, value in zip("kv", w[p + "cross_kv"].split(INNER, 0)):
                        put(to + "1.EncDecAttention.%s.weight" % part, value)
                    put(to + "1.EncDecAttention.o.weight", w[p + "cross_out"])
        for sequence, user in zip(SEQUENCES, USER):
            encoder, decoder, _ = tokens(sequence, user)
            memory = model.encoder(input_ids=torch.tensor([encoder])).last_hidden_state
            hidden = model.decoder(input_ids=torch.tensor([decoder]), encoder_hidden_states=memory).last_hidden_state[0]
            ours = stack(w, "decoder", w["embedding"][decoder], stack(w, "encoder", w["embedding"][encoder]))
            assert (hidden - ours).abs().max() < 1e-6, (hidden - ours).abs().max()
    print("the same as Hugging Face's T5", file=sys.stderr)


def c_rows(values):
    return ", ".join("%.9g" % v for v in values)


def main():
    with open(sys.argv[1], "w") as out:
        out.write("/* tiger_golden.h: what PyTorch says; written by tests/golden/make_tiger.py. */\n/* clang-format off */\n")
        out.write("static const golden_case golden[] = {\n")
        for users in ([None] * len(USER), USER):
            w = {n: numbers(i, n, s) for i, (n, s) in enumerate(names())}
            if users[0] is None:
                w["embedding"] = w["embedding"].detach()[:BOS + 1].clone().requires_grad_()
            else:
                check_hugging_face({n: p.detach() for n, p in w.items()})
            logits, loss = forward(w, users)
            loss.backward()
            grad = torch.cat([p.grad.reshape(-1) for p in w.values()])
            others = [p for n, p in w.items() if p.dim() == 1 or n == "embedding" or n.endswith(".bias")]
            decayed = [p for p in w.values() if not any(p is other for other in others)]
            optim = torch.optim.AdamW([{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}],
                                      lr=RATE)
            losses = []
            for _ in range(10):
                optim.zero_grad()
                value = forward(w, users)[1]
                value.backward()
                optim.step()
                losses.append(value.item())
            out.write("    {%d,\n     {%s},\n     {%s},\n     {%s}},\n" % (
                0 if users[0] is None else USERS, c_rows(logits.tolist()), c_rows(grad.tolist()), c_rows(losses)))
        out.write("};\n")


main()
