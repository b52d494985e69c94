"""Rules that clean captions: each one, their order, what they count."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from looksay.data import Record
from looksay.data.cleaning import PRESETS, RULES, clean_records, make_rules
from looksay.errors import DataError, UsageError


def clean(caption: str, *rules: str) -> str:
    (record,) = clean_records([record_of(caption, "kept anyhow .")], make_rules(rules)).records
    return record.captions[0]


def record_of(*captions: str, name: str = "a.jpg") -> Record:
    return Record(Path("photos") / name, captions, "dev", name, tuple(range(len(captions))))


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("lower", "A Dog in ÖLAND .", "a dog in öland ."),
        ("punctuation", "A man 's t-shirt , wet !", "A man s tshirt wet"),
        ("punctuation", "Zwei „große“ Hunde … 犬。", "Zwei große Hunde 犬"),
        ("tutorial-filters", "A man's <b> t-shirt , wet !", "A man's <b> t shirt wet"),
        ("single-letters", "A dog x é runs 2 .", "dog runs 2 ."),
        ("single-letters", "犬 が 走る", "犬 が 走る"),
        ("numbers", "2 dogs in the 2nd race², no. 3a", "dogs in the no."),
        ("numbers", "हिन्दी में एक कुत्ता", "हिन्दी में एक कुत्ता"),
        ("spaces", "A man 's hat is n't wet , is it ... ?", "A man's hat isn't wet, is it...?"),
        ("spaces", "It costs .5 dollars .", "It costs .5 dollars."),
        ("ascii", "Ein Mädchen’s café – weiß", "Ein Madchen's cafe - weiss"),
        ("ascii", "Brøndby ǿ Łódź", "Brondby o Lodz"),
        ("ascii", "собака и ёж 犬 が", "собака и ёж 犬 が"),
        ("unicode", "cafe\u0301", "café"),
    ],
)
def test_what_a_rule_makes_of_a_caption(rule, before, after):
    assert clean(before, rule) == after


def test_ascii_punctuation_is_pythons():
    kept = clean(f"a{string.punctuation}b {string.ascii_letters}", "punctuation")
    assert kept == f"ab {string.ascii_letters}"


def test_the_case_study_in_its_own_words():
    """The loop of the case study, for captions of ASCII."""
    for caption in ("A child in a pink dress , 2 dogs .", 'Man \'s t-shirt reads "No. 5b" &c .'):
        words = [word.lower() for word in caption.split()]
        words = [word.translate(str.maketrans("", "", string.punctuation)) for word in words]
        expected = " ".join(word for word in words if len(word) > 1 and word.isalpha())
        assert clean(caption, *PRESETS["case-study"]) == expected


def test_captions_are_removed_and_counted_by_the_rule_that_did_it():
    records = [
        record_of("A dog runs .", "a dog runs .", "Two dogs .", "5", name="a.jpg"),
        record_of("7 ! ! !", "A", name="b.jpg"),
    ]
    rules = make_rules(["lower", "duplicates", "numbers", "short=3"])
    cleaned = clean_records(records, rules)
    assert [(record.name, record.captions) for record in cleaned.records] == [
        ("a.jpg", ("a dog runs .",))
    ]
    assert [(count.name, count.changed, count.removed) for count in cleaned.counts] == [
        ("lower", 3, 0),
        ("duplicates", 0, 1),
        ("numbers", 0, 2),
        ("short=3", 0, 2),
    ]
    assert cleaned.left_out == ("b.jpg",) and cleaned.num_captions == 1
    record = cleaned.records[0]
    assert (record.split, record.image, record.places) == ("dev", records[0].image, ())


def test_the_order_is_the_users():
    captions = record_of("A dog .", "a dog .")
    for rules, left in ((["lower", "duplicates"], 1), (["duplicates", "lower"], 2)):
        assert clean_records([captions], make_rules(rules)).num_captions == left


def test_lengths_are_counted_in_words_as_models_see_them():
    captions = ("A man 's hat !", "A wet man 's hat .")  # 3 and 4 words
    for rule, left in (("short=4", captions[1:]), ("long=3", captions[:1])):
        assert clean_records([record_of(*captions)], make_rules([rule])).records[0].captions == left
    assert (
        clean_records([record_of("A dog .", "A dog runs")], make_rules(["short"])).num_captions == 1
    )


@given(st.text())
def test_every_rule_leaves_one_clean_line_and_changes_nothing_twice(text):
    caption = " ".join(text.split())
    for name in RULES:
        (rule,) = make_rules([name])
        (once,) = rule.apply([caption]) if caption else [""]
        assert once == " ".join(once.split()) and "\n" not in once
        if once and name != "spaces":  # "a . ." loses one space at a time
            assert rule.apply([once]) == [once]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("lowr", "no rule 'lowr' .did you mean 'lower'.*numbers"),
        ("", "no rule ''"),
        ("lower=3", "takes no number"),
        ("short=", "number of words"),
        ("short=0", "number of words"),
        ("long=many", "long=5"),
    ],
)
def test_wrong_rules_are_said(written, reason):
    with pytest.raises(UsageError, match=reason):
        make_rules(["lower", written])


def test_no_rule_and_nothing_left():
    with pytest.raises(UsageError, match="No rule is chosen"):
        clean_records([record_of("A dog")], ())
    for records in ([record_of("A dog")], []):
        with pytest.raises(DataError, match="leave no caption"):
            clean_records(records, make_rules(["short=5"]))


def test_presets_are_made_of_rules():
    assert all(make_rules(rules) for rules in PRESETS.values())
