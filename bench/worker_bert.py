"""PyTorch's and onnxruntime's halves of bench_bert.py: a process that encodes the same texts once a line of standard input
and answers with seconds and the vectors' agreement with a file of vectors, if one is given.

    worker_bert.py torch|onnx texts.txt WEIGHTS THREADS BATCH [vectors.npy]
    > encode        < seconds, least cosine to the file's rows

Texts are cut into tokens (by Hugging Face's fast tokenizers, in the time that counts), sorted by length, and run in batches
padded to their longest. onnxruntime runs the graph with its own fused nodes.
"""
import os
import sys
import tempfile
import time

import numpy as np

backend, texts_path, weights, threads, batch = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
os.environ["RAYON_NUM_THREADS"] = str(threads)

import torch
from tokenizers import Tokenizer
from transformers import BertModel

torch.set_num_threads(threads)
texts = open(texts_path, encoding="utf-8").read().splitlines()
expected = np.load(sys.argv[6]) if len(sys.argv) > 6 else None
tokenizer = Tokenizer.from_file(os.path.join(weights, "tokenizer.json"))
tokenizer.enable_truncation(256)
tokenizer.no_padding()
model = BertModel.from_pretrained(weights, add_pooling_layer=False).eval()


def make_session():
    """The graph as onnxruntime's transformer optimiser leaves a BERT: attention with its three projections, bias and GELU,
    addition and layer norm are single nodes of its own."""
    import onnx
    import onnxruntime as ort
    from onnx import TensorProto, helper, numpy_helper

    state = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    config, nodes, weights_of = model.config, [], []

    def constant(name, value):
        weights_of.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(kind, inputs, output, domain="", **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def matrix(name):
        return constant(name, state[name].T)

    def vector(name):
        return constant(name, state[name])

    ours = "com.microsoft"
    epsilon = float(config.layer_norm_eps)
    e = "embeddings."
    words = node("Gather", [vector(e + "word_embeddings.weight"), "ids"], "words")
    table = state[e + "position_embeddings.weight"] + state[e + "token_type_embeddings.weight"][0]
    places = node("Gather", [constant("places_table", table), "place"], "places")
    x = node("LayerNormalization", [node("Add", [words, places], "sum"), vector(e + "LayerNorm.weight"),
                                    vector(e + "LayerNorm.bias")], "x", epsilon=epsilon)
    for i in range(config.num_hidden_layers):
        l = f"encoder.layer.{i}."
        parts = [l + f"attention.self.{part}." for part in ("query", "key", "value")]
        w = constant(l + "qkv", np.concatenate([state[p + "weight"].T for p in parts], 1))
        b = constant(l + "qkv_bias", np.concatenate([state[p + "bias"] for p in parts]))
        mixed = node("Attention", [x, w, b, "mask"], l + "mixed", ours, num_heads=config.num_attention_heads)
        out = node("MatMul", [mixed, matrix(l + "attention.output.dense.weight")], l + "out")
        norm = l + "attention.output.LayerNorm."
        x = node("SkipLayerNormalization", [out, x, vector(norm + "weight"), vector(norm + "bias"),
                                            vector(l + "attention.output.dense.bias")], l + "x", ours, epsilon=epsilon)
        up = node("MatMul", [x, matrix(l + "intermediate.dense.weight")], l + "up")
        gelu = node("BiasGelu", [up, vector(l + "intermediate.dense.bias")], l + "gelu", ours)
        down = node("MatMul", [gelu, matrix(l + "output.dense.weight")], l + "down")
        norm = l + "output.LayerNorm."
        x = node("SkipLayerNormalization", [down, x, vector(norm + "weight"), vector(norm + "bias"),
                                            vector(l + "output.dense.bias")], l + "y", ours, epsilon=epsilon)
    def value(name, kind, shape):
        return helper.make_tensor_value_info(name, kind, shape)

    inputs = [value("ids", TensorProto.INT64, ["b", "t"]), value("place", TensorProto.INT64, ["t"]),
              value("mask", TensorProto.INT32, ["b", "t"])]
    graph = helper.make_graph(nodes, "bert", inputs, [value(x, TensorProto.FLOAT, ["b", "t", config.hidden_size])], weights_of)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(ours, 1)], ir_version=8)
    path = os.path.join(tempfile.mkdtemp(), "bert.onnx")
    onnx.save(made, path)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


session = make_session() if backend == "onnx" else None


def run(ids, mask):
    if session:
        given = {"ids": ids.numpy(), "mask": mask.numpy().astype(np.int32), "place": np.arange(ids.shape[1])}
        return torch.from_numpy(session.run(None, given)[0])
    return model(input_ids=ids, attention_mask=mask).last_hidden_state


def encode():
    tokens = [e.ids for e in tokenizer.encode_batch(texts)]
    order = sorted(range(len(texts)), key=lambda i: len(tokens[i]))
    out = np.empty((len(texts), model.config.hidden_size), dtype=np.float32)
    with torch.inference_mode():
        for begin in range(0, len(order), batch):
            rows = order[begin:begin + batch]
            longest = len(tokens[rows[-1]])
            ids = torch.zeros(len(rows), longest, dtype=torch.long)
            mask = torch.zeros(len(rows), longest, dtype=torch.long)
            for i, row in enumerate(rows):
                ids[i, :len(tokens[row])] = torch.tensor(tokens[row])
                mask[i, :len(tokens[row])] = 1
            x = run(ids, mask)
            mean = (x * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
            out[rows] = torch.nn.functional.normalize(mean, dim=1).numpy()
    return out


def version():
    if backend == "onnx":
        import onnxruntime
        return onnxruntime.__version__
    return torch.__version__


print("peer", version(), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    vectors = encode()
    seconds = time.perf_counter() - start
    agreement = float((vectors * expected).sum(1).min()) if expected is not None else 0
    print(seconds, agreement, flush=True)
