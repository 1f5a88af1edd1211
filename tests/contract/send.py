"""Send every public function its bad inputs, as a user's process would: without the tests' hook.

``python -m tests.contract.send [name ...]`` prints, for the functions whose names begin so, one
line of JSON a failure and a documented result, and one with the counts.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.contract import outcome, table, variants
from tests.contract.documented import RESULT, reason

SECONDS = 3


class TooSlow(BaseException):
    """A call that would have held up the others."""


def sent(name: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield (argument, variant, outcome, what came) for each bad variant of one function."""
    function, make = table.functions()[name], table.calls()[name]
    said = {key: str(one.annotation) for key, one in inspect.signature(function).parameters.items()}
    try:
        _answer(function, make(), limit=0)  # the first call imports what is imported late
    except BaseException as error:
        yield "", "", "broken", f"{type(error).__name__}: {error}"
        return
    for argument in make():
        for variant in variants.of(make()[argument]):
            call = make()
            if _is_default(function, argument, variant.value):
                continue
            try:
                result = _answer(function, {**call, argument: variant.value})
            except BaseException as error:
                came = type(error).__name__
                became, text = outcome.of_error(error), f"{came}: {error}"
            else:
                became = outcome.of_result(result, variant, call, argument, _axes(said[argument]))
                came, text = RESULT, repr(result)
            if became in ("raw", "silent") and reason(name, argument, variant.name, came):
                became, text = "documented", came
            yield argument, variant.name, became, text[:200]


def _answer(function: Any, call: dict[str, Any], *, limit: float = SECONDS) -> Any:
    def stop(*_: object) -> None:
        raise TooSlow(f"longer than {limit} processor seconds")

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            result = function(**call)
            return list(result) if inspect.isgenerator(result) else result
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _is_default(function: Any, argument: str, value: Any) -> bool:
    """Tell whether the variant is None and the annotation takes None."""
    parameter = inspect.signature(function).parameters[argument]
    return value is None and (parameter.default is None or "None" in str(parameter.annotation))


def _axes(annotation: str) -> str:
    """Return the axes that the annotation spells out or that its name stands for; "" for none."""
    from runtheory import shapes

    if '"' in annotation or "'" in annotation:
        return annotation
    alias = getattr(shapes, annotation, None)
    return str(getattr(alias, "dim_str", ""))


def main(beginnings: list[str]) -> None:
    """Print failures and counts."""
    counts: dict[str, Counter[str]] = {}
    for name in sorted(table.functions()):
        if beginnings and not any(name.startswith(one) for one in beginnings):
            continue
        count = counts.setdefault(table.package(name), Counter())
        count["functions"] += 1
        if name not in table.calls():
            count["missing"] += 1
            print(json.dumps({"function": name, "became": "missing"}))
            continue
        for argument, variant, became, text in sent(name):
            count["calls"] += 1
            count[became] += 1
            if became in ("raw", "silent", "broken", "documented"):
                told = [name, argument, variant, became, text]
                keys = ["function", "argument", "variant", "became", "came"]
                print(json.dumps(dict(zip(keys, told, strict=True))), flush=True)
    print(json.dumps({"counts": counts}))


if __name__ == "__main__":
    main(sys.argv[1:])
