"""The texts of the tiny book: its cards, its pages, its claims."""

from __future__ import annotations

from collections.abc import Callable

from nbformat import NotebookNode

from runtheory.ledger import Claim
from tests.book import tiny_quiz
from tests.book.tiny_quiz import quiz
from tools import lists

Edit = Callable[[NotebookNode], None]

PARTS = """
[front]
caption = "Before"
pages = ["book/how"]

[part.core]
caption = "The core"
question = "What is known?"

[part.noise]
caption = "Noise & more"
question = "What does noise do?"

[part.limits]
caption = "Where it stops"
question = "What is not done?"

[back]
caption = "Behind"
pages = [
  "book/claims", "book/not_reproduced", "book/theorems", "book/demos", "book/bibliography",
]
"""
ATLAS = """
[[paper]]
id = "known-paper"
key = "known2020"
theme = "Means"
idea = "A mean is an average."

[[paper]]
id = "waiting-paper"
key = "known2020"
theme = "Noise & more"
idea = "Nobody has run this."

[[paper]]
id = "read-paper"
key = "known2020"
theme = "Noise & more"
idea = "Nobody can run this."
reason = "It needs a telescope."
"""
REFERENCES = "@article{known2020, author={Known, A.}, title={T}, journal={J}, year={2020}}\n"
ONE = """
title = "The mean"
part = "core"
order = 10
question = "What is the mean?"
idea = "Add and divide. A friend would."
papers = ["known-paper"]
code = "runtheory.one"
not_checked = "**Medians** of {cite:t}`known2020` were never looked at."

[teach]
minutes = 90
board = "the mean of a half"
projector = "lab_one"
misconception = "A mean is a median."
prediction = "is it above $1/2$?"
probe = ["Why?", "Why not?"]
refuted_by = "one/law"
objectives = [["double a number $x$", 1], ["halve one", 1]]

[letters]
'X, X_i' = "a number"
'\\mu' = ["its mean", '$[0, 1]$', "`mean`"]

[labs.one]
papers = ["known-paper"]
"""
TWO = """
title = "Noise < signal"
part = "noise"
order = 10
question = "What does noise do?"
idea = "It is added. It averages out."
sources = ["known2020"]
builds_on = ["one"]
code = "runtheory.noise.two"

[teach]
minutes = 45
board = "the variance of a mean"
projector = "lab"
misconception = "Noise stays."
prediction = "does it grow?"
probe = ["Why?", "Why not?"]
refuted_by = "two/variance"
objectives = [["double a number", 1], ["halve one", 1]]

[letters]
'X' = "a noise"
"""
DEMO = """
title = "A paper's idea"
part = "noise"
order = 10
paper = "known-paper"
idea = "One picture says it."
"""
LAW = Claim("one/law", "The mean of $X$ is one half.", "thm-one", "identity")
TABLE = Claim(
    "one/table",
    "A number of a paper.",
    "cite:known2020 Table 1",
    "effect",
    verdict="inconclusive",
    why="Two seeds are few.",
    would_take="Fifty seeds.",
)
SUM = Claim("one/sum", "Shares sum to one.", "a definition of ours", "identity", arithmetic=True)
OF_TWO = (
    Claim("two/variance", "The variance falls.", "thm-two", "law", twin="A half of it."),
    Claim("two/limit", "It keeps its limit.", "thm-two", "bound", twin="No limit at all."),
    Claim("two/record", "A run fits its record.", "a run of ours", "live_slice", twin="No noise."),
    Claim("two/gain", "Noise helps.", "cite:known2020 Section 2", "effect", stated="after"),
)
OF_DEMO = (Claim("known_paper/idea", "The idea holds.", "cite:known2020", "identity"),)
THEORY = """# The mean

```{objectives}
```

:::{prf:definition} Mean
:label: def-mean
$m$
:::

:::{prf:theorem} Half
:label: thm-one

$$
a = b
$$
:::

:::{prf:proof}
Plain, by {prf:ref}`def-mean`.
:::

By {prf:ref}`thm-one`.
"""
CREDIT = """from tools.credit import uniform


def double(solved, x=uniform(1, 9)):
    '''Give back **three times** the number.'''
    return 3 * solved(x) / 2
"""
QUIZ = "## Check yourself\n\n```{quiz}\n```\n"
PROVED = """:::{prf:theorem} Averages
:label: thm-two

$$
a < b
$$
:::

:::{prf:proof}
By {prf:ref}`thm-one`.
:::
"""
INDEX = """# A book

Opening. Measured {measured}`one/law`, in full {measured}`one/law:text`, within
{measured}`one/table:interval`, and {measured}`known_paper/idea` in a demo.

## For whom

You.

```{techniques}
```

```{map}
```
"""
PAGES = {
    "book/index": INDEX,
    "book/how": "# How\n\nSo, says {prf:ref}`thm-one`.\n\n```{teaching}\n```\n\n"
    "```{letters}\n```\n\n```{letters} changing\n```\n",
    "book/claims": "# Claims\n\n```{claims-overview}\n```\n",
    "book/not_reproduced": "# Not reproduced\n\n```{not-reproduced}\n```\n",
    "book/theorems": "# Theorems\n\n```{theorems}\n```\n",
    "book/demos": "# Demos\n\n```{demos}\n```\n",
    "book/bibliography": "# Bibliography\n\n```{bibliography}\n```\n",
    "book/parts/core": "# The core\n\n```{techniques} core\n```\n",
    "book/parts/noise": "# Noise\n\n```{techniques} noise\n```\n",
    "book/claims/core": "# Claims: core\n\n```{claims} core\n```\n",
    "book/claims/noise": "# Claims: noise\n\n```{claims} noise\n```\n",
    "chapters/one/theory": f"{THEORY}\n{QUIZ}",
    "README": f"# A book\n\n{lists.BEGIN}\n{lists.END}\n\nThe rest.\n",
}
FILES = {
    "book/parts.toml": PARTS,
    "book/atlas.toml": ATLAS,
    "book/references.bib": REFERENCES,
    "chapters/one/chapter.toml": ONE,
    "chapters/two/chapter.toml": TWO,
    "chapters/one/quiz.toml": quiz("thm-one", questions=8),
    "chapters/two/quiz.toml": quiz("thm-two", questions=4),
    "chapters/one/quiz.py": tiny_quiz.CODE,
    "chapters/two/quiz.py": tiny_quiz.CODE,
    "chapters/one/credit.py": CREDIT,
    "chapters/two/credit.py": CREDIT,
    "src/runtheory/one/__init__.py": '"""Means."""\n',
    "src/runtheory/noise/__init__.py": '"""Noise."""\n',
    "src/runtheory/noise/two.py": '"""Noise that is added."""\n',
    "tests/one/test_means.py": '"""Means are tested."""\n',
    "tests/noise/test_two.py": '"""Noise is tested."""\n',
}
