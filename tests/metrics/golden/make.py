"""Makes the golden files with pycocoevalcap and its Java tokenizer: python make.py.

The captions are written here, for odd cases; none comes from a data set.
"""

from __future__ import annotations

import inspect
import json
import subprocess
from pathlib import Path

import numpy as np
import pycocoevalcap.tokenizer as reference_tokenizer
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider import cider_scorer
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.meteor.meteor import Meteor
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

HERE = Path(__file__).parent
COLOURS = "red blue green striped".split()
THINGS = ["bicycle", "kite", "rowing boat", "teapot", "lighthouse", "tractor"]
PLACES = ["near a lake", "on the roof", "in front of an old barn", "under grey clouds"]
ODD = [  # references, candidate
    (["A potter shapes wet clay."], ""),
    (["A potter shapes wet clay.", "Hands on a wheel."], "clay"),
    (["..."], "A potter."),
    (["", "A bell rings."], "A bell rings."),
    (["."], "!"),
    (["bell bell bell", "a bell"], "bell bell bell bell bell bell"),
    (["A B C D E F G", "G F E D C B A"], "A C E G B D F"),
    (
        ["The baker's bread isn't sliced.", "Bread that no one's cut!"],
        "The baker's bread isn't cut.",
    ),
    (["Mr. Quill of the U.S. arrives at 5 p.m."], "mr. quill arrives in the U.S. at 5:30pm"),
    (["Half-timbered, well-kept house (two storeys)"], "A half-timbered house, well kept"),
    (["Ein Mädchen läuft über die Straße", "l'homme près d'un œuvre"], "ein mädchen, l'homme"),
    # Chinese is given to it by characters, as the field does; ours divides it so by itself
    (["一 只 狗 在 跑", "Собака бежит по снегу"], "一 只 狗 在 草 地 跑"),
    (["a " * 60 + "end"], "a " * 45 + "end"),
    (["word"] * 12, "word"),
    (["Ten geese cross a wet road at dawn"], "Ten geese cross a wet road at dawn"),
    (["the the the", "cat"], "the cat the cat the"),
    (["$5 for 1,000 pears & 3.5 plums", "50% off"], "pears for $5, 50% off"),
    (['"Stop" says a sign', "A `stop' sign"], 'a sign that says "stop"'),
    (["A long pier reaches out into calm water while the sun goes down behind hills"], "pier"),
    (["pier"], "A long pier reaches out into calm water while the sun goes down behind hills"),
]
PROBES = [
    "The man's T-shirt isn't blue, and he cannot run.",
    "I'm gonna, wanna, gotta, lemme, gimme; dunno. Cannot! y'all can't've",
    "U.S. troops in the U.S. and D.C. at 5 p.m., e.g. S.C.U.B.A. divers",
    "mr. smith, Mrs. Jones, Dr. Who, st. john jr., Jan. 5, no. 5, no. way, vs. them, etc.",
    "in the sun. on sat. in mar. or dec. at the no. Mass. and mass. in Wash. wash.",
    "1,000 people, 3.5 miles, 1/2 mile, ½ cup, 50% off, $5, £5, €5, ¥3, 5¢, US$5",
    "10:30am, 5pm, 12/25/2004, 2004-12-25, 1950's, '50s, 1950s, 3rd, 4x4, 3-wheeler",
    "(a man) [a woman] {a dog} <b>tag</b> <3 >> & &amp; &lt; :) ;-) :D",
    "\"Hello\" he said, 'hi', ``quoted'', “curly”, ‘single’, «guillemets»",
    "snow-covered - hill -- top --- end — em – en a-b--c -d e-",
    "wait ... what.... no.. yes… really?! really?? dogs!The end.Next",
    "john@example.com http://www.example.com/foo?x=1 www.foo.com statefarm.com #tag @user",
    "at&t R&D AT&T and/or red/white/blue/green 24/7 w/ a/c",
    "rock 'n' roll rock'n'roll o'clock 'slide 's-eye-view dog's-eye boys' ma'am cap'n",
    "l'homme d'un c'est qu'il j'ai L'Oréal O'Brien McDonald's d'ye 'tis 'twas more'n 'em",
    "man’s isn’t o’clock l’homme ’80s “T-shirt”",
    "é naïve café Mädchen straße 中文 日本語 русский हिन्दी emoji 🐶 dog ☃ ★ ° 5° x² ™",
    "RIF=ding a+b a*b a_b a^b ~ ` a|b \\ *** __ + = # % @ 100%",
    "1.5-mile 1,000-foot 1/2-inch 20-year-old 5'10\" (555) 123-4567 -5 .5 a:1 #1",
    "dog., dog.; dog.! dog.) dog,cat dog.cat Ph.D. a.k.a. T.V.s A. b. c.d. x.5",
    "",
    "   \t  ",
]


