"""The defects: what each kind of syntax is replaced by.

Left alone: the words of strings, annotations, decorators, imports, `__repr__`, and what stands inside an f-string.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from tools.mutants.mutant import Identity, Mutant

_COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: (r"<", ("<=", ">")),
    ast.LtE: (r"<=", ("<",)),
    ast.Gt: (r">", (">=", "<")),
    ast.GtE: (r">=", (">",)),
    ast.Eq: (r"==", ("!=",)),
    ast.NotEq: (r"!=", ("==",)),
    ast.Is: (r"is", ("is not",)),
    ast.IsNot: (r"is\s+not", ("is",)),
    ast.In: (r"in", ("not in",)),
    ast.NotIn: (r"not\s+in", ("in",)),
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: (r"\+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: (r"\*", "/"),
}
_OPPOSITES = {"max": "min", "min": "max", "any": "all", "all": "any"}
_SYMMETRIC = {"is_same_place"}
"""Functions of the product whose two arguments may change places."""
_NO_CONTEXT = '__import__("contextlib").nullcontext()'
_LONGEST_SHOWN = 160

_Statement = ast.stmt | ast.ExceptHandler


def mutants_of(module: str, source: bytes) -> list[Mutant]:
    """Every defect of one module, in the order of its lines; two that give the same source are one."""
    found: list[Mutant] = []
    sources: set[bytes] = {source}
    seen: dict[Identity, int] = {}
    for mutant in _Walk(module, source).everything():
        mutated = mutant.of(source)
        if mutated in sources:
            continue
        sources.add(mutated)
        nth = seen.get(mutant.identity, 0)
        seen[mutant.identity] = nth + 1
        found.append(replace(mutant, nth=nth))
    return sorted(found, key=lambda mutant: (mutant.line, mutant.start))


class _Walk:
    def __init__(self, module: str, source: bytes) -> None:
        self._module, self._source = module, source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._where: list[str] = []
        self._lines = (0, 0)
        self._scope = (0, 0)
        self._at_import = True

    def everything(self) -> Iterator[Mutant]:
        yield from self._body(ast.parse(self._source).body)

    # statements

    def _body(self, statements: list[ast.stmt]) -> Iterator[Mutant]:
        for statement in statements:
            yield from self._statement(statement)

    def _statement(self, node: ast.stmt) -> Iterator[Mutant]:
        self._lines = _header(node)
        if self._at_import:
            self._scope = self._span(node)
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Global() | ast.Nonlocal():
                return
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from self._named(node)
            case ast.Expr(value=ast.Constant()):
                return
            case ast.Expr(value=ast.Yield() | ast.YieldFrom()):
                yield from self._expressions(node)
            case ast.Expr() | ast.Raise() | ast.AugAssign() | ast.Delete():
                yield self._mutant(node, "pass")
                yield from self._expressions(node)
            case ast.Continue() | ast.Break():
                yield self._mutant(node, "pass")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
                yield self._mutant(node, "pass")
                yield from self._expressions(node)
            case ast.AnnAssign(value=value) if value is not None:
                yield from self._expression(value)
            case ast.AnnAssign() | ast.Assert():
                return
            case ast.Return(value=value) if value is not None:
                if not isinstance(value, ast.Constant):
                    yield self._mutant(value, "None")
                yield from self._expression(value)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                return
            case ast.If() | ast.While():
                yield from self._branch(node)
            case ast.For() | ast.AsyncFor():
                yield self._mutant(node.iter, "()")
                yield from self._expression(node.iter)
                yield from self._body([*node.body, *node.orelse])
            case ast.With() | ast.AsyncWith():
                yield from self._with(node)
            case ast.Try():
                yield from self._try(node)
            case _:
                yield from self._expressions(node)

    def _named(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Mutant]:
        if node.name == "__repr__" or any(
            isinstance(base, ast.Name) and base.id == "Protocol" for base in _bases(node)
        ):
            return
        self._where.append(node.name)
        before = self._at_import
        if not isinstance(node, ast.ClassDef):
            self._at_import = False
            self._lines = (node.body[0].lineno, node.end_lineno or node.lineno)  # a default matters where it runs
            for default in [*node.args.defaults, *(one for one in node.args.kw_defaults if one)]:
                yield from self._expression(default)
        yield from self._body(node.body)
        self._where.pop()
        self._at_import = before

    def _branch(self, node: ast.If | ast.While) -> Iterator[Mutant]:
        if not isinstance(node.test, ast.Constant):
            yield self._mutant(node.test, "False")
            if isinstance(node, ast.If):
                yield self._mutant(node.test, "True")
            yield from self._expression(node.test)
        yield from self._body([*node.body, *node.orelse])

    def _with(self, node: ast.With | ast.AsyncWith) -> Iterator[Mutant]:
        for item in node.items:
            if item.optional_vars is None:
                yield self._mutant(item.context_expr, _NO_CONTEXT, shown="nothing")
            yield from self._expression(item.context_expr)
        yield from self._body(node.body)

    def _try(self, node: ast.Try) -> Iterator[Mutant]:
        yield from self._body(node.body)
        for handler in node.handlers:
            if handler.type is not None:
                self._lines = (node.lineno, node.body[-1].end_lineno or node.lineno)
                yield self._mutant(handler.type, "()")
                yield from self._expression(handler.type)
            yield from self._body(handler.body)
        yield from self._body([*node.orelse, *node.finalbody])

    # expressions

    def _expressions(self, node: ast.AST) -> Iterator[Mutant]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from self._expression(child)
            elif isinstance(child, ast.keyword | ast.comprehension):
                yield from self._expressions(child)

    def _expression(self, node: ast.expr) -> Iterator[Mutant]:
        match node:
            case ast.JoinedStr():
                return  # before Python 3.12 what stands in it has no position
            case ast.Constant():
                yield from self._constant(node)
            case ast.Compare():
                yield from self._compare(node)
            case ast.BoolOp():
                for left_out in node.values:
                    rest = [self._text(value) for value in node.values if value is not left_out]
                    yield self._mutant(node, f"({(' and ' if isinstance(node.op, ast.And) else ' or ').join(rest)})")
            case ast.UnaryOp(op=ast.Not()):
                yield self._mutant(node, f"({self._text(node.operand)})")
            case ast.BinOp():
                yield from self._arithmetic(node)
            case ast.IfExp():
                yield self._mutant(node, f"({self._text(node.body)})")
                yield self._mutant(node, f"({self._text(node.orelse)})")
            case ast.Call():
                yield from self._call(node)
            case ast.List() | ast.Set() | ast.Tuple() if isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
                yield from self._display(node)
            case ast.Dict():
                yield from self._dictionary(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                for condition in (one for loop in node.generators for one in loop.ifs):
                    yield self._mutant(condition, "True")
            case ast.Subscript(slice=ast.Tuple()):
                yield from self._expression(node.value)  # a type
                return
        yield from self._expressions(node)

    def _constant(self, node: ast.Constant) -> Iterator[Mutant]:
        if isinstance(node.value, bool):
            yield self._mutant(node, str(not node.value))
        elif isinstance(node.value, int | float):
            yield self._mutant(node, repr(node.value + 1))

    def _compare(self, node: ast.Compare) -> Iterator[Mutant]:
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            pattern, others = _COMPARISONS[type(operator)]
            for other in others:
                yield self._between(node, left, right, pattern, other)
            left = right

    def _arithmetic(self, node: ast.BinOp) -> Iterator[Mutant]:
        if isinstance(node.op, ast.BitOr | ast.BitAnd):
            yield self._mutant(node, f"({self._text(node.left)})")
            yield self._mutant(node, f"({self._text(node.right)})")
        elif type(node.op) in _ARITHMETIC and not _is_text(node.left) and not _is_text(node.right):
            yield self._between(node, node.left, node.right, *_ARITHMETIC[type(node.op)])

    def _between(self, whole: ast.expr, left: ast.expr, right: ast.expr, pattern: str, other: str) -> Mutant:
        start, end = self._span(left)[1], self._span(right)[0]
        between = re.sub(pattern, other, self._source[start:end].decode(), count=1)
        whole_start, whole_end = self._span(whole)
        text = self._source[whole_start:start].decode() + between + self._source[end:whole_end].decode()
        return self._mutant(whole, text)

    def _call(self, node: ast.Call) -> Iterator[Mutant]:
        if isinstance(node.func, ast.Name) and node.func.id in _OPPOSITES:
            yield self._mutant(node.func, _OPPOSITES[node.func.id])
        given: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
        texts = [self._text(one) for one in given]
        for at, one in enumerate(given):
            if isinstance(one, ast.keyword) and one.arg is not None:
                yield self._rebuilt(node, texts[:at] + texts[at + 1 :])
        is_symmetric = isinstance(node.func, ast.Name) and node.func.id in _SYMMETRIC
        if len(node.args) >= 2 and not is_symmetric and not any(isinstance(one, ast.Starred) for one in node.args[:2]):
            yield self._rebuilt(node, [texts[1], texts[0], *texts[2:]])

    def _rebuilt(self, node: ast.Call, given: list[str]) -> Mutant:
        return self._mutant(node, f"{self._text(node.func)}({', '.join(given)})")

    def _display(self, node: ast.List | ast.Set | ast.Tuple) -> Iterator[Mutant]:
        texts = [self._text(element) for element in node.elts]
        for at in range(len(texts) if len(texts) > 1 else 0):
            rest = texts[:at] + texts[at + 1 :]
            match node:
                case ast.Tuple():
                    yield self._mutant(node, f"({', '.join(rest)},)")
                case ast.Set():
                    yield self._mutant(node, f"{{{', '.join(rest)}}}")
                case _:
                    yield self._mutant(node, f"[{', '.join(rest)}]")

    def _dictionary(self, node: ast.Dict) -> Iterator[Mutant]:
        entries = [
            f"**{self._text(value)}" if key is None else f"{self._text(key)}: {self._text(value)}"
            for key, value in zip(node.keys, node.values, strict=True)
        ]
        for at in range(len(entries)):
            yield self._mutant(node, f"{{{', '.join(entries[:at] + entries[at + 1 :])}}}")

    # text

    def _mutant(self, node: ast.expr | ast.stmt, text: str, shown: str | None = None) -> Mutant:
        start, end = self._span(node)
        before = self._source[start:end].decode()
        was, becomes = _difference(_on_one_line(before), shown or _on_one_line(_bare(text)))
        where = ".".join(self._where) or "the module"
        place = (node.lineno, self._lines, self._at_import, start, end)
        return Mutant(self._module, where, was, becomes, 0, *place, text, self._scope)

    def _span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset

    def _text(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        start, end = self._span(node)
        text = self._source[start:end].decode()
        return f"({text})" if isinstance(node, ast.NamedExpr | ast.IfExp | ast.Lambda | ast.BoolOp) else text


def _header(node: ast.stmt) -> tuple[int, int]:
    """The lines of a statement that run whenever it does: without the bodies in it."""
    body = getattr(node, "body", None)
    end = body[0].lineno - 1 if body else (node.end_lineno or node.lineno)
    return node.lineno, max(node.lineno, end)


def _bases(node: ast.AST) -> list[ast.expr]:
    return node.bases if isinstance(node, ast.ClassDef) else []


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _on_one_line(text: str) -> str:
    joined = re.sub(r"([(\[{]) ", r"\1", " ".join(text.split()))
    return re.sub(r",? ([)\]}])", r"\1", joined)


def _bare(text: str) -> str:
    """Without the brackets around all of it, which a reader need not see."""
    inner = text[1:-1]
    if not (text.startswith("(") and text.endswith(")")) or inner.endswith(",") or not inner:
        return text
    try:
        ast.parse(f"({inner}\n)", mode="eval")
    except SyntaxError:
        return text
    depth = 0
    for character in inner:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            return text
    return inner


def _difference(was: str, becomes: str) -> tuple[str, str]:
    """Both, and where they are long only what is around the difference."""
    if max(len(was), len(becomes)) <= _LONGEST_SHOWN:
        return was, becomes
    same = next(
        (at for at, (a, b) in enumerate(zip(was, becomes, strict=False)) if a != b), min(len(was), len(becomes))
    )
    start = max(0, same - 40)
    first = "…" if start else ""
    return tuple(  # type: ignore[return-value]  # a tuple of two
        first + text[start : start + _LONGEST_SHOWN] + ("…" if len(text) > start + _LONGEST_SHOWN else "")
        for text in (was, becomes)
    )
