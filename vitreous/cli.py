"""The command line. ``vitreous --help`` imports next to nothing; Hydra is reached by ``run`` and
the commands on campaigns alone, here, in ``vitreous.app.composing`` and ``vitreous.app.sweeper``.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from vitreous import __version__
from vitreous.app.commands import NAMES, OF_CAMPAIGNS, command
from vitreous.app.typed import Parser, misspelt
from vitreous.core.errors import VitreousError

REFUSED = 2  #: exit status for a mistake in the input or the set-up
INTERRUPTED = 130
COMMANDS = ("run", *NAMES)

# : how Hydra has the parts that may be absent left out; the model is chosen, not deleted, since the
# presets of a scale go by its name
_LEFT_OUT = {"model=null": "model=none", "~model": "model=none", "descriptor=null": "~descriptor"}

_refusals: list[
    Exception
] = []  # of a single job: raised through Hydra they would come with its own commentary

_RUN_HELP = """\
everything after `run` goes to Hydra:
  vitreous run                                   the main job, with its defaults
  vitreous run model=svm descriptor.cutoff=8     choose components, set their fields
  vitreous run -m model=ridge,svm seed=0,1,2     a sweep
  vitreous run experiment=demo                   a recipe
  vitreous run --cfg job                         show the configuration, run nothing
  vitreous run --info searchpath                 show where configurations come from
  eval "$(vitreous run -sc install=bash)"        tab completion for this shell"""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command; returns the exit status, 2 with one sentence for anything a user can
    mend.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)
    status = _carried_out(arguments)
    return _output_lost(reported=status != 0) or status


def _carried_out(arguments: Sequence[str]) -> int:
    try:
        if arguments[:1] in (["-sc"], ["--shell-completion"]):
            return _complete(arguments)
        if arguments[:1] == ["run"]:
            return _run(arguments[1:])
        return _command(_parsed(arguments))
    except (KeyboardInterrupt, SystemError) as error:
        # the second is how a compiled function passes an interruption on
        interruption = error.__cause__ if isinstance(error, SystemError) else error
        if not isinstance(interruption, KeyboardInterrupt):
            raise
        return _interrupted(arguments, interruption)
    except (VitreousError, OSError, MemoryError) as error:
        return _refuse(error)
    except Exception as error:
        from vitreous.core.plugin_lines import of_plugin

        if (told := of_plugin(error)) is None:
            raise
        return _refuse(told)


def _interrupted(arguments: Sequence[str], interruption: KeyboardInterrupt) -> int:
    kept = str(interruption) or (
        "what is stored is kept, the same command continues"
        if arguments[:1] in (["run"], ["work"])
        else "nothing was written"
    )
    sys.stderr.write(f"vitreous: interrupted; {kept}\n")
    return INTERRUPTED


def _output_lost(reported: bool) -> int:
    """The exit status if standard output takes no more, 0 while it does: nobody reads on
    (``| head -1``), or its disk is full, which is reported unless something was.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        from vitreous.app.summary import to_nowhere

        to_nowhere()
        if isinstance(error, BrokenPipeError):
            return 1
        return REFUSED if reported else _refuse(error)
    return 0


def _refuse(error: BaseException | str) -> int:
    if isinstance(error, BrokenPipeError):
        return 1
    sys.stderr.write(
        f"vitreous: {_sentence(error) if isinstance(error, OSError | MemoryError) else error}\n"
    )
    return REFUSED


def _sentence(error: OSError | MemoryError) -> str:
    """The machine's refusals, wherever they happen: a disk that is full, read-only or forbidden;
    too little memory.
    """
    if isinstance(error, MemoryError):
        return (
            f"this machine has too little memory ({str(error) or 'none is left'}); use a "
            "smaller glass, fewer sites or fewer workers"
        )
    what = (
        f"{error.filename} cannot be used"
        if error.filename
        else "the output or a file cannot be written"
    )
    return (
        f"{what}: {error.strerror or error}; mend it, or set VITREOUS_HOME to another folder: "
        "what is stored is kept"
    )


