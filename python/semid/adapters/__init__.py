"""Adapters: semid in other programs' frameworks. Each module imports its framework when it is used, and none with semid.

huggingface: generation that writes nothing but SIDs of items; a tokenizer of SIDs. torch: embeddings by pieces, a data set
of histories. spark, ray: SIDs of columns of vectors. faiss: a FAISS residual quantizer as a catalogue's.
"""
