"""What learning platforms import, read back by code that did not write it."""

from __future__ import annotations

import io
import re
import sqlite3
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.book import tiny_book, tiny_quiz
from tools import platforms
from tools.cards import read_shelf
from tools.ledgers import read_ledgers
from tools.plain import Plain
from tools.platforms import Item, items
from tools.quizzes import KINDS, Option, read_quiz

KNOWN = {0, 5, 10, 11.11111, 12.5, 14.28571, 16.66667, 20, 25, 30, 33.33333, 40, 50, 60}
KNOWN |= {66.66667, 70, 75, 80, 83.33333, 90, 100}  # the shares of a grade that Moodle has
QTI = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
GLOSSARY = """# Words

```{glossary}
mean
  A {term}`sum <sums>` of $x < y$ over $n$ {cite}`known2020`, see {prf:ref}`thm-one`.

noise
  It is *added*, [as said](theory.md).
```
"""
SEVERAL = Item(
    "one/even", "Even?", (Option("0", "yes", right=True), Option("1", "no")), several=True
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tiny_book.write(tmp_path_factory.mktemp("platforms"))
    (root / "book" / "glossary.md").write_text(GLOSSARY, encoding="utf-8")
    platforms.write(root, root / "out")
    return root / "out"


def assessment(packed: bytes) -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(packed)) as whole:
        (name,) = (one for one in whole.namelist() if re.fullmatch(r"(.*)/\1\.xml", one))
        return ElementTree.fromstring(whole.read(name))


def kind_of(item: ElementTree.Element) -> str:
    pairs = {
        str(one.findtext(f"{QTI}fieldlabel")): str(one.findtext(f"{QTI}fieldentry"))
        for one in item.iter(f"{QTI}qtimetadatafield")
    }
    return pairs["question_type"]


def right_in_canvas(item: ElementTree.Element) -> set[str]:
    """Return the texts that score, of a question with one right answer or several."""
    labels = {
        str(label.get("ident")): "".join(label.itertext()).strip()
        for label in item.iter(f"{QTI}response_label")
    }
    scoring = [
        one for one in item.iter(f"{QTI}respcondition") if one.find(f"{QTI}setvar") is not None
    ]
    wanted = set()
    for condition in scoring:
        refused = {
            one.text for no in condition.iter(f"{QTI}not") for one in no.iter(f"{QTI}varequal")
        }
        wanted |= {one.text for one in condition.iter(f"{QTI}varequal")} - refused
    return {labels[str(ident)] for ident in wanted}


def test_canvas_holds_every_question_and_its_right_answers(written: Path) -> None:
    whole = assessment((written / "canvas" / "two.zip").read_bytes())
    choice, several, order, number = whole.iter(f"{QTI}item")
    assert [kind_of(one) for one in (choice, several, order, number)] == [
        "multiple_choice_question",
        "multiple_answers_question",
        "multiple_choice_question",
        "numerical_question",
    ]
    assert "One half" in right_in_canvas(choice).pop()
    assert right_in_canvas(several) == {"<p>Zero.</p>", "<p>Two.</p>"}
    assert right_in_canvas(order) == {"<p>Nine → Ninety → Nine hundred</p>"}
    low, high = (float(str(number.find(f".//{QTI}{name}").text)) for name in ("vargte", "varlte"))
    assert low == pytest.approx(0.49, rel=1e-6)
    assert high == pytest.approx(0.51, rel=1e-6)


def test_moodle_holds_every_question_in_its_category(written: Path) -> None:
    whole = ElementTree.parse(written / "moodle.xml").getroot()
    kinds = [str(one.get("type")) for one in whole]
    assert kinds.count("category") == 2
    assert kinds[-4:] == ["multichoice", "multichoice", "multichoice", "numerical"]
    names = [str(one.findtext("category/text")) for one in whole if one.get("type") == "category"]
    assert names[1] == "$course$/top/Runnable Theory/Noise < signal"
    for one in whole.iter("question"):
        shares = [float(str(answer.get("fraction"))) for answer in one.iter("answer")]
        if shares:
            assert sum(share for share in shares if share > 0) == pytest.approx(100, abs=1e-3)
    choice, number = whole[-4], whole[-1]
    right = next(one for one in choice.iter("answer") if float(str(one.get("fraction"))) > 0)
    assert r"\(1/2\)" in str(right.findtext("text"))
    values = [(one.get("fraction"), one.findtext("text")) for one in number.iter("answer")]
    assert values == [("100", "0.5"), ("0", "2")]


