"""The ensemble: the members' mean, and an uncertainty that is as large as the errors are."""

from dataclasses import replace

import numpy as np
import pytest

from vitreous.core.errors import VitreousError

pytest.importorskip("torch_geometric")
from test_graph_network import example

from vitreous.plugins.models import _deviation
from vitreous.plugins.models.graph_ensemble import FittedGraphEnsemble, GraphEnsemble

SMALL = GraphEnsemble(members=3, hidden=8, layers=2, epochs=12, batch_size=16, learning_rate=0.01)


@pytest.fixture(scope="module")
def fitted():
    return SMALL.fit(
        [example(0), example(1)],
        [example(2), example(4)],
        np.random.default_rng(0),
        lambda *_: None,
    )


def test_the_prediction_is_the_members_mean(fitted):
    graph, _ = example(3)
    np.testing.assert_allclose(
        fitted.predict(graph), np.mean([m.predict(graph) for m in fitted.members], axis=0)
    )
    assert len({m.predict(graph)[0] for m in fitted.members}) == 3


def test_errors_on_glasses_never_seen_are_as_large_as_the_uncertainty_says(fitted):
    graph, labels = example(3)
    known = labels.mask
    standardised = (fitted.predict(graph) - labels.values)[known] / fitted.uncertainty(graph)[known]
    assert np.sqrt(np.mean(standardised**2)) == pytest.approx(1.0, abs=0.35)
    assert np.mean(np.abs(standardised) < 1.0) == pytest.approx(0.68, abs=0.15)


def test_uncertainty_survives_saving(fitted, tmp_path):
    fitted.save(tmp_path)
    graph, _ = example(3)
    np.testing.assert_allclose(
        SMALL.load(tmp_path).uncertainty(graph), fitted.uncertainty(graph), rtol=1e-12
    )


def test_an_ensemble_saved_before_deviations_were_learnt_keeps_its_own(fitted, tmp_path):
    FittedGraphEnsemble(members=fitted.members, scale=(2.0, 0.1)).save(tmp_path)
    graph, _ = example(3)
    variance = np.var([m.predict(graph) for m in fitted.members], axis=0)
    np.testing.assert_allclose(
        SMALL.load(tmp_path).uncertainty(graph), np.sqrt(4.0 * variance + 0.01)
    )


def test_a_damaged_file_of_deviations_is_refused(fitted, tmp_path):
    fitted.save(tmp_path)
    (tmp_path / "deviation.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(VitreousError, match="holds a damaged graph_ensemble model"):
        SMALL.load(tmp_path)


def test_deviations_are_learnt_from_the_glasses_held_out_alone(fitted):
    graph, _ = example(3)
    features, labels = example(5)
    worse = replace(labels, values=labels.values + np.where(labels.mask, 10.0, 0.0))
    doubted = fitted.calibrated([(features, worse)])
    np.testing.assert_array_equal(doubted.predict(graph), fitted.predict(graph))
    assert (doubted.uncertainty(graph) > 3.0 * fitted.uncertainty(graph)).mean() > 0.9


def test_the_loadings_of_a_glass_held_out_are_judged_together(fitted, along_loadings, monkeypatch):
    """One of them would give the others away, so the penalty is chosen by glass."""
    given = []
    monkeypatch.setattr(_deviation, "fit", lambda rows, errors: given.append((rows, errors)))
    cases = [example(2), example(4), example(5)]
    fitted.calibrated(along_loadings(cases, [7, 3, 7]))
    known = [int(labels.mask.sum()) for _, labels in cases]
    ((rows, errors),) = given
    assert [len(of) for of in rows] == [len(of) for of in errors] == [known[0] + known[2], known[1]]
    off = (fitted.predict(cases[2][0]) - cases[2][1].values)[cases[2][1].mask]
    np.testing.assert_array_equal(errors[0][known[0] :], off)


def test_without_validation_there_is_no_uncertainty():
    alone = GraphEnsemble(members=2, hidden=4, layers=1, epochs=1).fit(
        [example(0)], [], np.random.default_rng(0), lambda *_: None
    )
    assert alone.uncertainty(example(3)[0]) is None


def test_a_training_that_was_stopped_goes_on_after_the_last_finished_member(tmp_path):
    kept = GraphEnsemble(members=3, hidden=4, layers=1, epochs=2, checkpoints=str(tmp_path))
    train, validation, told = [example(0)], [example(1)], []

    def stop(name, _value, _step):
        told.append(name)
        if name == "validation_mse_2":
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        kept.fit(train, validation, np.random.default_rng(0), stop)
    finished = sorted(path for path in tmp_path.rglob("weights.safetensors"))
    again = kept.fit(
        train, validation, np.random.default_rng(0), lambda name, *_: told.append(name)
    )
    straight = replace(kept, checkpoints=None).fit(
        train, validation, np.random.default_rng(0), lambda *_: None
    )

    assert len(finished) == 2
    assert told.count("validation_mse_0") == 4  # two epochs, told again when taken up
    np.testing.assert_array_equal(again.predict(example(2)[0]), straight.predict(example(2)[0]))
    np.testing.assert_array_equal(
        again.uncertainty(example(2)[0]), straight.uncertainty(example(2)[0])
    )


def test_a_damaged_checkpoint_is_trained_anew(tmp_path):
    kept = GraphEnsemble(members=2, hidden=4, layers=1, epochs=1, checkpoints=str(tmp_path))
    first = kept.fit([example(0)], [], np.random.default_rng(0), lambda *_: None)
    for weights in tmp_path.rglob("weights.safetensors"):
        weights.write_bytes(b"damaged")
    again = kept.fit([example(0)], [], np.random.default_rng(0), lambda *_: None)
    np.testing.assert_array_equal(again.predict(example(2)[0]), first.predict(example(2)[0]))


def test_checkpoints_of_other_glasses_are_not_taken_up(tmp_path):
    kept = GraphEnsemble(members=2, hidden=4, layers=1, epochs=1, checkpoints=str(tmp_path))
    kept.fit([example(0)], [], np.random.default_rng(0), lambda *_: None)
    kept.fit([example(1)], [], np.random.default_rng(0), lambda *_: None)
    assert len(list(tmp_path.rglob("weights.safetensors"))) == 4


def test_one_member_is_no_ensemble():
    with pytest.raises(VitreousError, match="graph_ensemble members is 1; expected at least 2"):
        GraphEnsemble(members=1)
