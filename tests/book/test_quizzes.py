"""Quizzes: what is read, what ``make check`` refuses, and what the page and the key show."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.book import tiny_book, tiny_quiz
from tools import access, quizzes
from tools.cards import CardError, read_shelf
from tools.ledgers import read_ledgers
from tools.quizzes import Option, Question, Quiz, read_quiz
from tools.sphinx_runtheory.quiz import told_of

TWO = "chapters/two/quiz.toml"
KEPT = "localStorage.getItem('runtheory-quiz/two')"


def found(root: Path) -> list[str]:
    return [text for _, text in quizzes.faults(read_shelf(root), read_ledgers(root).labels)]


def read(root: Path, slug: str) -> Quiz:
    quiz = read_quiz(read_shelf(root).card(slug), root)
    assert quiz is not None
    return quiz


def test_the_tiny_book_has_quizzes_without_fault(good_book: Path) -> None:
    assert found(good_book) == []
    assert [one.kind for one in read(good_book, "two").questions] == list(quizzes.KINDS)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('kind = "several"', 'kind = "some"', "kind must be one of"),
        ('id = "several-2"', 'id = "choice-1"', "two questions are called choice-1"),
        ('id = "several-2"', 'id = "One?"', "small letters"),
        ('text = "Nine hundred."', 'text = "Ninety."', "two options say the same"),
        ('feedback = "That is the *other* mean."', "", "each option has its feedback"),
        ('feedback = "Each has one more digit."', "", "an order has feedback of its own"),
        ('feedback = "It is half of one."', "", "a number names the function of its answer"),
        ('answer = "half"', 'answer = "third"', "third raises AttributeError"),
        ('answer = "twice"', 'answer = "half"', "the slip half is taken for the answer"),
        ('answer = "half"', 'tolerance = 1.0\nanswer = "half"', "the tolerance is a share"),
        ('"twice"', tiny_quiz.AGAIN, "the slips twice and again are taken for each other"),
        ("right = true\nfeedback = \"By", "feedback = \"By", "0 right options"),
        ('feedback = "One is odd."', 'right = true\nfeedback = "One is odd."', ""),
    ],
)  # fmt: skip
def test_a_fault_is_named(book: Path, old: str, new: str, fault: str) -> None:
    tiny_book.replace(book / TWO, old, new)
    assert [fault in text for text in found(book)] == ([True] if fault else [])


def test_every_label_level_and_share_is_looked_at(book: Path) -> None:
    text = (book / TWO).read_text()
    (book / TWO).write_text(text.replace("thm-two", "thm-none"))
    assert found(book) == [
        f"question {one.id}: there is no statement 'thm-none'"
        for one in read(book, "two").questions
    ]
    (book / TWO).write_text(text.replace("misconception = true", "misconception = false"))
    assert found(book) == [
        "fewer than half of the questions are about what people get wrong (misconception)"
    ]
    (book / TWO).write_text(text.replace("first steps", "easy"))
    assert len(found(book)) == 4


def test_a_missing_quiz_a_short_one_and_a_page_without_it(book: Path) -> None:
    tiny_book.replace(book / "chapters/two/theory.md", "```{quiz}\n```\n", "")
    assert "does not end with the section" in found(book)[0]
    (book / "chapters/one/quiz.toml").write_text((book / TWO).read_text())
    assert "4 questions, fewer than 8" in found(book)
    (book / TWO).unlink()
    assert "a quiz is missing" in found(book)


@pytest.mark.parametrize("line", ["level = 3", "colour = 'red'", "minutes = true", "right = 'yes'"])
def test_a_key_of_another_type_stops_the_reading(book: Path, line: str) -> None:
    (book / TWO).write_text(f"[[question]]\nid = 'q'\n{line}\n")
    with pytest.raises(CardError, match=r"chapters/two/quiz.toml: question q"):
        read(book, "two")


def test_a_number_that_is_none_is_refused(book: Path) -> None:
    tiny_book.replace(book / "chapters/two/quiz.py", "return 0.5", 'return float("nan")')
    assert found(book) == ["question number-4: chapters/two/quiz.py: half returns nan"]
    tiny_book.replace(book / "chapters/two/quiz.py", 'return float("nan")', "return 1 / 0")
    assert "half raises ZeroDivisionError: division by zero" in found(book)[0]
    (book / "chapters/two/quiz.py").unlink()
    assert "half raises FileNotFoundError" in found(book)[0]


@pytest.mark.parametrize("value", ["0.0", "-0.0", "1e-12", "-1.01e-4"])
def test_an_answer_near_zero_is_refused(book: Path, value: str) -> None:
    tiny_book.replace(book / "chapters/two/quiz.py", "return 0.5", f"return {value}")
    (text,) = found(book)
    assert "is too near 0 for a tolerance" in text


@pytest.mark.parametrize("count", range(2, 9))
def test_an_order_is_never_shown_in_order(count: int) -> None:
    options = tuple(Option(f"option {place}") for place in range(count))
    one = Question("q", "order", "", "", "", 1, options=options)
    by_letter = dict(one.shown)
    assert [option for _, option in one.shown] != list(options)
    assert [by_letter[letter] for letter in one.right] == list(options)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tiny_book.write(tmp_path_factory.mktemp("quizzes"))
    done = tiny_book.build(root)
    assert done.returncode == 0, done.stderr
    return root


def address(site: Path) -> str:
    return (site / "_build/html/chapters/two/theory.html").as_uri()


@pytest.fixture
def page(site: Path, browser: Browser) -> Iterator[Page]:
    context, errors = browser.new_context(), []
    opened = context.new_page()
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(address(site))
    near(opened)
    yield opened
    context.close()
    assert errors == []


def near(page: Page) -> None:
    """Scroll to the quiz, whose script comes then."""
    page.locator(".quiz").scroll_into_view_if_needed()
    page.locator(".quiz button").first.wait_for()


def question(page: Page, name: str) -> Locator:
    return page.locator(f"#quiz-two-{name}")


def answered(one: Locator) -> Locator:
    one.get_by_role("button").press("Enter")
    return one.locator(".quiz-answer")


def test_a_choice_is_told_right_from_wrong(page: Page) -> None:
    one = question(page, "choice-1")
    expect(answered(one)).to_have_text("Give an answer first.")
    one.get_by_label("One third.").press("Space")
    expect(answered(one)).to_have_text("Not this one. b: That is the other mean.")
    one.get_by_label("One half").press("Space")
    expect(answered(one)).to_contain_text("Right. a: By Theorem")
    expect(page.locator(".quiz-tally")).to_contain_text("1 of 4 right.")


def test_several_want_all_and_no_more(page: Page) -> None:
    one = question(page, "several-2")
    one.get_by_label("Zero.").check()
    expect(answered(one)).to_have_text("Look again at: c: Two is even.")
    one.get_by_label("One.").check()
    one.get_by_label("Two.").check()
    expect(answered(one)).to_have_text("Look again at: b: One is odd.")
    one.get_by_label("One.").uncheck()
    expect(answered(one)).to_contain_text("Right.")


def test_an_order_counts_the_places(page: Page) -> None:
    one = question(page, "order-3")
    for name, place in (("Nine.", "1"), ("Ninety.", "2")):
        one.get_by_label(name).select_option(place)
    expect(answered(one)).to_have_text("Give an answer first.")
    one.get_by_label("Nine hundred.").select_option("2")
    expect(answered(one)).to_have_text("2 of 3 have their place.")
    one.get_by_label("Nine hundred.").select_option("3")
    expect(answered(one)).to_have_text("Right. Each has one more digit.")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("0.5", "Right. It is half of one."),
        ("1/2", "Right. It is half of one."),
        ("0,505", "Right. It is half of one."),
        ("50 %", "Right. It is half of one."),
        ("0.52", "Not this number."),
        ("−0.5", "Not this number."),
        ("2", "Not this number. 2: You doubled it."),
        ("1/0", "Not this number."),
        *((text, "This is no number: write 0.25, 1/4 or 25 %.") for text in ("half", "∞", "--1")),
    ],
)
def test_a_number_is_read_as_people_write_it(page: Page, given: str, told: str) -> None:
    one = question(page, "number-4")
    one.get_by_label("Your answer, in nats").fill(given)
    one.get_by_label("Your answer, in nats").press("Enter")
    expect(one.locator(".quiz-answer")).to_have_text(told)


@pytest.mark.parametrize(
    ("given", "wanted", "percent"),
    [("–1,500.5", "-1500.5", "100"), ("1,125", "1.125", "100"), ("45.9 %", "45.9", "1")],
)
def test_thousands_dashes_and_per_cents_are_read(
    site: Path, browser: Browser, given: str, wanted: str, percent: str
) -> None:
    context = browser.new_context(viewport={"width": 800, "height": 200})
    page = context.new_page()
    page.goto(address(site))  # the script, which reads the question, comes later
    one, told = question(page, "number-4"), {"right": wanted, "percent": percent}
    one.evaluate("(field, told) => Object.assign(field.dataset, told)", told)
    near(page)
    one.get_by_label("Your answer").fill(given)
    expect(answered(one)).to_contain_text("Right.")
    context.close()


@pytest.mark.parametrize(("unit", "part"), [("per cent", "1"), ("points", "1"), ("nats", "100")])
def test_a_per_cent_is_one_of_its_unit(book: Path, unit: str, part: str) -> None:
    tiny_book.replace(book / TWO, 'unit = "nats"', f'unit = "{unit}"')
    quiz = read(book, "two")
    assert told_of(quiz.questions[3], quiz)["data_percent"] == part


def test_answers_stay_in_the_browser_until_the_reader_starts_again(page: Page) -> None:
    question(page, "choice-1").get_by_label("One third.").check()
    question(page, "number-4").get_by_label("Your answer").fill("0.5")
    answered(question(page, "number-4"))
    page.reload()
    near(page)
    assert question(page, "choice-1").get_by_label("One third.").is_checked()
    expect(question(page, "number-4").get_by_label("Your answer")).to_have_value("0.5")
    page.get_by_role("button", name="Start again").click()
    assert not question(page, "choice-1").get_by_label("One third.").is_checked()
    assert '"0.5"' not in page.evaluate(KEPT)


def test_what_else_lies_under_the_name_does_no_harm(page: Page) -> None:
    for spoilt in ("[", "null", '{"quiz-two-choice-1": 3}'):
        page.evaluate(f"localStorage.setItem('runtheory-quiz/two', {spoilt!r})")
        page.reload()
        near(page)
        expect(page.locator(".quiz-tally")).to_contain_text("0 of 4 right.")


def test_everyone_can_use_it(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    one = question(page, "choice-1")
    one.get_by_label("One third.").check()
    answered(one)
    assert access.faults(page) == []
    assert page.locator("input[inputmode]").count() == 0  # a telephone's digits have no minus


def test_without_scripts_the_key_is_there(site: Path, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    shown = context.new_page()
    shown.goto(address(site))
    assert shown.get_by_role("button", name="Check").count() == 0
    shown.locator(".quiz-key summary").click()
    expect(shown.locator(".quiz-key")).to_contain_text("b: That is the other mean.")
    expect(shown.locator(".quiz-key")).to_contain_text("0.5 nats")
    context.close()


def test_on_paper_the_key_comes_behind_the_questions(site: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(site, tmp_path / "book", ignore=shutil.ignore_patterns("_build")))
    done = tiny_book.build(root, "--builder", "latex")
    assert done.returncode == 0, done.stderr
    text = next((root / "_build" / "latex").glob("*.tex")).read_text(encoding="utf-8")
    places = [
        text.index(words) for words in ("Which are even?", "Key to the questions", "One is odd")
    ]
    assert places == sorted(places)
    assert "Your answers stay" not in text


def test_objectives_are_told_with_their_exercises(page: Page) -> None:
    told = page.locator("article li", has_text="double a number")
    expect(told).to_have_text("double a number (exercise 1)")
    assert "exercises.html" in str(told.get_by_role("link").get_attribute("href"))


def test_the_script_comes_when_a_reader_is_near(site: Path, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 800, "height": 200})
    page = context.new_page()
    page.goto(address(site), wait_until="networkidle")
    assert page.locator(".quiz button").count() == 0
    near(page)
    assert page.locator(".quiz button").count() > 0
    context.close()
