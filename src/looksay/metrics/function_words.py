"""Function words of English: METEOR counts their matches for less.

By its paper's definition (Denkowski and Lavie 2014, section 3) they are the words of a relative
frequency above one in a thousand. These are wordfreq 3.1's (Speer 2022, exquisite-corpus: books,
subtitles, news, web), divided as METEOR divides words ("don't" is do, n, ', t), without numbers.
"""

FUNCTION_WORDS = frozenset(
    """
    ' a about after all also an and any are as at back because been but by can could do
    first for from get go good had has have he her him his how i if in into is it its just
    know like m make me more my n new no not now of on one only or other our out over people
    s said see she so some t than that the their them then there these they think this time
    to two up us want was way we well were what when which who will with would you your
    """.split()
)
