"""Latent Dirichlet allocation (Blei, Ng and Jordan 2003, https://jmlr.org/papers/v3/blei03a.html)
of the captions of pictures, by scikit-learn.

P pictures, Q topics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from looksay.errors import DataError, MissingExtraError
from looksay.text import split_words

TOP_WORDS = 10
MIN_PICTURES = 5  # a word of fewer pictures says nothing about what goes together
PASSES = 10
PART = 512  # pictures


@dataclass(frozen=True, kw_only=True)
class TopicModel:
    """shares: (P, Q) float32, how much of each picture's captions each topic has; they add up to 1.
    top_words: of each topic, its likeliest words first."""

    shares: np.ndarray
    top_words: tuple[tuple[str, ...], ...]


def fit_topics(
    captions: Sequence[Sequence[str]], num_topics: int, *, seed: int = 0, passes: int = PASSES
) -> TopicModel:
    """Topics of pictures, each with all its captions as one text.

    Function words (scikit-learn's list) and words of fewer than five pictures are left out.
    The same captions and seed give the same topics. Raises DataError where there are fewer
    pictures than topics or too few words in common, MissingExtraError without scikit-learn.
    """
    try:
        from sklearn.decomposition import LatentDirichletAllocation
        from sklearn.feature_extraction.text import CountVectorizer
    except ImportError as error:
        raise MissingExtraError(
            "topics need scikit-learn, which is not installed: pip install 'looksay[train]'"
        ) from error
    if len(captions) < num_topics:
        raise DataError(
            f"{num_topics} topics cannot be found in the captions of {len(captions)} pictures; "
            "use --set model.topics_size=... with fewer topics"
        )
    vectorizer = CountVectorizer(
        analyzer=lambda of_picture: [w for text in of_picture for w in split_words(text)],
        min_df=min(MIN_PICTURES, len(captions)),
    )
    try:
        counts = vectorizer.fit_transform(captions)
    except ValueError as error:
        raise DataError(
            f"the captions have no topics: no word is in those of {MIN_PICTURES} pictures"
        ) from error
    words = vectorizer.get_feature_names_out()
    telling = np.array([w not in _function_words() and w.isalpha() for w in words])
    if telling.sum() < 2:
        raise DataError("the captions have no topics: they share function words only")
    counts, words = counts[:, telling], words[telling]
    # in parts: each pass over the captions corrects the topics several times
    lda = LatentDirichletAllocation(
        num_topics,
        learning_method="online",
        batch_size=PART,
        max_iter=passes,
        random_state=seed,
    )
    shares = lda.fit_transform(counts)
    best = np.argsort(-lda.components_, axis=1, kind="stable")[:, :TOP_WORDS]
    return TopicModel(
        shares=shares.astype(np.float32),
        top_words=tuple(tuple(str(words[i]) for i in of_topic) for of_topic in best),
    )


def _function_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return ENGLISH_STOP_WORDS
