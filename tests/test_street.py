"""Data passes through the rooms once: a module imports only from its own room and from rooms before it."""

import ast
import builtins
import symtable
from graphlib import TopologicalSorter
from pathlib import Path

import superposed

ROOT = Path(superposed.__file__).parent
STREET = [
    "bad_input", "files", "program", "devices", "random_bits", "networks", "circuits", "theory", "constructions",
    "compiler", "scoring", "training", "measuring", "sweeping", "fitting", "study", "figures", "cli", "__main__",
]  # fmt: skip
"""Every room, in an order in which each one imports only from those to its left."""


def imports_of(path: Path) -> set[str]:
    """Modules a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {
                f"{node.module}.{name.name}" for name in node.names if node.module == "superposed"
            }
    return found


def room_of(module: str) -> str:
    return module.split(".")[1] if module.count(".") else ""


FILES = [path for path in sorted(ROOT.rglob("*.py")) if path != ROOT / "__init__.py"]


def test_every_module_has_a_place_on_the_street():
    assert {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in FILES} == set(STREET)


def test_imports_run_from_right_to_left():
    for path in FILES:
        here = STREET.index(path.relative_to(ROOT).parts[0].removesuffix(".py"))
        for module in imports_of(path):
            if module.startswith("superposed.") and not module.startswith("superposed.__"):
                assert STREET.index(room_of(module)) <= here, f"{path.relative_to(ROOT)} imports {module}"


def test_inside_a_room_no_two_files_import_each_other_in_a_circle():
    modules = {"superposed." + ".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in FILES}
    sorter = TopologicalSorter({name: imports_of(path) & modules.keys() for name, path in modules.items()})
    sorter.prepare()


def test_matplotlib_stays_with_the_figures_and_jax_out_of_the_fits():
    for path in FILES:
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        tops = {module.split(".")[0] for module in imports_of(path)}
        assert room == "figures" or "matplotlib" not in tops, path
        assert room != "fitting" or "jax" not in tops, path
        assert room == "training" or "optax" not in tops, path


def test_nothing_but_the_command_line_prints():
    for path in FILES:
        if "cli" not in path.relative_to(ROOT).parts and path.name != "__main__.py":
            calls = [
                n
                for n in ast.walk(ast.parse(path.read_text()))
                if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "print"
            ]
            assert not calls, path


def undefined_names(path: Path) -> set[str]:
    """Names that a file reads as globals and never defines. Text in annotations, such as shapes, is not looked at."""
    module = symtable.symtable(path.read_text(), str(path), "exec")
    defined = {s.get_name() for s in module.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    tables, read = [module], set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        read |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    return read - defined - vars(builtins).keys() - {"__file__", "__name__"}


def test_every_name_is_defined(tmp_path):
    """Ruff has a rule for it, which takes the dimensions in jaxtyping's strings for names."""
    repository = ROOT.parents[1]
    others = (
        path for folder in ("experiments", "benchmarks", "examples") for path in (repository / folder).glob("*.py")
    )
    assert {str(path): names for path in (*FILES, *others) if (names := undefined_names(path))} == {}
    (tmp_path / "wrong.py").write_text("def f(x):\n    return [missing(y) for y in x]\n")
    assert undefined_names(tmp_path / "wrong.py") == {"missing"}
