#!/usr/bin/env python3
"""Writes tests/golden/bert/: a tiny BERT of random weights, texts, and what the reference makes of them.

    make_bert.py            needs torch, transformers, tokenizers and safetensors

Ids are those of Hugging Face's tokenizers, vectors those of transformers' BertModel in double: the mean of the tokens'
vectors and that of [CLS], to unit length. Widths are no multiple of 16, so that the ends of rows are covered; tensors are of
three types.
"""
import json
import os
import string

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers.implementations import BertWordPieceTokenizer
from transformers import BertConfig, BertModel

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bert")
MAX_TOKENS = 40
WORDS = """the and of for lip stick nail polish red blue shea butter cream hand foot care hair men women body lotion oil
##s ##ing ##er ##ed ##stick ##care ##ly ##ness un ##able ##ish straße strasse naive cafe resume ##é kraft ##werk""".split()
HAN = "口红指甲油日本語"
TEXTS = ["red lipstick", "Red LIPSTICK, for women!", "nail-polish (blue) & cream", "", "   ", "\t\u00a0\u2003", "café naïve résumé",
         "cafe\u0301 \u0130stanbul", "Straße straße STRASSE", "口红 red 指甲油", "日本語のテキスト", "한국어", "the\u200bhand\u00adcare", "a\u0000b\ufffdc",
         "x" * 100, "x" * 101, "unhandcareable reds", "~`!@#$%^&*()_+-=[]{}|;':\",./<>?", "«red» “blue” – cream… ‰",
         "[SEP] [CLS] [MASK]", "$5.99 €4,20 ½ ² №1", "Ёлка ёж й", "ǅ ǆ Σίσυφος ΟΔΟΣ", "हिन्दी में", "العربية", "ไทย", "🙂 red 🙃",
         "the red and the blue " * 12, "1234567890 12 3 ##s ##", "A", "𝒜𝓁𝑒 ﬁne ＡＢ①", "line\nbreak\r\nand\ttab", "\u2028sep\u2029"]


def vocabulary():
    chars = string.ascii_lowercase + string.digits
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list(string.punctuation) + list("«»“”–…€½²№")
    pieces += list(chars) + ["##" + c for c in chars] + list(HAN) + list("αβοσςίюяйелкжа") + ["##" + c for c in "οσςδφυйлкажи"]
    pieces += WORDS
    return list(dict.fromkeys(pieces))


def make_model(count):
    config = BertConfig(vocab_size=count + 3, hidden_size=36, num_hidden_layers=2, num_attention_heads=3,
                        intermediate_size=52, max_position_embeddings=MAX_TOKENS, type_vocab_size=2, layer_norm_eps=1e-12)
    torch.manual_seed(7)
    model = BertModel(config, add_pooling_layer=True).eval()
    tensors = {}
    for name, value in model.state_dict().items():
        if not value.is_floating_point():
            continue
        spread = torch.randn(value.shape) * (0.2 if value.dim() == 1 else 0.3)
        value.copy_(1 + spread if name.endswith("LayerNorm.weight") else spread)
        dtype = torch.float32 if "LayerNorm" in name else torch.bfloat16 if "word" in name else torch.float16
        tensors[name] = value.to(dtype).contiguous()
        value.copy_(tensors[name].to(torch.float32))
    tensors["embeddings.position_ids"] = torch.arange(MAX_TOKENS)[None]
    return config, model.double(), tensors


def unit(x):
    return x / np.linalg.norm(x)


def main():
    os.makedirs(HERE, exist_ok=True)
    pieces = vocabulary()
    config, model, tensors = make_model(len(pieces))
    with open(os.path.join(HERE, "vocab.txt"), "w", encoding="utf-8") as f:
        f.writelines(p + "\n" for p in pieces)
    shown = {k: v for k, v in config.to_dict().items() if k in (
        "model_type", "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
        "max_position_embeddings", "type_vocab_size", "layer_norm_eps", "hidden_act")}
    with open(os.path.join(HERE, "config.json"), "w", encoding="utf-8") as f:
        json.dump(shown, f, indent=1)
        f.write("\n")
    with open(os.path.join(HERE, "tokenizer_config.json"), "w", encoding="utf-8") as f:
        f.write('{"do_lower_case": true, "strip_accents": null, "tokenizer_class": "BertTokenizer"}\n')
    save_file(tensors, os.path.join(HERE, "model.safetensors"))
    lines, vectors = [], []
    for is_lower in (True, False):
        tokenizer = BertWordPieceTokenizer(os.path.join(HERE, "vocab.txt"), lowercase=is_lower)
        # no special tokens within texts: see src/embed/bert_words.c
        tokenizer._tokenizer.encode_special_tokens = True
        tokenizer.enable_truncation(MAX_TOKENS)
        for text in TEXTS:
            ids = tokenizer.encode(text).ids
            lines.append("%d\t%s\t%s\n" % (is_lower, json.dumps(text), " ".join(map(str, ids))))
            if is_lower and "\0" not in text:
                with torch.no_grad():
                    x = model(torch.tensor([ids])).last_hidden_state[0].numpy()
                vectors.append(np.stack([unit(x.mean(0)), unit(x[0])]))
    with open(os.path.join(HERE, "ids.tsv"), "w", encoding="utf-8") as f:
        f.writelines(lines)
    np.save(os.path.join(HERE, "vectors.npy"), np.array(vectors, dtype=np.float32).reshape(len(vectors), -1))


if __name__ == "__main__":
    main()
