"""Puts a defect into the running product: the functions that its edits change are replaced, and put back at the end."""

import ast
import importlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any
from unittest.mock import patch

import whatsapp_flow_keys
from tests.model.defects.defect import Defect
from tests.model.ports import forget

_PACKAGE = whatsapp_flow_keys.__name__
_FOLDER = Path(whatsapp_flow_keys.__path__[0])


@contextmanager
def seeded(defect: Defect) -> Iterator[None]:
    """Within this block the product has the defect."""
    edits: dict[str, list[tuple[str, str]]] = {}
    for file, old, new in ((defect.file, defect.old, defect.new), *defect.also):
        edits.setdefault(file, []).append((old, new))
    with ExitStack() as patches:
        patches.callback(forget)
        for file, pairs in edits.items():
            _seed(patches, file, pairs)
        forget()
        yield


def _seed(patches: ExitStack, file: str, pairs: list[tuple[str, str]]) -> None:
    module = importlib.import_module(f"{_PACKAGE}.{file.removesuffix('.py').replace('/', '.')}")
    sound = (_FOLDER / file).read_text()
    broken = sound
    for old, new in pairs:
        assert broken.count(old) == 1, f"{file} no longer holds once: {old}"
        broken = broken.replace(old, new)
    names = _assigned(sound, broken, module)
    for name, value in names.items():
        for user in _users(name, module):
            patches.enter_context(patch.dict(vars(user), {name: value}))
    functions = _changed(compile(sound, file, "exec"), compile(broken, file, "exec"), vars(module))
    assert names or functions, f"{file}: the edit changes no function and no constant"
    for function, code in functions:
        patches.callback(setattr, function, "__code__", function.__code__)
        function.__code__ = code


def _assigned(sound: str, broken: str, module: ModuleType) -> dict[str, Any]:
    """What the module's own statements give to names, where they differ; functions and classes apart."""
    same = {ast.dump(statement) for statement in ast.parse(sound).body}
    differing = [
        statement
        for statement in ast.parse(broken).body
        if ast.dump(statement) not in same and not isinstance(statement, ast.FunctionDef | ast.ClassDef)
    ]
    names: dict[str, Any] = {}
    exec(compile(ast.Module(differing, []), module.__name__, "exec"), vars(module).copy(), names)
    return names


def _users(name: str, module: ModuleType) -> list[ModuleType]:
    """The module, and those that imported the name from it."""
    nothing = object()
    value = vars(module).get(name, nothing)
    ours = [user for title, user in sys.modules.items() if title.startswith(f"{_PACKAGE}.")]
    return [module, *(user for user in ours if user is not module and vars(user).get(name) is value)]


def _changed(sound: CodeType, broken: CodeType, names: Mapping[str, Any]) -> list[tuple[FunctionType, CodeType]]:
    """The functions of a module or class whose code differs, each with the other code."""
    found: list[tuple[FunctionType, CodeType]] = []
    others = {code.co_name: code for code in broken.co_consts if isinstance(code, CodeType)}
    for code in sound.co_consts:
        if not isinstance(code, CodeType) or code == others.get(code.co_name) or code.co_name not in names:
            continue
        named = names[code.co_name]
        if isinstance(named, type):
            found += _changed(code, others[code.co_name], vars(named))
        else:
            found.append((_function(named), others[code.co_name]))
    return found


def _function(named: Any) -> FunctionType:
    """The function in a property, a class's method or a decorated one."""
    inner = getattr(named, "fget", None) or getattr(named, "func", None) or getattr(named, "__func__", named)
    function = inspect.unwrap(inner)
    assert isinstance(function, FunctionType)
    return function