def pictures() -> dict[str, dict]:
    """The odd cases, then pictures with five references and a candidate that is like some."""
    made = [{"references": refs, "candidate": candidate} for refs, candidate in ODD]
    for i in range(44):
        colour, thing, place = COLOURS[i % 4], THINGS[i % 6], PLACES[i // 3 % 4]
        other = THINGS[(i * 5 + 1) % 6]
        made.append(
            {
                "references": [
                    f"A {colour} {thing} {place}.",
                    f"Someone left a {thing} {place}, beside a {other}.",
                    f"There's a {colour} {thing} here",
                    f"The {thing}'s paint is {colour} and it stands {place}.",
                    f"Two people look at a {colour}, {COLOURS[i % 3]} {thing}.",
                ],
                "candidate": [
                    f"A {colour} {thing} is standing {place}.",
                    f"a {other} and a {thing} {PLACES[i % 4]}",
                    f"Two people look at a {other}",
                ][i % 3],
            }
        )
    return {f"{i:02}.jpg": picture for i, picture in enumerate(made)}


def scores(of_pictures: dict[str, dict]) -> dict:
    tokenizer = PTBTokenizer()
    references = tokenizer.tokenize(
        {name: [{"caption": c} for c in p["references"]] for name, p in of_pictures.items()}
    )
    candidates = tokenizer.tokenize(
        {name: [{"caption": p["candidate"]}] for name, p in of_pictures.items()}
    )
    bleu, bleus = Bleu().compute_score(references, candidates, verbose=0)
    rouge, rouges = Rouge().compute_score(references, candidates)
    meteor, meteors = Meteor().compute_score(references, candidates)
    cider, ciders = Cider().compute_score(references, candidates)
    plain, plains = plain_cider(references, candidates)
    corpus = {f"BLEU-{n + 1}": bleu[n] for n in range(4)}
    each = {f"BLEU-{n + 1}": list(bleus[n]) for n in range(4)}
    corpus |= {"METEOR": meteor, "ROUGE-L": float(rouge)}
    each |= {"METEOR": meteors, "ROUGE-L": rouges.tolist()}
    corpus |= {"CIDEr": float(cider), "CIDEr-D": float(cider), "CIDEr-plain": float(plain)}
    each |= {"CIDEr": ciders.tolist(), "CIDEr-D": ciders.tolist(), "CIDEr-plain": plains.tolist()}
    return {"corpus": corpus, "per_image": each}


def plain_cider(references: dict, candidates: dict) -> tuple[float, np.ndarray]:
    """pycocoevalcap's own program, its clipping and its penalty for lengths taken out."""
    source = inspect.getsource(cider_scorer.CiderScorer)
    for old, new in (
        ("min(vec_hyp[n][ngram], vec_ref[n][ngram])", "vec_hyp[n][ngram]"),
        ("val[n] *= np.e**(-(delta**2)/(2*self.sigma**2))", "pass"),
    ):
        assert source.count(old) == 1
        source = source.replace(old, new)
    names = dict(vars(cider_scorer))
    exec(source, names)
    scorer = names["CiderScorer"]()
    for name, captions in references.items():
        scorer += (candidates[name][0], captions)
    return scorer.compute_score()


def tokens() -> list[list]:
    folder = Path(reference_tokenizer.__path__[0])
    if not any(folder.glob("*.jar")):
        raise SystemExit(f"There is no tokenizer in {folder}.")
    made = PTBTokenizer().tokenize({i: [{"caption": c}] for i, c in enumerate(PROBES)})
    return [[caption, made[i][0].split()] for i, caption in enumerate(PROBES)]


def main() -> None:
    subprocess.run(["java", "-version"], check=True, capture_output=True)
    of_pictures = pictures()
    golden = {"pictures": of_pictures, **scores(of_pictures)}
    for name, content in (("scores.json", golden), ("tokens.json", tokens())):
        text = json.dumps(content, indent=1, ensure_ascii=False)
        (HERE / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
