"""Circuits in files: the project's JSON form, ISCAS `.bench` and BLIF. Errors name file, line and rule."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from superposed.bad_input import InputError
from superposed.circuits.bench import format_bench, parse_bench
from superposed.circuits.blif import parse_blif
from superposed.circuits.circuit import Circuit, GateError, check_circuit
from superposed.circuits.inputs import rows_of
from superposed.circuits.json_form import format_json, gate_line, parse_json
from superposed.circuits.netlist import Netlist, deviations, levelled, unrolled


class FileError(ValueError):
    """A file that breaks a rule: its path, and what is wrong."""

    def __init__(self, path: str | Path, message: object):
        super().__init__(f"{path}: {message}")
        self.path = str(path)


@dataclass(frozen=True)
class CircuitFile:
    """A circuit and the text it was read from, which says where its gates stand."""

    path: Path
    text: str
    circuit: Circuit
    netlist: Netlist | None = None

    def located(self, error: GateError) -> FileError:
        """The error of a gate, or of an input with layer 0, with the file and the line on which it stands."""
        if self.netlist is None:
            line = gate_line(self.text, error.layer, error.gate)
        else:
            name = self.circuit.names[error.layer][error.gate]
            line = self.netlist.gates[name].line if name in self.netlist.gates else self.netlist.lines[name]
        return FileError(self.path, f"line {line}: {error}")


def read_circuit(path: str | Path, fan_in: int | None = None) -> Circuit:
    """The circuit in a file: `.bench`, `.blif`, or JSON by its name's ending. Raises as `read_file`."""
    return read_file(path, fan_in).circuit


def read_file(
    path: str | Path, fan_in: int | None = None, quiet: str | Path | None = None, steps: int | None = None
) -> CircuitFile:
    """The circuit in a file, with its text.

    Args:
      fan_in: gates that read more features are refused.
      quiet: of a netlist: "zeros", or a file with a line NAME VALUE an input. The circuit then computes how every
        signal deviates from its value on this quiet input.
      steps: of a netlist with flip-flops: clock ticks to unroll. Its quiet input is zeros if none is given.

    Raises:
      OSError: the file cannot be read.
      FileError: it is not such a circuit; the message names file, line, rule, and where it helps a way out.
      InputError: `quiet` or `steps` for a circuit in JSON.
    """
    path = Path(path)
    text = read_text(path)
    kind = path.suffix.lower()
    netlist = None
    try:
        if kind not in (".bench", ".blif"):
            for name, value in (("quiet", quiet), ("steps", steps)):
                if value is not None:
                    raise InputError(name, value, "is for netlists (.bench, .blif); circuits in JSON map zero to zero")
            circuit = parse_json(text)
        else:
            netlist = (parse_bench if kind == ".bench" else parse_blif)(text)
            netlist = netlist if steps is None else unrolled(netlist, steps)
            quiet = "zeros" if quiet is None and steps is not None else quiet
            circuit, netlist = _from_netlist(netlist, quiet)
        file = CircuitFile(path, text, circuit, netlist)
        check_circuit(circuit, fan_in)
    except GateError as error:
        raise file.located(error) from None
    except (InputError, FileError):
        raise
    except ValueError as error:
        raise FileError(path, error) from None
    return file


def _from_netlist(netlist: Netlist, quiet: str | Path | None) -> tuple[Circuit, Netlist]:
    """The circuit, and the netlist that it was levelled from."""
    if quiet is None:
        return levelled(netlist), netlist
    values = dict.fromkeys(netlist.inputs, 0)
    if quiet != "zeros":
        for number, line in enumerate(read_text(quiet).splitlines(), start=1):
            words = line.replace("=", " ").split()
            if words and (len(words) != 2 or words[0] not in values or words[1] not in ("0", "1")):
                raise FileError(
                    quiet, f"line {number}: {line!r} is no input and its value, such as `{netlist.inputs[0]} 1`"
                )
            values |= {words[0]: int(words[1])} if words else {}
    deviating, values = deviations(netlist, values)
    circuit = levelled(deviating)
    flipped = tuple(np.array([values.get(name, 0) for name in layer], np.int8) for layer in circuit.names)
    return circuit._replace(quiet=flipped), deviating


def read_text(path: str | Path) -> str:
    """The text of a file, read once, without a byte-order mark."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(path, "not a text file; circuits are JSON, .bench or .blif text") from None


def write_circuit(circuit: Circuit, path: str | Path) -> None:
    """Writes the circuit, as `.bench` or JSON by the name's ending.

    `read_circuit` gives back the same, but for names and groups in `.bench`.
    """
    text = (format_bench if Path(path).suffix.lower() == ".bench" else format_json)(circuit)
    Path(path).write_text(text, encoding="utf-8")


def read_inputs(path: str | Path, circuit: Circuit):
    """Inputs [n, m] from a file: a line an input, the names or positions of what is active, or m digits 0 and 1.

    Raises:
      FileError: a line is neither.
    """
    names = {name: k for k, name in enumerate(circuit.names[0])} if circuit.names and circuit.names[0] else {}
    rows = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        words = line.split()
        if len(words) == 1 and len(words[0]) == circuit.n_inputs > 1 and set(words[0]) <= set("01"):
            rows.append([k for k, bit in enumerate(words[0]) if bit == "1"])
            continue
        row = [names.get(word, int(word) if word.isdigit() else -1) for word in words]
        if any(not 0 <= k < circuit.n_inputs for k in row) or len(set(row)) < len(row):
            raise FileError(
                path, f"line {number}: {line!r} is no input: write the names or positions of what is active"
            )
        rows.append(sorted(row))
    if not rows:
        raise FileError(path, "no inputs; write one a line")
    return rows_of(rows, circuit.n_inputs)