def test_moodle_keeps_blanks_and_knows_all_shares() -> None:
    item = Item("one/words", "*a* *b* and $x$ $y$ < ]]>", (Option("0", "", right=True),) * 3)
    text = platforms.moodle([("T", [item])]).decode()
    found = ElementTree.fromstring(text).findtext("question/questiontext/text")
    assert found == platforms.page(item.text)
    assert not re.search(r"&\w+;\s+&\w+;", text)  # Moodle's reader drops such blanks


def test_moodle_knows_every_share_of_the_book() -> None:
    plain = Plain(platforms.ROOT, read_ledgers(platforms.ROOT))
    made = platforms.moodle(
        [(card.title, asked) for card, asked in platforms.quizzes_of(platforms.ROOT, plain)]
    )
    shares = {
        abs(float(str(one.get("fraction")))) for one in ElementTree.fromstring(made).iter("answer")
    }
    assert shares <= KNOWN


def test_ticking_all_boxes_earns_nothing() -> None:
    (made,) = ElementTree.fromstring(platforms.moodle([("T", [SEVERAL])])).findall(
        "question[@type='multichoice']"
    )
    assert sum(float(str(one.get("fraction"))) for one in made.iter("answer")) == 0


def test_the_deck_holds_questions_and_words(written: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(written / "cards.apkg") as whole:
        whole.extract("collection.anki2", tmp_path)
    notes = sqlite3.connect(tmp_path / "collection.anki2").execute("select flds, tags from notes")
    sides = [row[0].split("\x1f") for row in notes]
    assert len(sides) == 8 + 4 + 2
    cards = dict(sides)
    mean = cards["<p>mean</p>"]
    assert mean == (
        '<p>A sum of <span class="math inline">\\(x &lt; y\\)</span> over '
        '<span class="math inline">\\(n\\)</span>, see the theorem “Half”.</p>'
    )
    assert cards["<p>noise</p>"] == "<p>It is <em>added</em>, as said.</p>"


def test_answer_and_reason_are_two_paragraphs() -> None:
    item = Item("one/four", "What?", (Option("4", "$1 + 3$.", right=True), Option("3", "no")))
    (note,) = platforms.deck([("T", [item])], []).notes
    assert note.fields[1] == "<p>4</p>" + platforms.page("$1 + 3$.")


def test_a_unit_is_named_once(book: Path) -> None:
    plain = Plain(book, read_ledgers(book))

    def asked() -> str:
        quiz = read_quiz(read_shelf(book).card("two"), book)
        assert quiz is not None
        return list(items(quiz, plain))[3].text

    assert asked() == "What is half of one? Answer in nats."
    path = book / "chapters/two/quiz.toml"
    tiny_book.replace(path, "What is half of one?", "What is half of one, in nats?")
    assert asked() == "What is half of one, in nats?"


def test_a_second_edition_updates_its_cards(written: Path) -> None:
    one, other = (platforms.deck([("T", [SEVERAL])], [("mean", "m")]) for _ in range(2))
    assert [note.guid for note in one.notes] == [note.guid for note in other.notes]
    assert (one.deck_id, one.notes[0].model.model_id) == (
        other.deck_id,
        other.notes[0].model.model_id,
    )


def test_no_role_of_the_book_is_left(written: Path) -> None:
    with zipfile.ZipFile(written / "canvas" / "two.zip") as whole:
        texts = [whole.read(name).decode("utf-8") for name in whole.namelist()]
    for text in [*texts, (written / "moodle.xml").read_text(encoding="utf-8")]:
        assert "{prf:ref}" not in text
        assert "{cite" not in text


def test_words_for_roles(good_book: Path) -> None:
    plain = Plain(good_book, read_ledgers(good_book))
    assert plain("so {measured}`one/law`, {measured}`one/law:verdict`") == "so −0.123, ✓ holds"
    assert plain("see {prf:ref}`this <thm-one>` and [there](/book/a.md#b)") == "see this and there"
    assert plain("the interval $[0, 1](x)$ stays") == "the interval $[0, 1](x)$ stays"
    with pytest.raises(KeyError):
        plain("{measured}`one/none`")


def test_an_order_becomes_a_choice_between_orders(good_book: Path) -> None:
    assert list(tiny_quiz.KINDS) == list(KINDS)
    quiz = read_quiz(read_shelf(good_book).card("two"), good_book)
    assert quiz is not None
    made = list(items(quiz, Plain(good_book, read_ledgers(good_book))))
    (order,) = (one for one in made if one.name == "two/order-3")
    assert sum(option.right for option in order.options) == 1
    assert len({option.text for option in order.options}) == len(order.options) >= 3
