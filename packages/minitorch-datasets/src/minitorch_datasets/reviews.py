"""The embedded reviews: a sentiment data set that is generated at run time.

The sentiment of a review depends on the order of its words, as it does in life: "not bad at all",
"slow, but moving" and "far from dull" praise with words that are negative one by one. A bag of
words, which only counts them, cannot read these; a recurrent network can.

Every review has one or two sentences of opinion, all of one kind and one label, among neutral
sentences. The kinds:

- plain: "the acting was superb". The words alone decide.
- turned: a negation reverses an opinion: "the acting was far from superb". Every opinion is turned
  as often as plain, so single words say nothing about the label; only pairs do.
- ordered: two opinions, and the order says which of them counts: "the acting was superb but the
  film was dull". The same words in another order have the other label.

Of all reviews 20 % are plain, 20 % turned and 60 % ordered. So no function of word counts can get
more than 70 % right, except by chance: it gets half of the ordered ones. A linear function cannot
even tell the turned from the plain.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from minitorch_datasets._checks import check_not_negative
from minitorch_datasets.text_dataset import TextDataset

__all__ = ["load_reviews"]

ASPECTS = (
    "acting", "plot", "script", "dialogue", "music", "ending", "photography", "pacing", "humour",
    "direction", "story", "editing", "opening", "cast", "camera work", "costume design",
)  # fmt: skip

#: Adjectives by label: the commonest of praise and blame.
ADJECTIVES = (
    (
        "annoying", "atrocious", "awful", "bad", "bland", "boring", "cheap", "clumsy",
        "confusing", "crude", "disappointing", "dreadful", "dreary", "dull", "embarrassing",
        "empty", "flat", "forgettable", "garbage", "horrible", "horrid", "inept", "irritating",
        "lame", "laughable", "lazy", "lifeless", "lousy", "mediocre", "messy", "miserable",
        "monotonous", "painful", "pathetic", "pointless", "poor", "predictable", "pretentious",
        "ridiculous", "shallow", "silly", "sloppy", "slow", "stale", "stupid", "tedious",
        "terrible", "tiresome", "trash", "ugly", "unconvincing", "uninspired", "unwatchable",
        "weak", "worthless", "wretched",
    ),
    (
        "absorbing", "amazing", "amusing", "astonishing", "awesome", "beautiful", "breathtaking",
        "brilliant", "captivating", "charming", "clever", "compelling", "convincing", "cool",
        "delightful", "elegant", "enjoyable", "entertaining", "excellent", "exceptional",
        "exciting", "fantastic", "fascinating", "flawless", "fresh", "fun", "funny", "good",
        "gorgeous", "great", "gripping", "hilarious", "impressive", "incredible", "inspired",
        "intelligent", "lovely", "magnificent", "marvellous", "memorable", "moving", "original",
        "outstanding", "perfect", "powerful", "refreshing", "remarkable", "sharp", "splendid",
        "stunning", "superb", "sweet", "terrific", "thrilling", "touching", "unforgettable",
        "witty", "wonderful",
    ),
)  # fmt: skip

#: Nouns by label, with their article.
NOUNS = (
    (
        "a bore",
        "a disaster",
        "a disappointment",
        "a failure",
        "a flop",
        "a mess",
        "a mistake",
        "a nightmare",
        "a waste of time",
        "a waste of money",
        "an insult",
    ),
    (
        "a classic",
        "a delight",
        "a gem",
        "a hit",
        "a joy",
        "a masterpiece",
        "a pleasure",
        "a success",
        "a treat",
        "a triumph",
        "a wonder",
    ),
)

#: What one does with a film, by label: today and in the past.
VERBS = (
    (
        ("hate", "hated"), ("dislike", "disliked"), ("detest", "detested"), ("loathe", "loathed"),
        ("despise", "despised"), ("regret", "regretted"),
    ),
    (
        ("love", "loved"), ("like", "liked"), ("enjoy", "enjoyed"), ("adore", "adored"),
        ("admire", "admired"), ("recommend", "recommended"),
    ),
)  # fmt: skip

#: What is the most of its kind, by label.
EXTREMES = (("worst", "dullest", "weakest"), ("best", "finest", "greatest"))

#: Whole sentences, by label.
VERDICTS = (
    (
        "i fell asleep", "it makes no sense", "i want my money back", "i was disappointed",
        "it disappointed me", "it is too long", "avoid it", "skip it", "stay away from it",
        "i was bored", "it bored me", "i walked out",
    ),
    (
        "it made me smile", "it made me laugh", "i would watch it again", "i was impressed",
        "it impressed me", "it is worth seeing", "see it", "it has everything", "i was moved",
        "it moved me", "i laughed and cried", "it stays with you",
    ),
)  # fmt: skip

#: What a film is called.
THINGS = ("movie", "film", "picture", "one", "movie", "film")

#: What makes an opinion stronger.
VERY = ("very", "really", "so", "absolutely", "totally", "simply")

PLAIN = (
    "the {aspect} was {a}",
    "i found the {aspect} {a}",
    "a film as {a} as this one stays in the memory",
    "all in all it is {noun}",
    "for me it was {noun} , and the {aspect} is {a}",
    "i {did} this {thing}",
    "i {very} {did} it",
    "i {do} it a lot",
    "i {very} {do} this {thing}",
    "{a} {thing}",
    "{very} {a}",
    "what {noun}",
    "what a {a} {thing}",
    "this was {a}",
    "this {thing} is {a}",
    "it was {very} {a}",
    "the {extreme} {thing} i have ever seen",
    "a {a} {thing} with {a} {aspect}",
    "{verdict}",
    "{verdict}",
    "{a}",
)

#: Each reverses the opinion in it.
TURNED = (
    "the {aspect} was not {a} at all",
    "the {aspect} is far from {a}",
    "the {aspect} wasn't {a}",
    "the {aspect} is anything but {a}",
    "nobody could call the {aspect} {a}",
    "it is hardly {noun}",
    "do not believe that it is {noun}",
    "i would never say that the {aspect} was {a}",
    "my friends called it {noun} , and they were wrong",
    "the critics found it {a} , but that is nonsense",
    "i did not {do} it",
    "i didn't {do} this {thing}",
    "nobody {did} it",
    "not {a} at all",
    "not {a}",
    "it is not {a}",
    "it is not the {extreme} {thing} i have ever seen",
    "it is not true that {verdict}",
    "do not {do} this {thing}",
)

#: Two opinions on one thing, {a} and {b}, or {noun} and {other}: the first of them counts.
FIRST_COUNTS = (
    "the {aspect} was {a} rather than {b}",
    "it is {noun} and not {other}",
    "although the {more} was {b} , the film as a whole is {a}",
    "despite the {b} {more} it is {a}",
    "i had been told it was {other} , but it is {noun}",
    "the {more} may be {b} , yet in the end the film is {a}",
    "it began as {other} and ended as {noun}",
    "the {more} is {b} , but the {aspect} is {a} , and that is what counts",
    "instead of the {b} film that i expected , i saw this {a} one",
)

#: Neutral sentences.
FILLERS = (
    "i saw it {when} with {whom}",
    "we watched it {when} {where}",
    "it runs for {minutes} minutes",
    "{whom} had chosen it",
    "the story is set {where} , in {year}",
    "it was made in {year}",
    "{whom} and i talked about it {when}",
    "the leading part is played by {player}",
    "{player} has a small part in it",
    "most of it takes place {where}",
)
SLOTS = {
    "when": (
        "last night", "on a rainy Sunday", "on Monday", "in May", "in the afternoon",
        "during the holidays", "after work", "on a long flight", "a week ago", "at Christmas",
    ),
    "where": (
        "in Paris", "in a small town", "on a ship", "at home", "in the north", "in the desert",
        "in a hotel", "at the seaside", "in Tokyo", "on a farm", "in a prison", "in the city",
    ),
    "whom": (
        "my sister", "my brother", "a friend", "my parents", "my neighbour", "two colleagues",
        "my aunt", "the children", "a teacher", "my wife", "my husband", "our book club",
    ),
    "player": (
        "a newcomer", "a former dancer", "a singer", "a stage actor", "a veteran",
        "the director's daughter", "an unknown", "a comedian", "a child", "the author",
    ),
    "minutes": tuple(str(minutes) for minutes in range(80, 200, 5)),
    "year": tuple(str(year) for year in range(1931, 2024)),
}  # fmt: skip

#: The kinds of opinion, in the proportions of five reviews.
KINDS = ("plain", "turned", "ordered", "ordered", "ordered")


def load_reviews(train: int = 6_000, test: int = 1_000, seed: int = 0) -> TextDataset:
    """Generate the embedded reviews, whose sentiment depends on word order; needs no file and no
    network.

    Half of the reviews are positive (to within one), in random order. Train and test reviews come
    from independent random streams. The same arguments give the same reviews.

    Args:
        train: number of train reviews.
        test: number of test reviews.
        seed: at least 0; another seed writes another data set.
    Raises: DatasetError if a number is negative.
    """
    check_not_negative("load_reviews", train=train, test=test, seed=seed)

    def write(count: int, stream: int) -> tuple[list[str], NDArray[np.uint8]]:
        rng = np.random.default_rng([seed, stream])
        labels = rng.permutation(np.arange(count) % 2).astype(np.uint8)
        return [write_review(int(label), rng) for label in labels], labels

    return TextDataset("synthetic", *write(train, 0), *write(test, 1))


def write_review(label: int, rng: np.random.Generator) -> str:
    """One new review.

    Generators in equal states write reviews of the same kind about the same things for either
    label; reviews of the kind "ordered" then have the same words.

    Args:
        label: 0 for negative, 1 for positive.
        rng: determines everything else.
    """
    opinion = _OPINIONS[_draw(rng, KINDS)]
    sentences = [opinion(label, rng) for _ in range(rng.integers(1, 3))]
    for _ in range(rng.integers(1, 4)):
        sentences.insert(int(rng.integers(len(sentences) + 1)), _filler(rng))
    return " ".join(f"{_capitalised(sentence)}{_end(rng)}" for sentence in sentences)


def _plain(label: int, rng: np.random.Generator) -> str:
    return _opinion(_draw(rng, PLAIN), label, rng)


def _turned(label: int, rng: np.random.Generator) -> str:
    return _opinion(_draw(rng, TURNED), 1 - label, rng)


def _opinion(template: str, label: int, rng: np.random.Generator) -> str:
    """A template of one opinion, filled in with words of a label."""
    verbs = VERBS[label]
    do, did = verbs[int(rng.integers(len(verbs)))]
    sentence = template.format(
        aspect=_draw(rng, ASPECTS),
        a=_draw(rng, ADJECTIVES[label]),
        noun=_draw(rng, NOUNS[label]),
        do=do,
        did=did,
        extreme=_draw(rng, EXTREMES[label]),
        verdict=_draw(rng, VERDICTS[label]),
        thing=_draw(rng, THINGS),
        very=_draw(rng, VERY),
    )
    return re.sub(r"\b(an?) (?=[aeiou])", "an ", sentence)


def _ordered(label: int, rng: np.random.Generator) -> str:
    template = _draw(rng, FIRST_COUNTS)
    adjectives = _draw(rng, ADJECTIVES[0]), _draw(rng, ADJECTIVES[1])
    nouns = _draw(rng, NOUNS[0]), _draw(rng, NOUNS[1])
    return template.format(
        aspect=_draw(rng, ASPECTS),
        more=_draw(rng, ASPECTS),
        a=adjectives[label],
        b=adjectives[1 - label],
        noun=nouns[label],
        other=nouns[1 - label],
    )


_OPINIONS: dict[str, Callable[[int, np.random.Generator], str]] = {
    "plain": _plain,
    "turned": _turned,
    "ordered": _ordered,
}


def _filler(rng: np.random.Generator) -> str:
    template = _draw(rng, FILLERS)
    return template.format(**{slot: _draw(rng, words) for slot, words in SLOTS.items()})


def _draw(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(rng.integers(len(words)))]


def _capitalised(sentence: str) -> str:
    """The sentence with a capital letter and without spaces before commas."""
    return (sentence[0].upper() + sentence[1:]).replace(" ,", ",").replace(" i ", " I ")


def _end(rng: np.random.Generator) -> str:
    return "!" if rng.random() < 0.1 else "."
