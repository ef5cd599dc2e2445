"""The words of every check that the code can make, and those of every test that breaks one.

Read off the code, so that no check is missed because no test happens to make it. In words, `*`
stands for what is only known when the check is made.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

import pytest

from components.inspection.checks import Check, short

ROOT = Path(__file__).parents[1]
HOME = "components.inspection.checks"
"""Where checks are defined: what it makes, it was handed."""


def means(words: str, says: str) -> bool:
    """Say whether `words`, with `*` for anything, are those of a check that says `says`.

    >>> means("all * sum to 1", "all 12 sum to 1"), means("all sum to 1", "all 12 sum to 1")
    (True, False)
    """
    return re.fullmatch(".*".join(map(re.escape, words.split("*"))), says, re.DOTALL) is not None


@contextmanager
def watched() -> Iterator[list[tuple[Check, str]]]:
    """Note each check whose verdict is asked for, with the verdict, in this order."""
    seen: list[tuple[Check, str]] = []
    own = Check.__dict__["verdict"].fget

    def verdict(check: Check) -> str:
        seen.append((check, own(check)))
        return seen[-1][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Check, "verdict", property(verdict))
        yield seen


class Harmless:
    """Stands for pytest's `monkeypatch`, and changes nothing."""

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_args, **_kwargs: None


def run_unbroken(test: pytest.Function) -> None:
    """Run a sabotage with nothing broken: the test must fail, or be skipped.

    Raises:
        pytest.fail.Exception: it passes.
    """
    given = {name: test.funcargs[name] for name in test._fixtureinfo.argnames}
    with pytest.raises((Exception, pytest.fail.Exception, pytest.skip.Exception)):
        test.obj(**given | {"monkeypatch": Harmless()})


def line(words: str, test: str, seen: Iterable[tuple[Check, str]]) -> str:
    """Return what a sabotage showed: words, what was broken, the largest error and its bound.

    Raises:
        AssertionError: it did not see the check hold, or did not see it fail.
    """
    own = [(check, verdict) for check, verdict in seen if means(words, check.says)]
    red = [check for check, verdict in own if verdict == "fails"]
    assert red, f"no check '{words}' was seen to fail"
    assert any(verdict == "holds" for _, verdict in own), f"'{words}' was not seen to hold before"
    name, _, case = test.removeprefix("test_").partition("[")
    broken = name.replace("_", " ") + (f" ({case.removesuffix(']')})" if case else "")
    numbers = f"{short(red[-1].error)} of {short(red[-1].bound or 0)}"
    return f"{words} | {broken} | {numbers} | fails"


@dataclass(frozen=True)
class Found:
    """Words, where they stand, and whether the check is ever more than a number in grey."""

    words: str
    where: str
    compared: bool = True


@dataclass(frozen=True)
class Maker:
    """A function that makes a check of the words that it is handed."""

    module: str
    name: str
    place: int | None
    """Which argument the words are; None: only by the name `says`."""
    bound: int | None = None
    """Which argument the bound is, if it has one."""


class Source:
    """One file, parsed."""

    def __init__(self, name: str, code: str) -> None:
        self.name, self.tree = name, ast.parse(code)
        self.module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self.nodes = list(ast.walk(self.tree))
        self.around = {one: node for node in self.nodes for one in ast.iter_child_nodes(node)}
        self.constants = dict(_assigned(self.tree.body))
        self.own = {one.name for one in self.nodes if isinstance(one, ast.FunctionDef)}
        self.imported = {
            alias.asname or alias.name: (node.module, alias.name)
            for node in self.nodes
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }

    def function(self, node: ast.AST) -> ast.FunctionDef | None:
        """Return the function in which a node stands."""
        found = self.around.get(node)
        while found is not None and not isinstance(found, ast.FunctionDef):
            found = self.around.get(found)
        return found

    def calls(self, module: str, name: str) -> Iterator[ast.Call]:
        """Yield the calls of a function of a module."""
        for node in self.nodes:
            if isinstance(node, ast.Call):
                home, called = self._of(node.func)
                if called == name and home in (module, ""):
                    yield node

    def _of(self, function: ast.expr) -> tuple[str, str]:
        """Return module and name of what is called; "" for the module of a method."""
        if isinstance(function, ast.Name):
            own = (self.module, function.id)
            return own if function.id in self.own else self.imported.get(function.id, own)
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            package, name = self.imported.get(function.value.id, ("", ""))
            return (f"{package}.{name}" if package else ""), function.attr
        return "", function.attr if isinstance(function, ast.Attribute) else ""