def parser() -> argparse.ArgumentParser:
    """The front: every command but ``run``, which Hydra parses."""
    front = Parser(
        prog="vitreous",
        description="Predicts where and when a glass fails, from its undeformed structure.",
        epilog=_RUN_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    front.add_argument("--version", action="version", version=__version__)
    commands = front.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands.add_parser("run", help="run the main job, or a sweep", add_help=False)
    for name in NAMES:
        module = command(name)
        module.add_options(commands.add_parser(name, help=module.SUMMARY))
    return front


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of a command; overrides of a campaign may stand between them."""
    front = parser()
    if (told := misspelt(front, arguments)) is not None:
        raise VitreousError(told)
    options, rest = front.parse_known_args(arguments)
    if options.command in OF_CAMPAIGNS:
        options.overrides += [each for each in rest if not each.startswith("-")]
        rest = [each for each in rest if each.startswith("-")]
    if rest:
        front.error(f"unrecognized arguments: {' '.join(rest)}")
    return options


def _command(options: argparse.Namespace) -> int:
    if options.command in OF_CAMPAIGNS:
        from vitreous.app.composing import composed

        overrides: list[str] = options.overrides
        given = [_LEFT_OUT.get(each, each) for each in overrides]
        config = composed(given, options.config_dir)
        return command(options.command).carry_out(options, config)
    return command(options.command).carry_out(options)


def _run(arguments: Sequence[str]) -> int:
    """Hand over to Hydra; its complaints come back as one sentence."""
    os.environ.setdefault(
        "HYDRA_FULL_ERROR", "1"
    )  # makes Hydra raise, so that the sentence is ours
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    from vitreous.app.explain import dashed, explain
    from vitreous.app.tracking import SweepRefused

    if {"-m", "--multirun"} & set(arguments) and {"-c", "--cfg", "-i", "--info"} & {
        a.split("=")[0] for a in arguments
    }:
        return _refuse(
            "--cfg and --info show the configuration of one job; leave out -m, and give one value "
            "for each key"
        )
    if (told := dashed(arguments)) is not None:
        return _refuse(told)
    sys.argv = ["vitreous", *(_LEFT_OUT.get(a, a) for a in arguments)]
    try:
        _hydra_main()()
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        return _refuse(explain(error))
    except ValueError as error:
        if not str(error).startswith("Config group override"):
            raise
        return _refuse(explain(error))
    except SweepRefused as error:
        return _refuse(error)
    except VitreousError as error:
        if "vitreous.app.tracking" in sys.modules:
            sys.modules["vitreous.app.tracking"].close_sweep(str(error))
        raise
    finally:
        if "vitreous.app.tracking" in sys.modules:
            sys.modules["vitreous.app.tracking"].close_sweep(
                "a job of the sweep failed, or it was interrupted"
            )
    return _refuse(_refusals.pop()) if _refusals else 0


def _terminate(signum: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _hydra_main() -> Any:
    import hydra

    from vitreous.app.composing import prepare_hydra

    # to look into a configuration runs nothing of it
    looking = {"-c", "--cfg", "-i", "--info"} & {a.split("=")[0] for a in sys.argv[1:]}
    prepare_hydra(bool(looking))
    return hydra.main(version_base="1.3", config_path="pkg://vitreous.conf", config_name="config")(
        _job
    )


def _job(config: Any) -> Any:
    """One job: the composed configuration as plain values, handed to the application; its
    scores.
    """
    import json

    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode
    from omegaconf import OmegaConf

    from vitreous.app.run import Job, run
    from vitreous.core.plugin_lines import of_plugin

    job = HydraConfig.get()
    plain: Any = OmegaConf.to_container(config, resolve=True)
    command = shlex.join(["vitreous", "run", *job.overrides.task])
    try:
        run(
            Job(
                config=plain,
                text=OmegaConf.to_yaml(config, resolve=True),
                folder=Path(job.runtime.output_dir),
                command=command,
            )
        )
    except Exception as error:
        told = (
            error if isinstance(error, VitreousError | OSError | MemoryError) else of_plugin(error)
        )
        if told is None:
            raise
        _clear(Path(job.runtime.output_dir), Path(plain["runs"]))
        if job.mode == RunMode.MULTIRUN:
            raise told from None  # the other jobs are carried out nevertheless
        _refusals.append(told)
        return None
    return json.loads((Path(job.runtime.output_dir) / "scores.json").read_text())


def _clear(folder: Path, runs: Path) -> None:
    """Remove the folder of a job that was refused before it wrote anything: what Hydra left in it,
    and the folder of that name in ``runs`` if nothing else is in it.
    """
    import logging
    import shutil

    left = list(folder.iterdir()) if folder.is_dir() else []
    of_hydra = all(
        path.name == ".hydra" or (path.suffix == ".log" and not path.stat().st_size)
        for path in left
    )
    if not of_hydra:
        return
    for handler in list(logging.getLogger().handlers):  # it would open its file again
        here = isinstance(handler, logging.FileHandler) and Path(handler.baseFilename).parent
        if here == folder.absolute():
            logging.getLogger().removeHandler(handler)
            handler.close()
    with suppress(OSError):
        shutil.rmtree(folder)
        if folder.parent.parent.absolute() == runs.absolute():
            folder.parent.rmdir()


def _complete(arguments: Sequence[str]) -> int:
    """Tab completion: the shell asks ``vitreous -sc query=SHELL`` whatever follows; Hydra answers
    for ``run``, we for the rest.
    """
    line = os.environ.get("COMP_LINE", "")
    words = line.split()
    if words[1:2] == ["run"] and (len(words) > 2 or line.endswith(" ")):
        os.environ["COMP_LINE"] = line.replace(" run", "", 1)
        return _run(arguments)
    if len(words) < 2 or (len(words) == 2 and not line.endswith(" ")):
        sys.stdout.write(" ".join(COMMANDS) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
