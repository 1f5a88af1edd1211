"""Whatever the site carries of others has its line and its notice in ``LICENSES``."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

from tools.notebooks import ROOT

README = (ROOT / "LICENSES" / "README.md").read_text(encoding="utf-8")
KINDS = {".js", ".css", ".woff2", ".ttf", ".txt"}


def rows() -> list[list[str]]:
    """Return the rows of the table of the site's files, cell by cell."""
    table = README.split("Works of others that the built site carries.")[1]
    lines = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")]
    return lines[2:]


def patterns() -> list[str]:
    return [name for row in rows() for name in re.findall(r"`([^`]+)`", row[1])]


def unlisted(names: list[str]) -> list[str]:
    """Return the files of a site that no row names."""
    return [name for name in names if not any(fnmatch(name, one) for one in patterns())]


def test_every_script_style_and_font_of_the_site_is_listed(site: Path) -> None:
    files = [path for path in (site / "_static").rglob("*") if path.suffix in KINDS]
    assert len(files) > 20
    assert unlisted([path.relative_to(site / "_static").as_posix() for path in files]) == []


def test_a_new_script_would_be_seen() -> None:
    assert unlisted(["scripts/new.js", "doctools.js"]) == ["scripts/new.js"]


def test_every_notice_that_is_named_is_there() -> None:
    named = [name for row in rows() for name in re.findall(r"`((?:site/)?[\w.-]+\.txt)`", row[2])]
    assert len(named) > 10
    assert [name for name in named if not (ROOT / "LICENSES" / name).is_file()] == []
    kept = {path.relative_to(ROOT / "LICENSES").as_posix() for path in ROOT.glob("LICENSES/*/*")}
    assert kept <= set(named)
