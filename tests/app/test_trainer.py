"""What a configuration may tell Lightning: loggers, further arguments, a quick trial of all."""

import csv

import pytest
from toy import vitreous

from vitreous.core.training import Training, trained_with


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("trainer.logger=cvs", "trainer.logger is 'cvs'; expected one of csv, tensorboard"),
        ("trainer.logger=csv", "is of networks that Lightning trains, but LeastSquares is none"),
        ("+trainer.max_epochs=3", "trainer.max_epochs is not to be set here; set model.epochs"),
        ("+trainer.callbacks=[]", "trainer.callbacks is not to be set here; leave it out"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_computed(given, sentence, tmp_path):
    done = vitreous(tmp_path, "run", "experiment=toy", given)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert sentence in line
    assert not (tmp_path / "store").exists()


def refused(tmp_path, *more):
    done = vitreous(tmp_path, "run", "experiment=demo", "tracker=none", *more)
    assert done.returncode == 2
    assert not (tmp_path / "store").exists()
    return done.stderr.splitlines()[-1]


def test_an_argument_that_lightning_does_not_have_is_named(tmp_path):
    assert "did you mean 'accumulate_grad_batches'" in refused(
        tmp_path, "+trainer.acumulate_grad_batches=2"
    )


def test_tensorboard_is_refused_where_it_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setattr("vitreous.app.training.find_spec", lambda name: None)
    said = refused(tmp_path, "trainer.logger=tensorboard")
    assert "pip install 'vitreous[tensorboard]'" in said


def test_without_options_no_network_is_imported_to_check_them(tmp_path):
    done = vitreous(tmp_path, "run", "experiment=toy", "trainer.quick=true")
    assert done.returncode == 0, done.stderr


def test_options_decide_the_key_of_a_fit_and_loggers_do_not():
    assert Training().decides() == Training(logger="csv").decides() == {}
    assert Training(quick=True).decides() == {"quick": True}
    assert Training(options={"accumulate_grad_batches": 2}).decides() == {
        "accumulate_grad_batches": 2
    }


def test_lightning_is_told_and_every_epoch_is_logged(tmp_path):
    torch = pytest.importorskip("torch")
    training = pytest.importorskip("vitreous.learning.training")
    from vitreous.plugins.models.graph_network import GraphNetwork

    settings = GraphNetwork(epochs=7, accelerator="cpu")
    with trained_with(Training(options={"accumulate_grad_batches": 3}, quick=True)):
        trainer = training._trainer(settings, [])
    assert trainer.accumulate_grad_batches == 3
    assert trainer.max_epochs == training.EPOCHS
    assert trainer.limit_train_batches == training.BATCHES
    plain = training._trainer(settings, [])
    assert plain.accumulate_grad_batches == 1
    assert plain.max_epochs == 7
    assert plain.logger is None
    with trained_with(Training(logger="csv", folder=tmp_path)):
        trainer = training._trainer(settings, [])
        net = torch.nn.Linear(1, 1)
        net.register_buffer("target", torch.tensor([[0.0], [1.0]]))
        from vitreous.learning.tasks import Value

        pairs = torch.utils.data.TensorDataset(torch.ones(8, 1), torch.ones(8))
        data = torch.utils.data.DataLoader(pairs, batch_size=4)
        trainer.fit(training._Trained(net, Value(), settings), data, data)
    (log,) = tmp_path.rglob("metrics.csv")
    with open(log, newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["epoch"] for row in rows} == {str(k) for k in range(7)}
    assert sum(row["validation_mse"] != "" for row in rows) == 7


def test_the_whole_demo_is_tried_at_once_on_tiny_glasses(tmp_path):
    shown = vitreous(tmp_path, "run", "experiment=demo", "debug=fast", "--cfg", "job").stdout
    for line in ("samples: 3", "rings_x: 12", "grid: 4", "max_events: 1", "quick: true"):
        assert line in shown
