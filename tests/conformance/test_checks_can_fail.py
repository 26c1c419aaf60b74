"""Every check of the kit can fail: each one complains, in its own words, about a component broken
on purpose.
"""

import importlib
from dataclasses import fields, replace

import pytest
from broken import BASES, CLASSES, ENDS, DualSwitch, File, Ridge, variant

from vitreous.core.errors import VitreousError
from vitreous.plugins.models.proportional_hazards import FittedHazards, ProportionalHazards
from vitreous.testing import (
    Check,
    Skip,
    Subject,
    checks_for,
    component_checks,
    run_check,
    run_checks,
    subjects_of,
)
from vitreous.testing.kit import EXCUSED, FAILED, PASSED, SKIPPED, Results

PHYSICAL = "descriptor/physical"


def built_in(kind: str, **changes) -> Subject:
    name, _ = BASES[kind]
    return replace(subjects_of([f"{kind}/{name}"])[0], **changes)


def named(subject: Subject, name: str) -> Check:
    return next(check for check in checks_for(subject) if check.name == name)


@pytest.mark.parametrize(
    ("kind", "name"), CLASSES, ids=[f"{kind}:{name}" for kind, name in CLASSES]
)
def test_a_check_catches_its_flaw(kind: str, name: str) -> None:
    cls, complaint = CLASSES[kind, name]
    subject = built_in("descriptor" if kind == "every" else kind, cls=cls)
    outcome = run_check(subject, named(subject, name))
    assert outcome.status == FAILED and complaint in outcome.message, outcome


def test_a_regularised_model_is_told_how_to_be_tried_and_passes_when_it_is() -> None:
    """Its defaults cannot learn eight sites by heart; an ``example`` with less of a penalty can."""
    strong = variant(Ridge, alphas=(1e9,), __annotations__={"alphas": tuple[float, ...]})
    subject = built_in("model", cls=strong)
    outcome = run_check(subject, named(subject, "learns_eight_sites_by_heart"))
    assert outcome.status == FAILED and "with the class method example" in outcome.message
    weak = variant(strong, example=classmethod(lambda cls: cls(alphas=(1e-3,))))
    subject = built_in("model", cls=weak)
    own = [check for check in checks_for(subject) if "model" in check.tags]
    assert {run_check(subject, check).status for check in own} == {PASSED}


def test_a_config_without_comments_is_caught(tmp_path) -> None:
    (tmp_path / "descriptor").mkdir()
    (tmp_path / "descriptor" / "physical.yaml").write_text(
        "_target_: a.b\nradius: 8.0\ncentre: Si  # species\nbridge: O  # species\n"
    )
    subject = built_in("descriptor", config_folder=tmp_path)
    assert (
        "'radius: 8.0' has no comment"
        in run_check(subject, named(subject, "config_explains_every_field")).message
    )


@pytest.mark.parametrize(
    ("name", "declaration", "complaint"),
    [
        ("cites_its_source", {"citation": "me, personally"}, "personally"),
        ("says_what_it_does", {"summary": " "}, "one line"),
    ],
)
def test_a_poor_declaration_is_caught(
    name: str, declaration: dict[str, str], complaint: str
) -> None:
    subject = built_in("descriptor")
    subject = replace(subject, component=replace(subject.component, **declaration))
    outcome = run_check(subject, named(subject, name))
    assert outcome.status == FAILED and complaint in outcome.message


def test_a_heavy_declaration_is_caught() -> None:
    pytest.importorskip("torch")
    subject = built_in("descriptor", declared_in="vitreous.learning.fitting")
    assert "torch" in run_check(subject, named(subject, "is_declared_lightly")).message


