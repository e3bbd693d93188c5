"""Malformed arguments and files: one line on standard error, exit status 2, no traceback, no file changed.

The default run is small. `make test-slow` draws a thousand examples of each kind.
"""

import argparse
import contextlib
import hashlib
import io
import shlex
import time
import warnings
from functools import cache, partialmethod
from pathlib import Path

import pytest
from experiment_file import EXPERIMENT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from superposed.circuits.formats import read_file
from superposed.cli import main
from superposed.cli.main import parser_for
from superposed.cli.words import exponent, number_or_word, span, whole
from superposed.compiler.file import load
from superposed.fitting import read_csv
from superposed.sweeping.store import read_manifest, read_rows, read_sessions

LONGEST_SECONDS = 20
VALID = {
    "reproduce": "", "run": "./squares.py --out new", "figures": "./squares.py", "status": "rows",
    "plan": "./squares.py --no-timing", "audit": "rows",
    "measure": "naive --m 8 --s 2 --width 40 --seeds 1", "width": "naive --m 8 --s 2 --eps 0.5 --seeds 1",
    "sweep": "naive --m 8:16 --s 2 --eps 0.5 --seeds 1 --out new", "fit": "data.csv", "power": "--m 64:65536 --seeds 2",
    "circuit": "paths --m 6 --s 2 --depth 2 -o new.json",
    "compile": "circuit.json --width 64 -o new.safetensors", "verify": "net.safetensors",
    "sample": "net.safetensors --layer 1 -o new.safetensors", "export": "net.safetensors --format torch -o new.pt",
    "score": "net.safetensors --layer 1 --dictionary net.safetensors", "doctor": "",
}  # fmt: skip
"""Words that each command takes; a test spoils at least one of them."""
SPOILED = {
    whole: ["x", "1.5", "nan", "inf", "1e400", "", "½", "-3", "0x10", "1e17"],
    int: ["x", "1.5", "", "-3", "1e3"],
    float: ["x", "", "1,5", "--"],
    span: ["x", "8", "8:4", ":", "nan:nan", "1:2:3", "-inf:inf"],
    exponent: ["x", "1/0", "", "nan", "1e999", "/"],
}
"""By the type of a flag, words that it never takes."""
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def actions_of(command):
    """The flags and places of a command."""
    parser = parser_for([command])
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return commands.choices[command]._actions


@cache
def spoilers(command):
    """(flag, word) pairs that the command always refuses. Strategies import no command for the first time."""
    pairs = []
    for action in actions_of(command):
        if not action.option_strings or action.nargs == 0:
            continue
        words = SPOILED.get(action.type, ["no such choice"] if action.choices else [])
        if action.type not in SPOILED and action.type is not None and action.type not in (Path, number_or_word):
            words = ["", "\x01 no", "é/0"]  # shards, durations, numbers of inputs, conditions
        pairs += ((action.option_strings[-1], word) for word in words)
    return pairs


@st.composite
def malformed_words(draw):
    """A valid command line with one to three things wrong."""
    command = draw(st.sampled_from(sorted(VALID)))
    words = [command, *shlex.split(VALID[command])]
    choices = spoilers(command)
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["value", "flag", "place", "missing"] if choices else ["flag", "place"]))
        if kind == "value":
            words += draw(st.sampled_from(choices))
        elif kind == "flag":
            words.append("--" + draw(st.sampled_from(["zzz", "no-such", "é", "0"])) + draw(WORDS).replace("=", ""))
        elif kind == "place":
            words.insert(1, "no such place " + draw(WORDS))
        else:
            words += [draw(st.sampled_from(choices))[0]]
    return words


def contents(folder):
    """A digest of every file below a folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder with one valid file of every kind, in which commands run."""
    folder = tmp_path_factory.mktemp("fuzz")
    with contextlib.chdir(folder), warnings.catch_warnings():
        Path("data.csv").write_text("m,seed,low,high\n" + "".join(f"{2**n},0,{3**n},{4**n}\n" for n in range(4, 12)))
        Path("circuit.blif").write_text(".model c\n.inputs a b c\n.outputs y\n.names a b c y\n111 1\n.end\n")
        Path("squares.py").write_text(EXPERIMENT.format(n=4, work="pass"))
        for words in (
            "circuit paths --m 6 --s 2 --depth 2 -o circuit.json",
            "circuit paths --m 6 --s 2 --depth 2 -o circuit.bench",
            "compile circuit.json --width 64 --inputs 20 -o net.safetensors",
            "run ./squares.py --out rows",
        ):
            status, error = run(words.split())
            assert status in (0, 3), error
        for command in VALID:
            spoilers(command)
        yield folder


