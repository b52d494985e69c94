"""Which words name which class."""

from __future__ import annotations

import pytest

from looksay.evaluation.class_words import NOTHING, ClassWords, _coco_words
from looksay.features.regions.coco_classes import COCO_CLASSES

COCO = ClassWords(COCO_CLASSES)


@pytest.mark.parametrize(
    ("caption", "named"),
    [
        ("a man and two women ride bikes", [(1, "person"), (4, "person"), (6, "bicycle")]),
        ("a dog eats a hot dog", [(1, "dog"), (5, "hot dog")]),
        ("people swing tennis rackets at a ball", [(0, "person"), (3, "tennis racket"),
                                                   (6, "sports ball")]),
        ("a teddy bear beside a bear", [(2, "teddy bear"), (5, "bear")]),
        ("A Puppy near the SOFA", [(1, "dog"), (4, "couch")]),
        ("children feed geese with knives and cherries", [(0, "person"), (2, "bird"),
                                                          (4, "knife")]),
        ("a boy in an orange shirt peels two oranges", [(1, "person"), (8, "orange")]),
        ("dogs walk along the train tracks", [(0, "dog")]),
        ("benches buses sheep scissors skis", [(0, "bench"), (1, "bus"), (2, "sheep"),
                                               (3, "scissors"), (4, "skis")]),
        ("the cell phone on a dining table", [(2, "cell phone"), (6, "dining table")]),
        ("grass and snow", []),
        ("", []),
    ],
)  # fmt: skip
def test_cocos_classes(caption, named):
    assert [(n.place, n.class_name) for n in COCO.find(caption.split())] == named


def test_every_class_is_named_by_itself_and_every_word_names_one_of_them():
    for name in COCO_CLASSES:
        words = (name if name != "orange" else "oranges").split()
        assert [n.class_name for n in COCO.find(words)] == [name]
    assert set(_coco_words().values()) <= {*COCO_CLASSES, NOTHING}


def test_other_classes_by_their_own_names_and_only_those_there_are():
    words = ClassWords(["Dog", "Helmet", "lamp post"])
    found = words.find("a man and a puppy with helmets at lamp posts".split())
    assert [(n.word, n.class_name) for n in found] == [
        ("puppy", "Dog"),
        ("helmets", "Helmet"),
        ("lamp posts", "lamp post"),
    ]
