"""`superposed plan`: what a profile of an experiment takes on this device, before it is run."""

import argparse

import jax

from superposed.cli.options import add_devices, use_devices
from superposed.cli.output import print_json, table
from superposed.cli.run import PROFILES, profile_of
from superposed.study.loading import load_experiment
from superposed.sweeping.plan import plan


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `plan`."""
    parser = commands.add_parser(
        "plan",
        description="Networks, compilations, memory and hours of one profile on this device. One block of each kind is "
        "timed and thrown away; the hours are right to a factor of two or three.",
    )
    parser.add_argument("name", metavar="EXPERIMENT", help="an experiment by name, or the path of its file")
    parser.add_argument("--profile", default="quick", help=f"{', '.join(PROFILES)}, or one of its own (default quick)")
    parser.add_argument("--no-timing", action="store_true", help="measure nothing, and leave the hours out")
    add_devices(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(run=run_plan)


def run_plan(args: argparse.Namespace) -> None:
    """Print a line for each kind of question, and the sum."""
    use_devices(args)
    name, experiment = load_experiment(args.name)
    lines = plan(experiment.tasks(profile_of(experiment, args.profile)), timed=not args.no_timing)
    known = [line.seconds for line in lines if line.seconds is not None]
    steps = sum(line.networks for line in lines if line.kind == "steps")
    device = f"{jax.local_device_count()} x {jax.devices()[0].device_kind}"
    if args.json:
        seconds = sum(known) if known else None
        total = {"experiment": name, "profile": args.profile, "device": device, "seconds": seconds}
        print_json(total | {"steps of unknown length": steps, "kinds": [vars(line) for line in lines]})
        return
    hours = lambda seconds: None if seconds is None else seconds / 3600
    header = ("kind", "questions", "networks", "programs", "GiB", "hours")
    rows = [[x.kind, x.questions, x.networks, x.programs, x.memory / 2**30 or None, hours(x.seconds)] for x in lines]
    print(f"{name}, profile {args.profile}, on {device}")
    print(table(header, rows))
    if known:
        print(f"about {sum(known) / 3600:.2g} hours of networks on this device, to a factor of two or three")
    if steps:
        print(f"and {steps} steps, whose length is not known ahead: run a smaller profile, and ask `superposed status`")
