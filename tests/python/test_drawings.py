"""test_drawings.py: Catalog.page, buckets and map, and semid.advise, against the command line and numpy."""

import numpy as np
import pytest

import semid


def test_page(catalog, program, tmp_path):
    """Fails when the page is not the command line's, or its size is not told."""
    size = catalog.page(tmp_path / "ours.html", name="catalog")
    assert size == (tmp_path / "ours.html").stat().st_size and b"item-3" in (tmp_path / "ours.html").read_bytes()
    assert catalog.page(tmp_path / "named.html") > 0 and catalog.path in (tmp_path / "named.html").read_text()
    program("inspect", catalog.path, "--html", tmp_path / "cli.html")
    assert abs((tmp_path / "cli.html").stat().st_size - size) < 5000
    with pytest.raises(semid.IoError):
        catalog.page(tmp_path / "none" / "x.html")


def test_buckets(catalog, X):
    """Fails when buckets or their figures are others than the SIDs and vectors say."""
    catalog.add(["twin-1", "twin-2"], np.repeat(X[:1], 2, axis=0))
    groups = {}
    for row, sid in enumerate(catalog.sids().values()):
        groups.setdefault(sid, []).append(row)
    shared = {sid: rows for sid, rows in groups.items() if len(rows) > 1}
    found = catalog.buckets(max=1000)
    assert {b.sid: b.size for b in found} == {sid: len(rows) for sid, rows in shared.items()}
    assert found.shared == len(shared) == sum(found.by_size[1:]) and [b.size for b in found] == sorted(
        (b.size for b in found), reverse=True
    )
    every = np.vstack([X, X[:1], X[:1]])
    for bucket in found:
        rows = every[shared[bucket.sid]]
        assert bucket.spread == pytest.approx(np.sqrt(((rows - rows.mean(0)) ** 2).sum(1).mean()), rel=1e-4, abs=1e-5)
        assert bucket.distinct == len(np.unique(rows, axis=0)) and bucket.measured == len(rows)
    assert catalog.buckets(first=1, max=1) == found[1:2]


def test_map(catalog, X):
    """Fails when points are not the projections on the first two principal components, or those of other items."""
    found = catalog.map()
    centered = X - X.mean(0)
    _, variances, axes = np.linalg.svd(centered, full_matrices=False)
    wanted = np.abs(centered[[item.row for item in found.items]] @ axes[:2].T)
    assert found.of == 600 and found.xy.shape == (600, 2) and not found.is_decoded
    assert np.allclose(np.abs(found.xy), wanted, atol=1e-3)
    assert found.share == pytest.approx(tuple(variances[:2] ** 2 / (variances**2).sum()), rel=1e-4)
    prefix = catalog["item-3"].sid.split("-")[0]
    assert {item.sid.split("-")[0] for item in catalog.map(prefix, max=5).items} == {prefix}
    with pytest.raises(semid.NotFoundError):
        catalog.map("15-15-15-15" if catalog.info.levels > 3 else "0-15-15")


def test_advise(X, ids, shop, tmp_path):
    """Fails when trials are others than those asked for, or what is chosen cannot be passed to fit."""
    asked = [{"quantizer": "rkmeans", "levels": 2, "codes": (16, 8)}, {"quantizer": "pq", "levels": 20, "codes": 16}]
    found = semid.advise(X, ids=ids, trials=[*asked, {"levels": 3, "codes": 16, "beam": 4}], any_order=True)
    first, refused, beam = found.trials
    assert (first.quantizer, first.levels, first.codes, first.refused) == ("rkmeans", 2, (16, 8), None)
    assert first.report["items"] == 600 and first.sid_bits == 7 and first.encode_rate > 0
    assert "12 dimensions" in refused.refused and refused.report == {} and found.items == 600
    assert beam.keywords == {"quantizer": "rkmeans", "levels": 3, "codes": (16, 16, 16), "beam": "4"}
    assert found.chosen in (first, beam) and found.why
    with semid.Catalog.fit(X, path=tmp_path / "c", **found.chosen.keywords) as catalog:
        assert catalog.info.codes == found.chosen.codes
    assert semid.advise(shop, trials=[{"levels": 2, "codes": 8}]).items == 64
    with pytest.raises(TypeError, match="refin"):
        semid.advise(X, trials=[{"refin": 3}])