def _assigned(body: Iterable[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    """Yield name and value of each assignment."""
    for one in body:
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.value:
            yield one.target.id, one.value
        elif isinstance(one, ast.Assign):
            for target in one.targets:
                pairs = [(target, one.value)]
                if isinstance(target, ast.Tuple) and isinstance(one.value, ast.Tuple):
                    pairs = list(zip(target.elts, one.value.elts, strict=True))
                yield from ((name.id, value) for name, value in pairs if isinstance(name, ast.Name))


class Code:
    """Files, read for the words of checks and of markers."""

    def __init__(self, files: dict[str, str]) -> None:
        self.sources = [Source(name, code) for name, code in files.items()]
        self.by_module = {source.module: source for source in self.sources}

    @cached_property
    def checks(self) -> list[Found]:
        """The words of each check that is made, or renamed by `worst` or `replace`.

        A function that hands a parameter on as the words makes checks too: its callers say them.
        """
        makers = [
            Maker(HOME, "Check", 0, 2),
            Maker(HOME, "worst", 1),
            Maker("dataclasses", "replace", None),
        ]
        found = []
        for maker in makers:
            for source in self.sources:
                if source.module == HOME:
                    continue
                for call in source.calls(maker.module, maker.name):
                    value = argument(call, "says", maker.place)
                    if value is None:
                        continue
                    handed = self._handed_on(value, source)
                    if handed is not None and handed not in makers:
                        makers.append(handed)
                    where = f"{source.name}:{call.lineno}"
                    for words, bound in _cases(value, argument(call, "bound", maker.bound)):
                        compared = not _is_none(bound) and (bound is not None or not maker.bound)
                        found += [
                            Found(one, where, compared)
                            for one in self.texts(words, source)
                            # "" is filled in by `worst`; and whoever puts something behind the
                            # words of another check has that one.
                            if one and not one.startswith("*")
                        ]
        return found

    @cached_property
    def markers(self) -> list[Found]:
        """The words of each test that is marked as breaking a check."""
        return [
            Found(words, f"{source.name}:{call.lineno}")
            for source in self.sources
            for call in source.nodes
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "sabotage"
            for words in self.texts(call.args[0], source)
        ]

    def texts(self, node: ast.expr, source: Source) -> set[str]:
        """Return each text that an expression may be."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return {node.value}
        if isinstance(node, ast.FormattedValue) and node.format_spec is None:
            return self.texts(node.value, source) or {"*"}
        if isinstance(node, ast.JoinedStr):
            parts = [self.texts(part, source) for part in node.values]
            return {"".join(one) for one in product(*parts)}
        if isinstance(node, ast.BinOp):
            parts = [self.texts(part, source) for part in (node.left, node.right)]
            return {"".join(one) for one in product(*parts)}
        if isinstance(node, ast.BoolOp):
            return set().union(*(self.texts(part, source) for part in node.values))
        if isinstance(node, ast.IfExp):
            return self.texts(node.body, source) | self.texts(node.orelse, source)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Tuple):
            return set().union(*(self.texts(value, source) for value in node.value.elts))
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            table = source.constants.get(node.value.id)
            if isinstance(table, ast.Dict):
                return set().union(*(self.texts(value, source) for value in table.values))
        return self._named(node, source) if isinstance(node, ast.Name) else {"*"}

    def _named(self, node: ast.Name, source: Source) -> set[str]:
        function = source.function(node)
        while function is not None:
            local = [value for name, value in _assigned(ast.walk(function)) if name == node.id]
            if local:
                return set().union(*(self.texts(value, source) for value in local))
            if node.id in _parameters(function):
                return set()  # the callers say it
            function = source.function(function)
        if node.id in source.constants:
            return self.texts(source.constants[node.id], source)
        module, name = source.imported.get(node.id, ("", ""))
        home = self.by_module.get(module)
        return {"*"} if home is None else self._named(ast.Name(name), home)

    def _handed_on(self, value: ast.expr, source: Source) -> Maker | None:
        """Return the function around a value, if that is one of its parameters."""
        function = source.function(value)
        parts = value.values if isinstance(value, ast.BoolOp) else [value]
        for part in parts if function is not None else ():
            assert function is not None
            taken = _parameters(function)
            local = dict(_assigned(ast.walk(function)))
            if isinstance(part, ast.Name) and part.id in taken and part.id not in local:
                place = taken.index(part.id) - (taken[0] == "self")
                return Maker(source.module, function.name, place)
        return None


def _cases(words: ast.expr, bound: ast.expr | None) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Yield words and bound of each case, where both depend on one condition."""
    if (
        isinstance(words, ast.IfExp)
        and isinstance(bound, ast.IfExp)
        and ast.dump(words.test) == ast.dump(bound.test)
    ):
        yield words.body, bound.body
        yield words.orelse, bound.orelse
    else:
        yield words, bound


def _parameters(function: ast.FunctionDef) -> list[str]:
    return [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]


def argument(call: ast.Call, name: str, place: int | None) -> ast.expr | None:
    """Return what a call hands over under a name or at a place; None if nothing."""
    named = [each.value for each in call.keywords if each.arg == name]
    at = [] if place is None else call.args[place : place + 1]
    return (*named, *at, None)[0]


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