def run(words):
    """(exit status, standard error) of a command; any exception but the parser's is let through."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(list(words))
        except SystemExit as ended:
            status = ended.code
    return status, err.getvalue()


def refuse(folder, words):
    """A malformed command ends as promised."""
    before, started = contents(folder), time.monotonic()
    status, error = run(words)
    assert status == 2, (words, status, error)
    assert error.startswith("superposed: ") and "Traceback" not in error, (words, error)
    assert contents(folder) == before, words
    assert time.monotonic() - started < LONGEST_SECONDS, words


SHARED = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
FEW = settings(max_examples=12, derandomize=True, **SHARED)
MANY = settings(max_examples=1000, **SHARED)


@FEW
@given(words=malformed_words())
def test_malformed_words_are_refused(workplace, words):
    refuse(workplace, words)


@pytest.mark.slow
@MANY
@given(words=malformed_words())
def test_a_thousand_malformed_words_are_refused(workplace, words):
    refuse(workplace, words)


READERS = {
    "data.csv": lambda path: read_csv(path),
    "circuit.json": read_file,
    "circuit.bench": read_file,
    "circuit.blif": read_file,
    "net.safetensors": load,
    "rows/rows-1of1.jsonl": lambda path: list(read_rows(path)),
    "rows/manifest.json": lambda path: read_manifest(path.parent),
    "rows/sessions.jsonl": lambda path: read_sessions(path.parent),
}
"""Every reader of files, by a valid file that it reads."""


@st.composite
def damage(draw):
    """(name of a file, its damage): arbitrary bytes, or a few pieces cut, doubled or overwritten."""
    name = draw(st.sampled_from(sorted(READERS)))
    if draw(st.integers(0, 4)) == 0:
        return name, draw(st.binary(max_size=60))
    place = st.floats(0, 1)
    kinds = st.sampled_from(["cut", "double", "write"])
    written = st.one_of(
        st.binary(max_size=8), st.sampled_from([b"1e999", b"-1", b"null", b"[]", b"NaN", b'"', b"9" * 30])
    )
    return name, draw(st.lists(st.tuples(kinds, place, place, written), min_size=1, max_size=4))


def damaged(content, how):
    """The content of a file after the damage."""
    if isinstance(how, bytes):
        return how
    for kind, first, last, written in how:
        start, stop = sorted((int(first * len(content)), int(last * len(content))))
        stop = min(stop, start + 40)
        piece = {"cut": b"", "double": 2 * content[start:stop], "write": written}[kind]
        content = content[:start] + piece + content[stop:]
    return content


def read_damaged(workplace, name, how):
    """A reader takes the file, or refuses it with a ValueError or an OSError; it leaves the file as it is."""
    path, before = workplace / name, (workplace / name).read_bytes()
    content = damaged(before, how)
    path.write_bytes(content)
    started = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            READERS[name](path)
    except (ValueError, OSError) as error:
        assert str(error), (name, content)
    finally:
        after = path.read_bytes()
        path.write_bytes(before)
    assert after == content and time.monotonic() - started < LONGEST_SECONDS, name


@settings(FEW, max_examples=60)
@given(file=damage())
def test_damaged_files_are_read_or_refused(workplace, file):
    read_damaged(workplace, *file)


@pytest.mark.slow
@settings(MANY, max_examples=8000)
@given(file=damage())
def test_a_thousand_damages_of_every_file_are_read_or_refused(workplace, file):
    read_damaged(workplace, *file)


@pytest.mark.parametrize("words", ["status rows", "audit rows"])
def test_an_unreadable_folder_is_one_line(workplace, monkeypatch, words):
    """Permissions do not stop root, so the system's answer is put in place of its read."""

    def refused(path, *arguments, read, **options):
        if not path.is_absolute():
            raise PermissionError(13, "Permission denied", str(path))
        return read(path, *arguments, **options)

    for name in ("read_text", "read_bytes"):
        monkeypatch.setattr(Path, name, partialmethod(refused, read=getattr(Path, name)))
    status, error = run(words.split())
    assert status == 2 and "Permission denied; check the path" in error and len(error.splitlines()) == 1