LAZY = (
    "def describe(self, *given):\n        import sklearn.metrics\n        return "
    "PhysicalIndicators.describe(self, *given)"
)
WHICHEVER = "def describe(self, *given):\n        return PhysicalIndicators.describe(self, *given)"
NEEDS = {
    "at the top": ("import sklearn", WHICHEVER, "needs sklearn"),
    "in a function": ("", LAZY, "needs sklearn"),
    "of a part": ("from sklearn.linear_model import Ridge", WHICHEVER, "needs sklearn"),
    "found missing": (
        "from importlib.util import find_spec\nassert find_spec('sklearn')",
        WHICHEVER,
        "needs sklearn",
    ),
    "by its version": (
        "from importlib.metadata import version\nversion('scikit-learn')",
        WHICHEVER,
        "in a process of its own it fails",
    ),
    "replaced": (
        "try:\n    import sklearn\nexcept ImportError:\n    sklearn = None",
        WHICHEVER,
        "",
    ),
    "required by Vitreous": ("import scipy.stats, numba, ase", WHICHEVER, ""),
}


@pytest.mark.parametrize("where", NEEDS)
def test_a_need_is_found_wherever_it_is_imported(where: str, tmp_path, monkeypatch) -> None:
    pytest.importorskip("sklearn")
    top, method, complaint = NEEDS[where]
    name = f"needy_{list(NEEDS).index(where)}"
    (tmp_path / f"{name}.py").write_text(
        "from dataclasses import dataclass\nfrom vitreous.plugins.descriptors.physical import "
        "PhysicalIndicators\n"
        f"{top}\n\n@dataclass(frozen=True, kw_only=True)\nclass Needy(PhysicalIndicators):\n    "
        f"{method}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    subject = built_in("descriptor", cls=importlib.import_module(name).Needy)
    outcome = run_check(subject, named(subject, "needs_are_declared"))
    assert outcome.status == (FAILED if complaint else PASSED), outcome
    assert complaint in outcome.message
    if complaint:
        declared = replace(subject, component=replace(subject.component, needs=("sklearn",)))
        assert run_check(declared, named(declared, "needs_are_declared")).status == PASSED


@pytest.mark.parametrize(
    ("need", "status", "message"),
    [
        ("sklearn", SKIPPED, "it needs sklearn, not installed here"),
        ("rare_library", SKIPPED, "it needs rare_library, not installed here"),
        ("a_package_nobody_has", FAILED, "which is not installed and no package that glassy requ"),
        ("scikit_learn", FAILED, "needs scikit_learn, which is not installed and no package that"),
    ],
    ids=["known by its module", "its own extra", "unknown", "misnamed"],
)
def test_a_need_that_is_not_installed_is_at_least_one_that_an_extra_installs(
    need, status, message, tmp_path, monkeypatch
) -> None:
    about = tmp_path / "glassy-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: glassy\nVersion: 1.0\nProvides-Extra: rare\n"
        "Requires-Dist: Rare.Library>=2; extra == 'rare'\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("vitreous.testing.needs.find_spec", lambda name: None)
    subject = built_in("descriptor", provider="glassy 1.0")
    subject = replace(subject, component=replace(subject.component, needs=(need,)))
    outcome = run_check(subject, named(subject, "needs_are_declared"))
    assert outcome.status == status
    assert message in outcome.message


def test_a_component_that_ends_its_process_is_told() -> None:
    subject = built_in("descriptor", cls=ENDS)
    assert (
        "its process ended with status 3"
        in run_check(subject, named(subject, "needs_are_declared")).message
    )


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (variant(File, reads=()), "the example reads honeycomb.extxyz, but reads is ()"),
        (variant(File, reads=("xyz",)), "reads is ('xyz',); expected endings such as"),
        (variant(File, reads=".extxyz"), "reads is '.extxyz'; expected endings such as"),
        (variant(DualSwitch, reads=(".xyz",)), "reads is ('.xyz',), but it makes glasses"),
        (variant(DualSwitch, reads=(".xyz",), available=2), "the example reads no file, but"),
        (variant(DualSwitch, available=2), ""),
    ],
)
def test_endings_of_files_are_declared_where_files_are_read(cls: type, message: str) -> None:
    subject = built_in("generator", cls=cls)
    outcome = run_check(subject, named(subject, "reads_the_files_it_declares"))
    assert outcome.status == (FAILED if message else PASSED)
    assert message in outcome.message


def test_no_check_is_left_out() -> None:
    elsewhere = {
        "config_explains_every_field",
        "cites_its_source",
        "says_what_it_does",
        "is_declared_lightly",
    }
    for kind in BASES:
        for check in checks_for(built_in(kind)):
            place = "every" if "every kind" in check.tags else kind
            assert (place, check.name) in CLASSES or check.name in elsewhere, (
                f"{place}:{check.name} was never seen to fail"
            )
            assert check.says.endswith("."), f"{check.name} does not say what it checks"


