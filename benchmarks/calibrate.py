"""Deviations, intervals and the verdict of the bundle ``listi``, learnt anew from validation
glasses; its networks stay as they are.

python -m benchmarks.calibrate FOLDER BUNDLE OUT

FOLDER holds the campaign of ``python -m benchmarks domain``, whose validation glasses are those of
the recipe; BUNDLE is read, OUT is written. A run of ``experiment=listi/graph_ensemble`` ends with
the same, from maps of 50 x 50 places instead of 40 x 40.
"""

import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.domain import known
from benchmarks.domain_glasses import listi, of_role, recipes
from vitreous.bundles import Bundle, read_bundle
from vitreous.bundles.earlier import today
from vitreous.bundles.folder import ABOUT, FITTED, digests, sign
from vitreous.bundles.likeness import likeness
from vitreous.bundles.write import judged_by
from vitreous.core.sample import Sample
from vitreous.core.store import Store
from vitreous.plugins.models.graph_ensemble import FittedGraphEnsemble

TAUGHT = 8  #: training glasses by which others are told odd; nine seconds each


def held_out(store: Store, bundle: Bundle) -> list[Sample]:
    """The validation glasses with their features and maps, nothing predicted yet."""
    made = recipes(None)
    names = [name for name in made if name.startswith("validation-")]
    found = [(int(name.split("-")[1]), known(store, name, made[name])) for name in names]
    return [
        Sample.of(
            index=index,
            role="validation",
            configuration=glass,
            trajectory=None,
            labels=truth,
            events=None,
            indicators=None,
            features=bundle.descriptor.describe(
                glass, bundle.loading, truth.positions, "site", bundle.potential
            ),
            prediction=None,
        )
        for index, (glass, truth) in found
    ]


def main(folder: str, source: str, out: str) -> None:
    """Write the bundle."""
    bundle, target = read_bundle(Path(source)), Path(out)
    samples = held_out(Store(folder), bundle)
    fitted: FittedGraphEnsemble = bundle.fitted.calibrated(
        [(s.features, s.labels) for s in samples]
    )
    told = [with_predictions(s, fitted) for s in samples]
    if target != Path(source):
        shutil.copytree(source, target, dirs_exist_ok=True)
    fitted.save(target / FITTED)
    about = {
        **today(json.loads((target / ABOUT).read_text())),
        **judged_by(told, None),
        "files": digests(target),
    }
    about["likeness"] = asdict(
        likeness([listi(k) for k in of_role("train")[:TAUGHT]], bundle.potential)
    )
    for name in (
        "calibration",
        "calibration_error",
    ):  # of the deviations as they were; the second by an older version
        about["scores"].pop(name, None)
    sign(target, about)
    print(f"expected on validation glasses: {about['trust']}")


def with_predictions(sample: Sample, fitted: FittedGraphEnsemble) -> Sample:
    """With what the model says of it."""
    assert sample.features is not None
    return sample.with_(
        prediction=fitted.predict(sample.features), uncertainty=fitted.uncertainty(sample.features)
    )


if __name__ == "__main__":
    main(*sys.argv[1:4])
