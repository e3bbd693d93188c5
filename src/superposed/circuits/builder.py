"""Circuits written in Python: signals combined with operators, put into layers by themselves."""

from collections.abc import Sequence

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, check_circuit, most_active
from superposed.circuits.netlist import MOST_TABLE, Gate, Netlist, deviations, levelled


class Signal:
    """A bit of a circuit that is being built: `a & b`, `a | b`, `a ^ b`, and `a & ~x`, which is on where x is not.

    `~x` alone is on while everything is off, so it may only stand beside a signal that must be on.
    """

    def __init__(self, builder: "CircuitBuilder", name: str):
        self.builder, self.name = builder, name

    def __and__(self, other: "Signal | Not") -> "Signal":
        if isinstance(other, Not):
            return self.builder.gate("ANDNOT", [self], [other.signal])
        return self.builder.gate("AND", [self, other])

    def __or__(self, other: "Signal") -> "Signal":
        return self.builder.gate("OR", [self, other])

    def __xor__(self, other: "Signal") -> "Signal":
        return self.builder.gate("XOR", [self, other])

    def __invert__(self) -> "Not":
        return Not(self)

    def __bool__(self) -> bool:
        raise TypeError("a signal has no value while a circuit is built; write &, | and ^ in place of and, or and not")


class Not:
    """The negation of a signal, as in `a & ~x`."""

    def __init__(self, signal: Signal):
        self.signal = signal

    def __and__(self, other: Signal) -> Signal:
        return other & self


class CircuitBuilder:
    """Builds a circuit gate by gate; layers and the copies that carry signals on are made at the end.

    c = CircuitBuilder()
    a, b, x = c.inputs("a", "b", "x")
    c.output("both", a & b & ~x)
    circuit = c.circuit()
    """

    def __init__(self):
        self._inputs: list[str] = []
        self._groups: list[list[str]] = []
        self._outputs: dict[str, str] = {}
        self._gates: dict[str, Gate] = {}
        self._made: dict[Gate, str] = {}

    def inputs(self, *names: str) -> list[Signal]:
        """New inputs. Raises InputError for a name that is taken."""
        for name in names:
            if name in self._inputs:
                raise InputError("name", name, "is the name of another input; choose another")
            self._inputs.append(name)
        return [Signal(self, name) for name in names]

    def one_hot(self, *names: str) -> list[Signal]:
        """New inputs of which exactly one is on, on every input the circuit is meant for."""
        signals = self.inputs(*names)
        self._groups.append(list(names))
        return signals

    def gate(self, op: str, reads: Sequence[Signal], inhibitors: Sequence[Signal] = ()) -> Signal:
        """A gate AND, ANDNOT, OR or XOR of any number of signals; the same gate is made once.

        Raises:
          InputError: no signal is read, or one of another circuit, or one twice.
        """
        for signal in (*reads, *inhibitors):
            if not isinstance(signal, Signal) or signal.builder is not self:
                raise InputError("signal", getattr(signal, "name", signal), "is no signal of this circuit")
        names = tuple(signal.name for signal in reads), tuple(signal.name for signal in inhibitors)
        if not names[0] or len(set(names[0] + names[1])) < len(names[0] + names[1]):
            raise InputError("signals", ", ".join(names[0] + names[1]), "a gate reads at least one, and none twice")
        return self._make(Gate(op if len(names[0]) > 1 or inhibitors else "BUFF", *names))

    def table(self, reads: Sequence[Signal], values: str) -> Signal:
        """A gate given by its truth table: 2^n characters 0 and 1, the first for all off, the last for all on.

        The last signal of `reads` changes fastest. It becomes an XOR, an AND with inhibitors, or several under an OR:
        two layers, and one feature for each pattern of its cover.

        Raises:
          InputError: the table does not fit, or is 1 where all is off.
        """
        n = len(reads)
        if not 1 <= n <= MOST_TABLE or len(values) != 2**n or set(values) - {"0", "1"} or values[0] != "0":
            rule = (
                f"2^n digits for n = 1 to {MOST_TABLE} signals, the first of them 0, since a circuit maps zero to zero"
            )
            raise InputError("values", values, rule)
        cover = tuple(format(i, f"0{n}b") for i, value in enumerate(values) if value == "1")
        return self._make(Gate("TABLE", tuple(signal.name for signal in reads), cover=cover))

    def any(self, signals: Sequence[Signal]) -> Signal:
        """On where at least one of the signals is."""
        return self.gate("OR", signals)

    def all(self, signals: Sequence[Signal]) -> Signal:
        """On where all the signals are."""
        return self.gate("AND", signals)

    def output(self, name: str, signal: Signal) -> None:
        """Names a signal as an output. Raises InputError for a name that is taken."""
        if name in self._outputs:
            raise InputError("name", name, "is the name of another output; choose another")
        self._outputs[name] = signal.name

    def circuit(self, s: int | None = None, on=None) -> Circuit:
        """The circuit in layers: its last layer begins with the outputs, in order.

        Args:
          s: most active features in any layer, if known.
          on: inputs [n, m], a sparse array; s is the most features that are active on any of them.

        Raises:
          InputError: no output.
        """
        if not self._outputs:
            raise InputError("outputs", 0, "a circuit has at least one; name it with output(name, signal)")
        gates = self._gates | {f"={name}": Gate("BUFF", (signal,)) for name, signal in self._outputs.items()}
        lines = dict.fromkeys(self._inputs, 1)
        netlist = Netlist(self._inputs, [f"={name}" for name in self._outputs], gates, lines)
        circuit = levelled(deviations(netlist, dict.fromkeys(self._inputs, 0))[0])
        place = {name: k for k, name in enumerate(self._inputs)}
        names = tuple(tuple(name.removeprefix("=") for name in layer) for layer in circuit.names)
        groups = tuple(tuple(place[name] for name in group) for group in self._groups)
        circuit = check_circuit(circuit._replace(groups=groups, names=names, s=s))
        return circuit if on is None else circuit._replace(s=max(int(most_active(circuit, on).max()), 1))

    def _make(self, gate: Gate) -> Signal:
        """The signal of a gate; gates that are written twice are one."""
        if gate not in self._made:
            self._made[gate] = f"#{len(self._made)}"
            self._gates[self._made[gate]] = gate
        return Signal(self, self._made[gate])