def test_whatever_a_check_raises_becomes_an_outcome() -> None:
    def crashes(subject: Subject) -> None:
        raise ZeroDivisionError("by zero")

    def skips_silently(subject: Subject) -> None:
        raise Skip("")

    def skips(subject: Subject) -> None:
        raise Skip("it is a crystal")

    subject = built_in("descriptor")
    outcomes = [
        run_check(subject, Check(name="c", function=f, tags=frozenset()))
        for f in (crashes, skips_silently, skips)
    ]
    assert [o.status for o in outcomes] == [FAILED, FAILED, SKIPPED]
    assert [o.message for o in outcomes] == [
        "ZeroDivisionError: by zero",
        "the check was skipped without a reason",
        "it is a crystal",
    ]


def test_a_repeated_cell_is_another_glass_only_to_what_says_so() -> None:
    broken = CLASSES["descriptor", "periodic_images_are_seen"][0]
    declared = variant(broken, bound_to_cell=property(lambda self: "it counts atoms"))
    silent, tells = (built_in("descriptor", cls=cls) for cls in (broken, declared))
    check = named(silent, "periodic_images_are_seen")
    assert run_check(silent, check).status == FAILED
    outcome = run_check(tells, check)
    assert outcome.status == SKIPPED
    assert outcome.message == "it declares bound_to_cell: it counts atoms"


def test_contributions_that_are_not_those_of_the_hazards_are_caught() -> None:
    class Halved(FittedHazards):
        def contributions(self, features):
            return 0.5 * super().contributions(features)

    def fit(self, *given):
        right = ProportionalHazards.fit(self, *given)
        return Halved(**{field.name: getattr(right, field.name) for field in fields(right)})

    broken = variant(ProportionalHazards, fit=fit)
    silent = variant(ProportionalHazards, knows_contributions=False)
    right = subjects_of(["model/proportional_hazards"])[0]
    check = named(right, "hazards_are_those_of_the_sites")
    assert run_check(right, check).status == PASSED
    assert "leave of a hazard" in run_check(replace(right, cls=broken), check).message
    assert "not as declared" in run_check(replace(right, cls=silent), check).message


def test_excuses_are_strict() -> None:
    good, bad = (
        built_in("descriptor"),
        built_in("descriptor", cls=CLASSES["descriptor", "declares_itself"][0]),
    )
    check = named(good, "declares_itself")
    assert run_check(bad, check, "known to be round").status == EXCUSED
    passes = run_check(good, check, "known to be round")
    assert (
        passes.status == FAILED
        and passes.message == "excused (known to be round), but it was passed"
    )


def test_an_excuse_for_nothing_is_refused() -> None:
    results = run_checks([PHYSICAL], {f"{PHYSICAL}:spins": "why not"}, follow=lambda _: None)
    assert not results.passed and [o.message for o in results.of(FAILED)] == [
        "is excused, but there is no such check"
    ]
    with pytest.raises(VitreousError, match="no such check"):
        component_checks([PHYSICAL], {f"{PHYSICAL}:spins": "why not"})


def test_results_tell_totals_and_everything_that_did_not_pass() -> None:
    results = run_checks(["generator/file"])
    total = len(results.outcomes)
    assert results.passed and len(results.of(PASSED)) == total - 1
    text = str(results).splitlines()
    assert (
        text[0]
        == f"generator/file  {total - 1} ran, {total - 1} passed, 0 failed, 0 excused, 1 skipped"
    )
    assert text[1] == "  skipped  other_seed_other_glass: its glasses are read, not generated"
    assert text[2].startswith("total ")


def test_a_run_in_which_nothing_ran_has_not_passed() -> None:
    assert not Results(()).passed


def test_an_unknown_package_is_named_with_a_suggestion() -> None:
    with pytest.raises(
        VitreousError, match="no installed package or component 'vitreos'; did you mean 'vitreous'"
    ):
        run_checks("vitreos")
