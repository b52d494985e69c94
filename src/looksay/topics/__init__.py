"""What captions are about: topics, as latent Dirichlet allocation finds them."""

from looksay.topics.lda import TopicModel, fit_topics

__all__ = ["TopicModel", "fit_topics"]
