"""The check that rows do not depend on the batch, and that it notices when they do."""

from superposed.measuring import health


def test_rows_do_not_depend_on_the_batch_here():
    assert health.rows_that_depend_on_the_batch() == 0


def test_rows_that_differ_are_counted(monkeypatch):
    real = health.measure

    def last_bits_of_a_batch(cells, cell_batch):
        rows = real(cells, cell_batch=1)
        return [row + row for row in rows[:3]] + rows[3:] if cell_batch > 1 else rows

    monkeypatch.setattr(health, "measure", last_bits_of_a_batch)
    assert health.rows_that_depend_on_the_batch() == 3
