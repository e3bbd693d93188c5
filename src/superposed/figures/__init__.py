"""Functions of records that draw on an `Axes` they are given. The only package that imports matplotlib."""
