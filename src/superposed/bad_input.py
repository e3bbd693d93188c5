"""The one exception for bad input: which value breaks which rule."""


class InputError(ValueError):
    """A value that breaks a rule.

    The message reads `s = 20: at most m = 8 features can be active; lower s or raise m`. The command line shows the
    same error under the flag's name, `--s 20: ...`.

    Args:
      name: of the argument or field, as Python spells it.
      value: what was given.
      rule: the rule it breaks, and a way out.
    """

    def __init__(self, name: str, value: object, rule: str):
        super().__init__(f"{name} = {value!r}: {rule}" if isinstance(value, str) else f"{name} = {value}: {rule}")
        self.name, self.value, self.rule = name, value, rule
