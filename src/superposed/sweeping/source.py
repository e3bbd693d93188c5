"""Which code measured: the commit and the files of this package, and the source of each construction."""

import ast
import hashlib
import inspect
import subprocess
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path

from superposed.measuring.cell import kebab

PACKAGE = Path(__file__).parents[1]


def sources(value: object) -> dict[str, str]:
    """{name: digest} of the source of every dataclass in a value, such as a construction and the one it wraps.

    Args:
      value: a dataclass instance, or a tuple or list of them.
    """
    if isinstance(value, (tuple, list)):
        return {name: digest for item in value for name, digest in sources(item).items()}
    if not is_dataclass(value) or isinstance(value, type):
        return {}
    inner = {name: digest for f in fields(value) for name, digest in sources(getattr(value, f.name)).items()}
    return {kebab(type(value).__name__): _digest_of_class(type(value))} | inner


@cache
def _digest_of_class(kind: type) -> str:
    try:
        text = Path(inspect.getsourcefile(kind)).read_text()
    except (OSError, TypeError):
        return "unknown"  # defined at a prompt
    return digest_of_source(text)


def digest_of_source(text: str) -> str:
    """A digest of what Python source does: comments, layout and docstrings do not change it."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(getattr(node, "body", None), list):
            node.body = [part for part in node.body if not _is_text(part)] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@cache
def package_digest() -> str:
    """A digest of all files of this package, for those who measure outside a checkout or with uncommitted changes."""
    content = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        content.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:16]


@cache
def code_commit() -> str | None:
    """The commit of the source tree, with + where files have changed since; None outside a checkout."""
    git = lambda *args: subprocess.run(
        ["git", "-C", str(PACKAGE), *args], capture_output=True, text=True, check=True
    ).stdout.strip()
    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return None
