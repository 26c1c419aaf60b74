"""Nobody edits what a component of ours computes without deciding about its ``version``."""

import json
from copy import deepcopy

import own_sources
import pytest

RINGS = "vitreous.analysis.rings"


@pytest.fixture(scope="module")
def users():
    return own_sources.users()


@pytest.fixture(scope="module")
def now(users):
    return own_sources.current(users)


def test_no_source_changed_while_its_version_did_not(users, now):
    """Other results: increase ``version``; the same ones: nothing. Then ``make sources``."""
    recorded = json.loads(own_sources.TABLE.read_text())
    assert list(own_sources.unanswered(recorded, now, users)) == []


def test_an_edit_without_a_new_version_is_told_with_the_components_that_it_concerns(users, now):
    before = deepcopy(now)
    before["modules"][RINGS] = "0" * 16
    told = list(own_sources.unanswered(before, now, users))
    assert len(told) == 2 and told[0].startswith(f"{RINGS} was edited")
    assert "labeler/disorder" in told[0] and "potential/eam" not in told[0]


def test_with_new_versions_only_the_table_is_behind(users, now):
    before = deepcopy(now)
    before["modules"][RINGS] = "0" * 16
    before["versions"] |= {component: 0 for component in users[RINGS]}
    assert list(own_sources.unanswered(before, now, users)) == [
        "the table is behind: once the versions are right, run make sources"
    ]


def test_components_of_all_kinds_that_store_results_are_there(now):
    kinds = {name.partition("/")[0] for name in now["versions"]}
    assert kinds == {"potential", "generator", "simulator", "labeler", "descriptor", "model"}
    assert {"vitreous.mechanics.pair.kernels", "vitreous.core.loading"} <= now["modules"].keys()
