"""results_page.py: what results.py found, as docs/results.md. The text between tables stands in results_page.txt."""
import os
import re

COLUMNS = ["quantizer", "codes", "verdict", "relative MSE", "unique", "largest bucket", "perplexity 1", "k-NN lift 1",
           "LCP ratio", "AMI 1", "fit s", "encode s", "codebooks KB"]


def number(value, digits):
    """Significant digits, without exponents."""
    if value is None:
        return "–"
    text = f"{value:.{digits}g}"
    return f"{float(text):,.0f}" if "e" in text or abs(float(text)) >= 1000 else text


def fixed(value):
    return "–" if value is None else f"{value:.2f}".replace("-0.00", "0.00")


def percent(value):
    return "–" if value is None else f"{100 * value:.1f} %"


def name_of(spec):
    """"balanced, method=flow" of "balanced levels=3 codes=256 method=flow"."""
    name, *words = spec.split()
    words = [word for word in words if not re.match("levels=|codes=", word)]
    return f"`{name}`" + (f" {' '.join(words)}" if words else "") if name != "random" else "random codes"


def line(row):
    levels = re.search(r"levels=(\d+)", row["spec"]).group(1)
    codes = f"{levels} x {row['codes']}" if "," not in row["codes"] else row["codes"].replace(",", " ")
    cells = [name_of(row["spec"]), codes, row["verdict"], number(row["relative_mse"], 3), percent(row["unique_rate"]),
             f"{row['largest_bucket']:,}", number(row["perplexity"], 3), number(row["knn_lift"], 2),
             number(row["lcp_ratio"], 3), fixed(row["ami"]), number(row["fit_s"], 2), number(row["encode_s"], 2),
             "–" if row["size"] is None else number(row["size"] / 1000, 3)]
    return "| " + " | ".join(cells) + " |"


def quantizer_table(data, rows):
    if not rows:
        return ""
    head = [f"### {data.title}", "",
            f"{rows[0]['items']:,} items, {rows[0]['dim']} dimensions; {rows[0]['duplicates']:,} vectors equal an earlier one" +
            (f"; categories: column `{data.category}`." if data.category else "; no categories.") +
            f" Seconds {commits(rows)}.", "",
            "| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    return "\n".join(head + [line(row) for row in rows]) + "\n"


def shape_of(spec):
    return "prefix neighbours, " + " x ".join(re.findall(r"=(\d+)", spec))


def neighbor_table(data, found):
    """A line a source: recall, microseconds, memory beside the vectors."""
    def cells(name, row, one, batch, size):
        return f"| {name} | {row['recall']:.3f} | {number(one, 2)} | {number(batch, 2)} | {size} |"

    hnsw, threads = found["hnsw"], found["threads"]
    lines = [f"### {data.title}: ten nearest", "",
             f"| source | recall@10 | µs, 1 thread | µs, {threads} threads | memory beside the vectors |", "|---|---|---|---|---|"]
    for row in found["shapes"]:
        name, size = shape_of(row["spec"]), f"{number(row['index_size'] / 1000, 3)} KB"
        lines.append(cells(name + ": index", row, row["index_us"], row["index_threads_us"], size))
        lines.append(cells(name + ": catalogue", row, row["catalog_us"], row["catalog_threads_us"], size))
    exact = found["exact"]
    lines.append(cells("exact, FAISS flat", exact, exact["us"], exact["batch_us"], "0"))
    for row in hnsw["rows"]:
        lines.append(cells(f"HNSW, efSearch {row['ef']}", row, row["us"], row["batch_us"], f"{number(hnsw['size'] / 1000, 3)} KB"))
    lines += ["", f"FAISS {found['faiss']}; HNSW is built in {number(hnsw['build_s'], 2)} s; vectors take "
              f"{number(found['vectors_size'] / 1e6, 3)} MB; {commits([found])}."]
    return "\n".join(lines) + "\n"


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
    return f"{found.group(1) if found else 'unknown CPU'}, {len(os.sched_getaffinity(0))} cores"


def commits(rows):
    return "measured at commit " + ", ".join(sorted({row["commit"] for row in rows}))


def write_page(path, seed, tables, sources):
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "results_page.txt")
    with open(source, encoding="utf-8") as file:
        text = file.read()
    parts = {"SEED": str(seed), "QUERIES": "2,000", "MACHINE": machine(),
             "QUANTIZERS": "\n".join(filter(None, (quantizer_table(*table) for table in tables))),
             "NEIGHBORS": "\n".join(neighbor_table(*source) for source in sources) or "Not measured: no FAISS.\n"}
    for name, value in parts.items():
        text = text.replace("{" + name + "}", value)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
