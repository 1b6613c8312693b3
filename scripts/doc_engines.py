"""doc_engines.py: `frame` and `dataset` for the block on Spark and Ray of docs/guide/python.md: 600 items with vectors of 32 numbers.

Where SEMID_ENGINES is set and the engines are installed they are theirs. Elsewhere they keep the engines' side of the contract with
pyarrow alone: batches of a Parquet file go in, and what comes out must be of the schema that was promised.
"""

import importlib.util
import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PATH = "frame.parquet"
BATCH = 250


class Answer:
    """What both give back, as far as the block uses it."""

    def __init__(self, table):
        self.table = table

    def count(self):
        return self.table.num_rows


def batches():
    return pq.ParquetFile(PATH).iter_batches(BATCH)


class Frame:
    def mapInArrow(self, function, schema):
        """The iterator goes through the function once; a batch holds the columns of the schema, in its order."""
        table = pa.Table.from_batches(list(function(batches())))
        promised = [column.split()[0] for column in schema.split(",")]
        assert table.schema.names == promised, f"{table.schema.names}, but {promised} was promised"
        return Answer(table)


class Dataset:
    def map_batches(self, function, *, fn_constructor_args, batch_format, concurrency):
        """Each of the actors is made by its arguments, and gets tables in turn."""
        assert batch_format == "pyarrow"
        actors = [function(*fn_constructor_args) for _ in range(concurrency)]
        tables = [pa.Table.from_batches([batch]) for batch in batches()]
        return Answer(pa.concat_tables([actors[i % concurrency](table) for i, table in enumerate(tables)]))


def write():
    X = np.random.default_rng(5).normal(size=(600, 32)).astype(np.float32)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(X.reshape(-1)), 32)
    pq.write_table(pa.table({"item_id": [f"new-{i}" for i in range(len(X))], "vector": vectors}), PATH, row_group_size=BATCH)


def has(module):
    return "SEMID_ENGINES" in os.environ and importlib.util.find_spec(module) is not None


write()
if has("pyspark"):
    import pyspark.sql

    os.environ["PYSPARK_PYTHON"] = sys.executable

    frame = pyspark.sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate().read.parquet(PATH)
else:
    frame = Frame()
if has("ray"):
    import ray
    import ray.data

    ray.init(num_cpus=2, include_dashboard=False, configure_logging=False)
    dataset = ray.data.read_parquet(os.path.abspath(PATH))
else:
    dataset = Dataset()
