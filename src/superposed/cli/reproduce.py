"""`superposed reproduce` and `superposed figures`: every experiment, its figure, and the table of verdicts."""

import argparse
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from superposed.cli.children import run_child
from superposed.cli.options import check_folder
from superposed.cli.output import note, print_json
from superposed.cli.run import PROFILES, profile_of
from superposed.files import write_whole
from superposed.study.experiment import Analysis, Experiment, configuration
from superposed.study.loading import load_experiment, load_experiments
from superposed.study.partial import PARTIAL, answered_part
from superposed.sweeping.record import Seen
from superposed.sweeping.store import check_configuration, read_folder


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `reproduce` and `figures`."""
    every = commands.add_parser("reproduce", description="Every experiment, its figure, and the table of verdicts.")
    every.add_argument("--profile", default="quick", help=f"{', '.join(PROFILES)} (default quick)")
    _add_folders(every)
    every.add_argument(
        "--jobs", type=int, default=min(2, os.cpu_count() or 1), help="experiments measured at once (default 2)"
    )
    every.add_argument("--json", action="store_true", help="one JSON object on standard output")
    every.set_defaults(run=run_reproduce, resumes=True)

    drawn = commands.add_parser("figures", description="Draw figures again from the rows that are there.")
    drawn.add_argument("names", nargs="*", metavar="NAME", help="experiments (default: all that have rows)")
    drawn.add_argument("--profile", default="quick", help=f"{', '.join(PROFILES)}, or one of its own (default quick)")
    _add_folders(drawn)
    drawn.add_argument(
        "--partial", action="store_true",
        help="draw unfinished runs too, as NAME-partial, from the part of the profile that is answered",
    )  # fmt: skip
    drawn.add_argument(
        "--results",
        type=Path,
        metavar="FILE",
        help="write every table of verdicts there, as Markdown, and the laws to family.laws.csv beside the figures",
    )
    drawn.set_defaults(run=run_figures)


def _add_folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where rows are kept (default runs/)")
    parser.add_argument("--figures", type=Path, default=Path("figures"), help="where figures go (default figures/)")


def run_reproduce(args: argparse.Namespace) -> int:
    """Every experiment in turn, then the verdicts. One that fails is named at once, and the others go on; status 1."""
    experiments = load_experiments()
    if args.jobs < 1:
        raise ValueError(f"--jobs {args.jobs}: measure one experiment at a time or more")
    check_folder("--runs", args.runs)
    check_folder("--figures", args.figures)
    for experiment in experiments.values():
        profile_of(experiment, args.profile)
    results, failed, started = {}, [], time.perf_counter()

    def measure_and_tell(name: str) -> bool:
        done = measure_apart(name, args.profile, folder_of(name, args))
        if not done:
            note(f"{name}: FAILED; the other experiments go on, and what it measured is kept")
        return done

    with ThreadPoolExecutor(min(args.jobs, len(experiments))) as pool:
        order = longest_first(experiments, args.profile)
        measured = {name: pool.submit(measure_and_tell, name) for name in order}
        for name, done in measured.items():
            if not done.result():
                failed.append(name)
                continue
            try:
                results[name] = figure(name, experiments[name], args.profile, folder_of(name, args), args.figures)
            except ValueError as error:
                note(f"{name}: FAILED: {error}")
                failed.append(name)
                continue
            note(f"{name}: {args.figures / name}.png, {time.perf_counter() - started:.0f} s since the start")
    write_page(args.figures)
    if args.json:
        print_json({name: [vars(finding) for finding in analysis.findings] for name, analysis in results.items()})
    else:
        print(verdict_table(results))
    if failed:
        note(f"failed: {', '.join(failed)}; run the same command again to try these alone")
    return 1 if failed else 0


def folder_of(name: str, args: argparse.Namespace) -> Path:
    """Where the rows of an experiment are kept."""
    return args.runs / f"{name}-{args.profile}"


def longest_first(experiments: dict[str, Experiment], profile: str) -> list[str]:
    """Names by how many questions an experiment asks, so that none is left alone at the end."""
    return sorted(experiments, key=lambda name: -len(experiments[name].tasks(experiments[name].profiles[profile])))


def measure_apart(name: str, profile: str, folder: Path) -> bool:
    """Whether `superposed run` ended well. It has a process of its own, because compiling keeps one core busy."""
    return run_child(["run", name, "--profile", profile, "--out", str(folder)]) == 0


def verdict_table(results: dict[str, Analysis]) -> str:
    """The findings of all experiments, two lines each."""
    lines = []
    for name in sorted(results):
        lines.append(f"\n{name}")
        for finding in results[name].findings:
            lines.append(f"  {finding.verdict:>12}  {finding.question}")
            lines.append(f"{'':16}{finding.measured}   ({finding.range})")
    return "\n".join(lines)


def figure(name: str, experiment: Experiment, profile: str, folder: Path, figures: Path) -> Analysis:
    """Analyse the rows of a finished run and write its figure; raises ValueError as `analyse_and_draw` does."""
    return analyse_and_draw(name, experiment, profile, folder, figures)[0]


def analyse_and_draw(
    name: str, experiment: Experiment, profile: str, folder: Path, figures: Path, partial: bool = False
) -> tuple[Analysis, Path]:
    """Analyse the rows of a run and write its figure; (what they say, the figure's path).

    Args:
      partial: where questions are left open, draw NAME-partial from the part of the profile that is answered.

    Raises:
      ValueError: the rows belong to another profile, or questions are left open.
    """
    from superposed.figures.save import save

    check_configuration(folder, configuration(name, experiment, profile))
    seen = Seen(read_folder(folder))
    settings = experiment.profiles[profile]
    if any(task.pending(seen) for task in experiment.tasks(settings)):
        if not partial:
            raise ValueError(
                f"{folder}: questions are left open; `superposed run {name} --profile {profile}` answers them, and "
                "`superposed figures --partial` draws what there is"
            )
        settings, left_out = answered_part(experiment, settings, seen)
        note(f"{name}: without {left_out}")
        name = f"{name}{PARTIAL}"
    analysis = experiment.analyse(settings, seen)
    return analysis, save(name, experiment, profile, analysis, figures)[0]


def write_page(figures: Path) -> None:
    """Write index.html: all figures of the folder, with what they say."""
    from superposed.figures.pages import page

    write_whole(figures / "index.html", page(figures))


def run_figures(args: argparse.Namespace) -> None:
    """Draw again what has rows, and write the pages."""
    from superposed.figures.laws import laws_csv
    from superposed.figures.pages import results_markdown

    names = args.names or [name for name in load_experiments() if folder_of(name, args).is_dir()]
    if not names and args.results is None:
        raise ValueError(
            f"--runs {args.runs}: no rows of profile {args.profile} here; `superposed reproduce` measures them"
        )
    for given in names:
        name, experiment = load_experiment(given)
        profile_of(experiment, args.profile)
        print(analyse_and_draw(name, experiment, args.profile, folder_of(name, args), args.figures, args.partial)[1])
    write_page(args.figures)
    if args.results is not None:
        write_whole(args.figures / "family.laws.csv", laws_csv(args.figures))
        print(write_whole(args.results, results_markdown(args.figures)))
