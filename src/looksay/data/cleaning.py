"""Cleaning captions by rules that are named and chosen, none of them applied unasked.

A model's vocabulary needs none of this: `looksay.text.split_words` takes case and punctuation off
by itself. Rules are for captions that are to be kept clean in a file, for comparing with published
systems that cleaned theirs, and for faults of a data set of one's own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from looksay.data.reading import clean_caption
from looksay.data.records import Record
from looksay.errors import DataError, UsageError, nearest
from looksay.text.words import DETACHED, FIRST_UNSPACED, split_words

# What the Keras tutorial's Tokenizer filters: neither the apostrophe nor < and >, which its
# <start> and <end> need.
TUTORIAL_FILTERS = str.maketrans(dict.fromkeys('!"#$%&()*+.,-/:;=?@[\\]^_`{|}~', " "))
SPACE_BEFORE_SIGN = re.compile(r" +(?=[.,;:!?…]+(?:\s|$))")
ACCENTED = re.compile(r"([A-Za-z])[\u0300-\u036f]+")
# Latin letters that are no letter with an accent, and typographic signs.
TO_ASCII = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O"}
    | {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i"}
    | {"’": "'", "‘": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'}
    | {"‐": "-", "‑": "-", "–": "-", "—": "-", "…": "...", "\u00a0": " "}
)

# The captions of a picture -> each as the rule leaves it, "" where it is removed.
Apply = Callable[[Sequence[str]], list[str]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule as it was chosen: `name` as written ("short=4"), and what it does."""

    name: str
    apply: Apply


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A rule that can be chosen. `default` is its number, None for a rule that takes none."""

    help: str
    make: Callable[[int], Apply]
    default: int | None = None


@dataclass(kw_only=True)
class RuleCount:
    """What a rule did: how many captions it changed, and how many it removed."""

    name: str
    changed: int = 0
    removed: int = 0

    def add(self, before: Sequence[str], after: Sequence[str]) -> None:
        for old, new in zip(before, after, strict=True):
            self.removed += not new
            self.changed += bool(new) and new != old


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """Records with cleaned captions, what each rule did in its turn, and the names of pictures
    left out because no caption of theirs was left."""

    records: tuple[Record, ...]
    counts: tuple[RuleCount, ...]
    left_out: tuple[str, ...]

    @property
    def num_captions(self) -> int:
        return sum(len(record.captions) for record in self.records)


def clean_records(records: Iterable[Record], rules: Sequence[Rule]) -> Cleaned:
    """The records with the rules applied one after the other, in the order given.

    A caption of which a rule leaves no letter and no digit is removed, and a picture left without
    captions is left out. Raises UsageError without rules, DataError where nothing is left.
    """
    if not rules:
        raise UsageError(f"No rule is chosen; the rules are {', '.join(RULES)}.")
    counts = tuple(RuleCount(name=rule.name) for rule in rules)
    kept, left_out = [], []
    for record in records:
        captions = _apply_all(rules, counts, record.captions)
        if captions:
            kept.append(replace(record, captions=tuple(captions)))
        else:
            left_out.append(record.name)
    if not kept:
        raise DataError("The rules leave no caption; choose fewer of them.")
    return Cleaned(records=tuple(kept), counts=counts, left_out=tuple(left_out))


def _apply_all(
    rules: Sequence[Rule], counts: Sequence[RuleCount], captions: Sequence[str]
) -> Sequence[str]:
    for rule, count in zip(rules, counts, strict=True):
        after = rule.apply(captions)
        count.add(captions, after)
        captions = [caption for caption in after if caption]
    return captions


def make_rules(written: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of names such as "lower" and "short=4", in their order.

    Raises UsageError for an unknown name, saying the nearest one, and for a number that is missing
    its rule or makes no sense.
    """
    return tuple(map(_make_rule, written))


def _make_rule(written: str) -> Rule:
    name, equals, number = written.strip().partition("=")
    kind = RULES.get(name)
    if kind is None:
        raise UsageError(
            f"There is no rule {name!r}{nearest(name, RULES)}; the rules are {', '.join(RULES)}."
        )
    if not equals:
        return Rule(name=name, apply=kind.make(kind.default or 0))
    if kind.default is None:
        raise UsageError(f"The rule {name!r} takes no number; write it without ={number}.")
    if not number.isdecimal() or int(number) < 1:
        raise UsageError(f"{written!r}: write a number of words of 1 or more, as {name}=5.")
    return Rule(name=written.strip(), apply=kind.make(int(number)))


