#!/usr/bin/env python3
"""Writes tests/unit/table_golden.h: ten steps of one row of four weights by PyTorch's optimisers, from seeded gradients.

    python3 tests/golden/make_table.py > tests/unit/table_golden.h

PyTorch has no FTRL: test_optimizer.c holds its closed forms. Adagrad's eps is 0, as ours starts from a sum that is not.
"""

import torch

GRADIENT = torch.randn(10, 4, generator=torch.Generator().manual_seed(7))
CASES = [
    ("sgd", "rate=0.1", lambda w: torch.optim.SGD([w], lr=0.1)),
    ("sgd", "rate=0.1,decay=0.05", lambda w: torch.optim.SGD([w], lr=0.1, weight_decay=0.05)),
    ("adagrad", "rate=0.1", lambda w: torch.optim.Adagrad([w], lr=0.1, initial_accumulator_value=0.1, eps=0)),
    (
        "adagrad",
        "rate=0.1,decay=0.05,start=0.5",
        lambda w: torch.optim.Adagrad([w], lr=0.1, initial_accumulator_value=0.5, eps=0, weight_decay=0.05),
    ),
    ("adam", "rate=0.01", lambda w: torch.optim.Adam([w], lr=0.01)),
    (
        "adam",
        "rate=0.01,decay=0.05,beta1=0.8,beta2=0.95,epsilon=1e-6",
        lambda w: torch.optim.Adam([w], lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.05),
    ),
]


def numbers(row):
    return "{" + ", ".join("%.9g" % value for value in row.tolist()) + "}"


def steps(make):
    weights = torch.zeros(4, requires_grad=True)
    optimizer = make(weights)
    rows = []
    for gradient in GRADIENT:
        weights.grad = gradient.clone()
        optimizer.step()
        rows.append(numbers(weights.detach()))
    return rows


print("/* table_golden.h: made by tests/golden/make_table.py with PyTorch %s. */" % torch.__version__.split("+")[0])
print("#ifndef SEMID_TABLE_GOLDEN_H\n#define SEMID_TABLE_GOLDEN_H\n")
print("static const double table_golden_gradient[10][4] = {")
for gradient in GRADIENT:
    print("    %s," % numbers(gradient))
print("};\n\ntypedef struct table_golden_case {\n    const char *optimizer, *options;\n    double weights[10][4];")
print("} table_golden_case;\n\nstatic const table_golden_case table_golden[] = {")
for name, options, make in CASES:
    print('    {"%s", "%s", {' % (name, options))
    for row in steps(make):
        print("        %s," % row)
    print("    }},")
print("};\n\n#endif")
