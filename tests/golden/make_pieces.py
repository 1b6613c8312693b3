#!/usr/bin/env python3
"""Makes tests/golden/pieces: models of SentencePiece and of semid, and how SentencePiece cuts SIDs by them.

    SEMID_LIBRARY=build/libsemid.so.0 PYTHONPATH=python python tests/golden/make_pieces.py     # needs sentencepiece 0.2.0, numpy

theirs-unigram.model, theirs-bpe.model: by spm_train, on 3,000 drawn SIDs of 4 levels of 16 codes; ours-*.model: by semid. Beside
each NAME.tsv: "c1 c2 c3 c4<TAB>id id .." of 300 SIDs, by SentencePiece. test_piece_proto.c reads all of them.
"""
import io
import os

import numpy as np
import sentencepiece

import semid

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pieces")
LEVELS, K, V = 4, 16, 200
OPTIONS = dict(character_coverage=1.0, normalization_rule_name="identity", add_dummy_prefix=False,
               split_by_unicode_script=False, split_by_number=False, split_by_whitespace=False,
               remove_extra_whitespaces=False, hard_vocab_limit=False, minloglevel=2, bos_id=-1, eos_id=-1, num_threads=1)


def draw(count):
    random = np.random.default_rng(3)
    steps = (random.random((count, LEVELS)) ** 3 * K).astype(int)
    codes = np.zeros((count, LEVELS), dtype=np.uint16)
    for level in range(LEVELS):
        codes[:, level] = (steps[:, level] + (codes[:, level - 1] * 7 if level else 0)) % K
    codes[: K] = np.arange(K)[:, None]  # every code is seen
    return codes


def text_of(row):
    return "".join(chr(0xF0000 + K * level + int(code)) for level, code in enumerate(row))


def write_cuts(name, codes):
    processor = sentencepiece.SentencePieceProcessor(model_file=os.path.join(FOLDER, name + ".model"))
    with open(os.path.join(FOLDER, name + ".tsv"), "w", encoding="utf-8") as file:
        for row in codes:
            ids = processor.encode(text_of(row))
            file.write(" ".join(map(str, row)) + "\t" + " ".join(map(str, ids)) + "\n")


def main():
    codes = draw(3000)
    for kind in ("unigram", "bpe"):
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter([text_of(row) for row in codes]),
                                                 model_writer=model, model_type=kind, vocab_size=V, **OPTIONS)
        with open(os.path.join(FOLDER, f"theirs-{kind}.model"), "wb") as file:
            file.write(model.getvalue())
        semid.Pieces.train(codes, "spm-" + kind, k=K, rows=V).export(os.path.join(FOLDER, f"ours-{kind}.model"))
        for name in (f"theirs-{kind}", f"ours-{kind}"):
            write_cuts(name, codes[:300])


if __name__ == "__main__":
    main()
