"""Compiled programs on disk: where they are kept, who decides, and what a damaged one does."""

import warnings

import jax
import jax.numpy as jnp
import pytest
from jax.experimental.compilation_cache import compilation_cache

from superposed.cli import compile_cache

SETTINGS = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")


@pytest.fixture
def no_cache(monkeypatch, tmp_path):
    """No cache is set; whatever a test sets is undone."""
    before = {name: getattr(jax.config, name) for name in SETTINGS}
    for name in compile_cache.OF_JAX:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(compile_cache.FOLDER, str(tmp_path / "mine"))
    jax.config.update(SETTINGS[0], None)
    compilation_cache.reset_cache()
    yield
    for name, value in before.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()


def test_programs_are_kept_and_cleared_in_the_named_folder(no_cache, monkeypatch):
    monkeypatch.setattr(compile_cache, "LEAST_SECONDS", "0")
    compile_cache.keep_programs()
    place = compile_cache.folder()
    assert jax.config.jax_compilation_cache_dir == str(place)
    jax.jit(lambda x: jnp.sin(x) + 13)(1.0)
    assert list(place.glob("*-cache")) and f"{place} (" in compile_cache.describe()
    assert compile_cache.clear() == place.parent and not list(place.iterdir())


def test_a_damaged_program_warns_and_is_compiled_again(no_cache, monkeypatch):
    monkeypatch.setattr(compile_cache, "LEAST_SECONDS", "0")
    compile_cache.keep_programs()
    function = lambda x: jnp.cos(x) + 17
    expected = float(jax.jit(function)(2.0))
    kept = list(compile_cache.folder().glob("*-cache"))
    assert kept
    for path in kept:
        path.write_bytes(path.read_bytes()[:40])
    jax.clear_caches()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert float(jax.jit(function)(2.0)) == expected
    assert any("compilation cache" in str(warning.message) for warning in seen)


@pytest.mark.parametrize("name", compile_cache.OF_JAX)
def test_a_users_own_setting_wins(no_cache, monkeypatch, name):
    monkeypatch.setenv(name, "theirs")
    compile_cache.keep_programs()
    assert jax.config.jax_compilation_cache_dir is None


def test_it_can_be_off_and_a_folder_that_cannot_be_made_stops_nothing(no_cache, monkeypatch, tmp_path):
    monkeypatch.setenv(compile_cache.FOLDER, "off")
    compile_cache.keep_programs()
    assert compile_cache.folder() is None and compile_cache.clear() is None
    (tmp_path / "file").touch()
    monkeypatch.setenv(compile_cache.FOLDER, str(tmp_path / "file"))
    compile_cache.keep_programs()
    assert jax.config.jax_compilation_cache_dir is None and compile_cache.describe() == "off"


def test_another_processor_or_jaxlib_has_another_folder(no_cache, monkeypatch):
    here = compile_cache.folder()
    monkeypatch.setattr(compile_cache.platform, "machine", lambda: "riscv64")
    assert compile_cache.folder() != here
    monkeypatch.undo()
    monkeypatch.setattr(compile_cache, "version", lambda name: "9.9.9")
    assert compile_cache.folder().name != here.name
