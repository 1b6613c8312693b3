#!/usr/bin/env python3
"""Golden numbers of tests/unit/test_optim.c: ten steps of PyTorch's optimisers in float64. Needs torch.

Parameters w (2, 3), decayed, and b (3), not; their gradients are w - t and 2 (b - t) with t = .25, all clipped to a norm of 1;
the rate warms up over 3 steps to .1 and falls along a cosine to .01 at step 10.
"""
import math
import torch

WARMUP, STEPS, RATE, LEAST = 3, 10, 0.1, 0.1


def rate(step):
    if step <= WARMUP:
        return RATE * step / WARMUP
    share = (step - WARMUP) / (STEPS - WARMUP)
    return RATE * (LEAST + (1 - LEAST) * 0.5 * (1 + math.cos(math.pi * share)))


def run(make):
    w = torch.tensor([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([2.0, -1.0, 0.125], dtype=torch.float64, requires_grad=True)
    optim = make([{"params": [w], "weight_decay": 0.02}, {"params": [b], "weight_decay": 0.0}])
    for step in range(1, STEPS + 1):
        for group in optim.param_groups:
            group["lr"] = rate(step)
        w.grad, b.grad = (w - 0.25).detach(), (2 * (b - 0.25)).detach()
        torch.nn.utils.clip_grad_norm_([w, b], 1.0, error_if_nonfinite=True)
        optim.step()
    return torch.cat([w.detach().flatten(), b.detach()])


def decoupled(optim):
    """Decay as AdamW does it, for optimisers whose own is of another kind: w shrinks before the step."""
    class Decoupled(optim):
        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    p.data.mul_(1 - group["lr"] * group["decay"])
            super().step()

    def make(groups, **more):
        return Decoupled([{"params": g["params"], "decay": g["weight_decay"]} for g in groups], **more)
    return make


for name, make in (("AdamW", lambda g: torch.optim.AdamW(g, betas=(0.9, 0.99), eps=1e-6)),
                   ("Adagrad", lambda g: decoupled(torch.optim.Adagrad)(g, eps=1e-6)),
                   ("SGD", lambda g: decoupled(torch.optim.SGD)(g, momentum=0.9))):
    print("/* %s */ {%s}," % (name, ", ".join("%.9g" % v for v in run(make).tolist())))
