#!/usr/bin/env python3
"""The coefficients of erf in src/kernel/transformer_body.h: erf z = z P(z^2) / Q(z^2), |z| <= 3.92, degrees 6 and 4, nearly
minimax by Lawson's weights on the linearised problem. Needs numpy and scipy. Prints P and Q from the constant term on, as
float32, and the largest error before rounding and in float32."""
import numpy as np
from scipy.special import erf

MOST, ABOVE, BELOW, ROUNDS = 3.92, 6, 4, 200

u = (1 - np.cos(np.linspace(0, np.pi, 4000))) / 2 * MOST**2
u[0] = 1e-12
z, s = np.sqrt(u), u / MOST**2
wanted, weight, below, best = erf(z) / z, np.ones_like(u), np.ones_like(u), None
for _ in range(ROUNDS):
    scale = np.sqrt(weight) * z / below
    columns = [np.vander(s, ABOVE + 1, increasing=True), -wanted[:, None] * np.vander(s, BELOW + 1, increasing=True)[:, 1:]]
    c = np.linalg.lstsq(np.hstack(columns) * scale[:, None], wanted * scale, rcond=None)[0]
    p, q = c[:ABOVE + 1], np.concatenate([[1], c[ABOVE + 1:]])
    below = np.polyval(q[::-1], s)
    error = np.abs((np.polyval(p[::-1], s) / below - wanted) * z)
    if best is None or error.max() < best[0]:
        best = error.max(), p, q
    weight = np.maximum(weight * error / error.max(), 1e-12)
    weight /= weight.sum()
error, p, q = best
p, q = (x / MOST ** (2 * np.arange(len(x))) for x in (p, q))
p32, q32 = p.astype(np.float32), q.astype(np.float32)
x = np.linspace(0, MOST, 1000001).astype(np.float32)
a, b = np.full_like(x, p32[-1]), np.full_like(x, q32[-1])
for value in p32[-2::-1]:
    a = a * (x * x) + value
for value in q32[-2::-1]:
    b = b * (x * x) + value
print("P", *[float(v).hex() for v in p32])
print("Q", *[float(v).hex() for v in q32])
print(f"error {error:.2g}, in float32 {np.abs((x * a / b).astype(float) - erf(x.astype(float))).max():.2g}")
