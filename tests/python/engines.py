"""engines.py: the adapters in transformers, torch, PySpark and Ray, as far as they are installed for this Python.

Run by engines.sh. Each part says ok, or SKIPPED and why. The vectors are seeded; the engines' SIDs must be the command
line's where SEMID_PROGRAM names it, else Catalog.encode's.
"""

import importlib
import os
import subprocess
import sys
import tempfile

import numpy as np

import semid


def made(folder):
    random = np.random.default_rng(5)
    X = (random.normal(size=(30, 16))[random.integers(30, size=3000)] + 0.3 * random.normal(size=(3000, 16))).astype(
        np.float32
    )
    ids = [f"item-{i}" for i in range(len(X))]
    catalog = semid.Catalog.fit(X, ids=ids, path=os.path.join(folder, "catalog"), codes=(32, 32, 16))
    return catalog, X, ids


def wanted_sids(catalog, X, ids, folder):
    program = os.environ.get("SEMID_PROGRAM")
    if not program:
        return dict(zip(ids, semid.format(catalog.encode(X))))
    np.save(os.path.join(folder, "x.npy"), X)
    with open(os.path.join(folder, "ids.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(ids) + "\n")
    command = [program, "encode", catalog.path, "--vectors", f"{folder}/x.npy", "--ids", f"{folder}/ids.txt", "--quiet"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split("\t")[:2] for line in lines if not line.startswith("item_id\t"))


def write_parquet(X, ids, path):
    pa, pq = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(X.reshape(-1)), X.shape[1])
    pq.write_table(pa.table({"item_id": ids, "vector": vectors}), path, row_group_size=500)


def transformers_part(catalog, X, ids, folder):
    """A small random T5 writes, by beams and by sampling, SIDs of items and nothing else."""
    transformers, torch = importlib.import_module("transformers"), importlib.import_module("torch")
    from semid.adapters import huggingface as hf

    hf.save_tokenizer(catalog, os.path.join(folder, "tokenizer"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(os.path.join(folder, "tokenizer"))
    numbers = hf.token_ids(tokenizer, catalog)
    sids, order = catalog.sids(), list(catalog.sids())
    texts = ["".join(f"<{'abc'[l]}_{c}>" for l, c in enumerate(sids[item].split("-"))) for item in order[:32]]
    read = tokenizer(texts, return_tensors="pt", padding=True)
    assert tokenizer.batch_decode(read.input_ids) == texts, "the tokenizer does not give back what it read"
    torch.manual_seed(1)
    config = transformers.T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
    )
    model = transformers.T5ForConditionalGeneration(config).eval()
    processor = hf.SidProcessor(catalog, numbers, begin=1, eos_token_id=tokenizer.eos_token_id)
    valid, written = set(sids.values()), set()
    free = model.generate(**read, num_beams=8, num_return_sequences=8, max_new_tokens=4)
    for more in ({"num_beams": 8, "num_return_sequences": 8}, {"do_sample": True, "num_return_sequences": 40}):
        out = model.generate(**read, max_new_tokens=4, logits_processor=[processor], **more)
        found = ["-".join(map(str, codes)) for codes in hf.codes_of_tokens(out, numbers)]
        assert set(found) <= valid, "a SID that no item has was written"
        assert (out[:, 4] == tokenizer.eos_token_id).all(), "a SID does not end the row"
        written |= set(found)
    bad = sum(1 for row in free.tolist() if not is_valid(row, numbers, valid))
    return f"{len(written)} SIDs written, all of items; without the processor {bad} of {len(free)} rows are none"


def is_valid(row, numbers, valid):
    places = [{token: code for code, token in enumerate(ids)} for ids in numbers]
    try:
        return "-".join(str(level[token]) for level, token in zip(places, row[1:4])) in valid
    except KeyError:
        return False


def torch_part(catalog, X, ids, folder):
    """Embeddings by pieces are sums of rows, and learn; a table takes its gradient."""
    torch = importlib.import_module("torch")
    from semid.adapters import torch as adapter

    assert np.array_equal(catalog.encode(torch.from_numpy(X)), catalog.encode(X))
    pieces = (
        semid.Pieces.train(catalog, "ngram", n=1) if "n" in keywords("ngram") else semid.Pieces.train(catalog, "ngram")
    )
    module = adapter.embedding(pieces, catalog, 8)
    rows, begin = pieces.rows(catalog)
    items = torch.tensor([[0, 5], [7, 2999]])
    weight = module.rows.weight.detach().numpy()
    wanted = np.stack(
        [weight[rows[begin[i] : begin[i + 1]].astype(np.int64)].sum(0) for i in items.reshape(-1).tolist()]
    )
    assert np.allclose(module(items).detach().numpy().reshape(-1, 8), wanted, atol=1e-6)
    optimizer = torch.optim.SparseAdam(module.parameters(), lr=0.05)
    losses = []
    for _ in range(30):
        loss = ((module(items) - 1) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4, "the embedding does not learn"
    table = semid.Table(8, options="rate=0.5")
    for _ in range(40):
        ((adapter.lookup(table, np.arange(4)) - 1) ** 2).sum().backward()
    assert np.abs(table.lookup(np.arange(4)) - 1).max() < 0.1, "the table does not learn"
    data = adapter.Histories([ids[i : i + 5] for i in range(0, 100, 5)], catalog.sids())
    before, target = next(iter(torch.utils.data.DataLoader(data, batch_size=4)))
    assert before.shape == (4, 20, 3) and target.shape == (4, 3)
    return f"loss {losses[0]:.3f} to {losses[-1]:.3f}"


def keywords(scheme):
    return [option.keyword for option in semid.piece_schemes()[scheme].options]


def pyspark_part(catalog, X, ids, folder):
    """A local Spark encodes a Parquet file to the same SIDs."""
    sql = importlib.import_module("pyspark.sql")
    from semid.adapters.spark import SCHEMA, encode_in_arrow

    write_parquet(X, ids, os.path.join(folder, "items.parquet"))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    try:
        frame = session.read.parquet(os.path.join(folder, "items.parquet")).repartition(3)
        rows = frame.mapInArrow(encode_in_arrow(catalog.path), SCHEMA).collect()
    finally:
        session.stop()
    assert {row.item_id: row.sid for row in rows} == wanted_sids(catalog, X, ids, folder), "other SIDs"
    assert all("-".join(map(str, row.codes)) == row.sid for row in rows)
    return f"{len(rows)} rows"


def ray_part(catalog, X, ids, folder):
    """Ray encodes a Parquet file to the same SIDs, in Arrow and numpy batches."""
    ray, data = importlib.import_module("ray"), importlib.import_module("ray.data")
    from semid.adapters.ray import Encode

    write_parquet(X, ids, os.path.join(folder, "ray.parquet"))
    ray.init(num_cpus=2, include_dashboard=False, configure_logging=False)
    try:
        wanted = wanted_sids(catalog, X, ids, folder)
        for form in ("pyarrow", "numpy"):
            given = data.read_parquet(os.path.join(folder, "ray.parquet"))
            rows = given.map_batches(
                Encode, fn_constructor_args=[catalog.path], batch_format=form, concurrency=1
            ).take_all()
            assert {row["item_id"]: row["sid"] for row in rows} == wanted, f"other SIDs by {form}"
    finally:
        ray.shutdown()
    return f"{len(wanted)} rows, twice"


PARTS = {
    "transformers": (transformers_part, ("transformers", "torch")),
    "torch": (torch_part, ("torch",)),
    "pyspark": (pyspark_part, ("pyspark", "pyarrow")),
    "ray": (ray_part, ("ray", "pyarrow")),
}


def main():
    failed = False
    for name in sys.argv[1:] or PARTS:
        part, needs = PARTS[name]
        missing = [need for need in needs if importlib.util.find_spec(need) is None]
        if missing:
            print(f"engines: {name}: SKIPPED: {', '.join(missing)} not installed for {sys.executable}", flush=True)
            continue
        with tempfile.TemporaryDirectory() as folder:
            catalog, X, ids = made(folder)
            try:
                print(f"engines: {name}: ok: {part(catalog, X, ids, folder)}", flush=True)
            except AssertionError as error:
                failed = True
                print(f"engines: {name}: FAILED: {error}", flush=True)
            catalog.close()
    return failed


if __name__ == "__main__":
    import importlib.util

    sys.exit(main())
