"""What a child process runs first, so that its programs compile as fast as those of the tests, and are the same."""

QUICK = """
from superposed import program
program.FAST_COMPILE = {"xla_backend_optimization_level": 0}
"""