def _each(change: Callable[[str], str]) -> Callable[[int], Apply]:
    """A rule that changes every caption by itself; its number means nothing."""

    def apply(captions: Sequence[str]) -> list[str]:
        return [clean_caption(change(caption)) for caption in captions]

    return lambda _: apply


def _words(keep: Callable[[str], bool]) -> Callable[[int], Apply]:
    """A rule that keeps some words of a caption, a word being what stands between spaces."""
    return _each(lambda caption: " ".join(filter(keep, caption.split())))


def _lengths(keep: Callable[[int, int], bool]) -> Callable[[int], Apply]:
    """A rule that removes captions by their words, counted as models count them, and its number."""

    def make(limit: int) -> Apply:
        return lambda captions: [c if keep(len(split_words(c)), limit) else "" for c in captions]

    return make


def _without_punctuation(caption: str) -> str:
    """Nothing in the place of a sign: "t-shirt" becomes "tshirt". Of ASCII, `string.punctuation`,
    as the case study has it; of other scripts every punctuation mark and symbol of Unicode."""
    return "".join(sign for sign in caption if unicodedata.category(sign)[0] not in "PS")


def _is_no_single_letter(word: str) -> bool:
    """Not so for a Chinese or Japanese character either, or a Thai one, which are words."""
    return not (len(word) == 1 and word.isalpha()) or bool(FIRST_UNSPACED.match(word))


def _without_accents(caption: str) -> str:
    """Accents off Latin letters only: taken off others, they would make other letters of them."""
    letters = unicodedata.normalize("NFD", caption).translate(TO_ASCII)
    return unicodedata.normalize("NFC", ACCENTED.sub(r"\1", letters))


def _with_plain_spaces(caption: str) -> str:
    return SPACE_BEFORE_SIGN.sub("", DETACHED.sub(r"\1", caption))


def _first_of_its_kind(captions: Sequence[str]) -> list[str]:
    return ["" if text in captions[:place] else text for place, text in enumerate(captions)]


RULES: dict[str, Kind] = {
    "unicode": Kind(
        help="Characters composed (Unicode NFC): e and an accent become one é.",
        make=_each(lambda caption: unicodedata.normalize("NFC", caption)),
    ),
    "ascii": Kind(
        help="Accents off Latin letters, typographic signs plain: é becomes e, ß ss, ’ '.",
        make=_each(_without_accents),
    ),
    "spaces": Kind(
        help='No space before a sign or an ending: "man \'s hat ." becomes "man\'s hat."',
        make=_each(_with_plain_spaces),
    ),
    "lower": Kind(help="Lower case.", make=_each(str.lower)),
    "punctuation": Kind(
        help='Punctuation and symbols removed, words joined: "t-shirt" becomes "tshirt".',
        make=_each(_without_punctuation),
    ),
    "tutorial-filters": Kind(
        help="The Keras tutorial's filters: a space for each sign except ' < >, so "
        '"t-shirt" becomes "t shirt".',
        make=_each(lambda caption: caption.translate(TUTORIAL_FILTERS)),
    ),
    "single-letters": Kind(
        help='Words of one letter removed, "a" among them.', make=_words(_is_no_single_letter)
    ),
    "numbers": Kind(
        # The case study asks str.isalpha, which would take Hindi words for their vowel signs too.
        help='Words with a digit in them removed: "2", "2nd".',
        make=_words(lambda word: not any(map(str.isdigit, word))),
    ),
    "duplicates": Kind(
        help="A caption removed that its picture has already.", make=lambda _: _first_of_its_kind
    ),
    "short": Kind(
        help="Captions of fewer than N words removed; 3 unless written as short=N.",
        make=_lengths(lambda length, limit: length >= limit),
        default=3,
    ),
    "long": Kind(
        help="Captions of more than N words removed; 50 unless written as long=N.",
        make=_lengths(lambda length, limit: length <= limit),
        default=50,
    ),
}

PRESETS: dict[str, tuple[str, ...]] = {
    "case-study": ("lower", "punctuation", "single-letters", "numbers"),
    "tutorial": ("lower", "tutorial-filters"),
}
