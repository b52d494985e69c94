"""Which word of a caption stands for which word of a reference: METEOR's alignment.

Denkowski and Lavie 2011 (https://aclanthology.org/W11-2107), section 2: each word is matched at
most once; as many words as possible are matched; they lie in as few chunks as possible (runs of
words that follow each other in both captions); and matched words stand in places as alike as
possible.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

BEAM = 40  # partial alignments that are kept, as in METEOR 1.5
NO_WORD = -1


@dataclass(frozen=True)
class Alignment:
    """pairs: places (reference, candidate) of matched words. chunks: runs of them."""

    pairs: tuple[tuple[int, int], ...]
    chunks: int


# What a partial alignment costs, less being better: words matched (negative), chunks, and the sum
# of the distances between matched places.
_Cost = tuple[int, int, int]
# The candidate's words that are taken, as bits, and the place after the last word's match, or
# NO_WORD. Of partial alignments that agree in these, what follows is the same, so the cheapest one
# stays: the result is exact unless more than BEAM differ.
_State = tuple[int, int]
_Partial = tuple[_Cost, tuple[tuple[int, int], ...]]


def align(choices: Sequence[Sequence[int]]) -> Alignment:
    """The best alignment; `choices` has, for each word of the reference, the places of the words of
    the candidate that it may be matched with. Among equally good ones the first found."""
    wanted = Counter(place for places in choices for place in places)
    partials: dict[_State, _Partial] = {(0, NO_WORD): ((0, 0, 0), ())}
    for word, places in enumerate(choices):
        grown: dict[_State, _Partial] = {}
        certain = len(places) == 1 and wanted[places[0]] == 1  # nothing is lost by this match
        for (taken, after), ((matched, chunks, distance), pairs) in partials.items():
            for place in places:
                if taken >> place & 1:
                    continue
                new_chunk = after not in (NO_WORD, place)
                cost = matched - 1, chunks + new_chunk, distance + abs(word - place)
                _keep(grown, (taken | 1 << place, place + 1), (cost, (*pairs, (word, place))))
            if not certain:
                cost = matched, chunks + (after != NO_WORD), distance
                _keep(grown, (taken, NO_WORD), (cost, pairs))
        partials = _best(grown)
    ended = [
        ((matched, chunks + (after != NO_WORD), distance), pairs)
        for (_, after), ((matched, chunks, distance), pairs) in partials.items()
    ]
    (_, chunks, _), pairs = min(ended, key=_cost)
    return Alignment(pairs, chunks)


def _keep(grown: dict[_State, _Partial], state: _State, partial: _Partial) -> None:
    if state not in grown or partial[0] < grown[state][0]:
        grown[state] = partial


def _best(grown: dict[_State, _Partial]) -> dict[_State, _Partial]:
    if len(grown) <= BEAM:
        return grown
    return dict(sorted(grown.items(), key=lambda entry: entry[1][0])[:BEAM])


def _cost(partial: _Partial) -> _Cost:
    return partial[0]
