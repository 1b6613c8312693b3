#!/usr/bin/env python3
"""Pieces beside SentencePiece itself: both cut 100,000 SIDs alike by models of either, and ours is learned no worse.

    SEMID_LIBRARY=build/libsemid.so.0 PYTHONPATH=python python tests/oracle/compare_sentencepiece.py [--count 100000]

Learning is compared on SIDs of equal weight, as the seeding of SentencePiece has it: log-likelihood of the best cuts at most .5 %
worse, pieces an item at most 1.02 times as many. 0.1.97 and 0.2.0 train well; 0.2.3 finds hardly any seeds, so it only cuts.
"""
import argparse
import io
import os
import sys
import tempfile

LEVELS, K = 4, 64


def draw(np, count):
    random = np.random.default_rng(5)
    steps = (random.random((count, LEVELS)) ** 3 * K).astype(int)
    codes = np.zeros((count, LEVELS), dtype=np.uint16)
    for level in range(LEVELS):
        codes[:, level] = (steps[:, level] + (codes[:, level - 1] * 7 if level else 0)) % K
    return codes


def texts_of(np, codes):
    points = (0xF0000 + K * np.arange(LEVELS)[None, :] + codes).astype("<u4")
    return [row.tobytes().decode("utf-32-le") for row in points]


def check_cuts(name, pieces, processor, codes, texts):
    rows, offsets = pieces.rows(codes)
    theirs = processor.encode(texts)
    differ = sum(rows[a:b].tolist() != ids for a, b, ids in zip(offsets, offsets[1:], theirs))
    print(f"{name}: {len(codes)} SIDs, {differ} cut otherwise")
    return differ == 0


def quality(processor, texts):
    ids = processor.encode(texts)
    score = [processor.get_score(i) for i in range(processor.get_piece_size())]
    return sum(score[i] for row in ids for i in row) / len(ids), sum(map(len, ids)) / len(ids)


def train_theirs(spm, texts, kind, rows):
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=model, model_type=kind, vocab_size=rows, character_coverage=1.0,
        normalization_rule_name="identity", add_dummy_prefix=False, split_by_unicode_script=False,
        split_by_number=False, split_by_whitespace=False, remove_extra_whitespaces=False, hard_vocab_limit=False,
        minloglevel=2, bos_id=-1, eos_id=-1, num_threads=2)
    return model.getvalue()


def compare(np, spm, semid, kind, codes, distinct, folder, rows):
    texts, path, is_right = texts_of(np, codes), os.path.join(folder, "p.model"), True
    ours = semid.Pieces.train(distinct, "spm-" + kind, k=K, rows=rows)
    ours.export(path)
    processor = spm.SentencePieceProcessor(model_file=path)
    is_right &= check_cuts(f"ours, {kind}", ours, processor, codes, texts)
    with open(path, "wb") as file:
        file.write(train_theirs(spm, texts_of(np, distinct), kind, rows))
    theirs = spm.SentencePieceProcessor(model_file=path)
    is_right &= check_cuts(f"theirs, {kind}", semid.Pieces.read_model(path, k=(K,) * LEVELS), theirs, codes, texts)
    ours_quality, theirs_quality = (quality(p, texts_of(np, distinct)) for p in (processor, theirs))
    print(f"{kind}: log-likelihood {ours_quality[0]:.4f}, theirs {theirs_quality[0]:.4f}; pieces an item "
          f"{ours_quality[1]:.4f}, theirs {theirs_quality[1]:.4f}")
    if kind == "unigram":
        is_right &= ours_quality[0] >= 1.005 * theirs_quality[0]
    return is_right and ours_quality[1] <= 1.02 * theirs_quality[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--rows", type=int, default=2000)
    options = parser.parse_args()
    try:
        import numpy as np
        import sentencepiece as spm

        import semid
    except ImportError as error:
        print(f"SKIPPED pieces beside SentencePiece: {error}; SEMID_PYTHON names a Python that has sentencepiece and numpy")
        return 0
    codes = draw(np, options.count)
    distinct = np.unique(codes, axis=0)
    distinct = distinct[np.random.default_rng(1).permutation(len(distinct))]
    print(f"sentencepiece {spm.__version__}, {len(distinct)} distinct SIDs")
    with tempfile.TemporaryDirectory() as folder:
        right = [compare(np, spm, semid, kind, codes, distinct, folder, options.rows) for kind in ("unigram", "bpe")]
    print("as good" if all(right) else "FAILED")
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
