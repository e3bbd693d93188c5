"""Run-time shape checks for the whole package, as its signatures promise."""

from jaxtyping import install_import_hook

install_import_hook("superposed", "checker.checked")
