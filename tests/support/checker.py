"""The run-time checker behind jaxtyping: beartype, where an int serves as a float as in Python itself."""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
