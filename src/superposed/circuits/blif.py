"""Netlists in the Berkeley Logic Interchange Format: .inputs, .outputs, .names with covers, .latch.

Source: Berkeley Logic Interchange Format (BLIF), University of California, Berkeley, 1992. Subcircuits are not read.
"""

from superposed.circuits.netlist import Gate, Netlist, NetlistError

IGNORED = (".model", ".end", ".clock", ".default_input_arrival", ".area", ".delay", ".wire_load_slope")


def parse_blif(text: str) -> Netlist:
    """The netlist of the first model. Raises NetlistError with line and rule."""
    inputs, outputs, gates, lines = [], [], {}, {}
    table: tuple[int, str, tuple[str, ...], list] | None = None
    for number, words in _lines(text):
        if words[0][0] != ".":
            if table is None:
                raise NetlistError(number, f"{' '.join(words)!r} stands under no .names")
            table[3].append((number, words))
            continue
        if table:
            _add(gates, inputs, table[0], table[1], _table(*table))
            table = None
        if words[0] == ".inputs":
            inputs += words[1:]
            lines |= dict.fromkeys(words[1:], number)
        elif words[0] == ".outputs":
            outputs += words[1:]
            lines |= {name: lines.get(name, number) for name in words[1:]}
        elif words[0] == ".names" and len(words) > 1:
            table = number, words[-1], tuple(words[1:-1]), []
        elif words[0] == ".latch" and len(words) > 2:
            if words[-1] not in ("0", "2", "3") and words[-1] != words[2]:
                raise NetlistError(number, "a latch that begins at 1; all must begin at 0")
            _add(gates, inputs, number, words[2], Gate("DFF", (words[1],), line=number))
        elif words[0] not in IGNORED:
            raise NetlistError(number, f"{words[0]} is not read; flatten the netlist to .names and .latch")
    if table:
        _add(gates, inputs, table[0], table[1], _table(*table))
    if not inputs or not gates:
        raise NetlistError(1, "a circuit has .inputs and at least one .names")
    return Netlist(inputs, outputs, gates, lines)


def _lines(text: str):
    """(number, words) of every line, those that end in a backslash joined with the next."""
    start, words = 0, []
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.split("#")[0].rstrip()
        start = start if words else number
        words += line.removesuffix("\\").split()
        if words and not line.endswith("\\"):
            yield start, words
            words = []


def _add(gates: dict[str, Gate], inputs: list[str], number: int, name: str, gate: Gate) -> None:
    if name in gates or name in inputs:
        raise NetlistError(number, f"{name!r} is defined twice")
    gates[name] = gate


def _table(number: int, name: str, reads: tuple[str, ...], rows: list) -> Gate:
    """A gate from the rows of its cover; rows for 0 say where it is off."""
    cover, value = [], None
    for line, words in rows:
        pattern, bit = (words[0], words[1]) if len(words) == 2 else ("", words[0])
        if len(pattern) != len(reads) or set(pattern) - set("01-") or bit not in ("0", "1") or value not in (None, bit):
            raise NetlistError(line, f"{' '.join(words)!r} is no row for {len(reads)} signals, or mixes 0 and 1")
        cover, value = [*cover, pattern], bit
    gate = Gate("TABLE", reads, cover=tuple(cover), line=number)
    return gate._replace(op="TABLE0") if value == "0" else gate
