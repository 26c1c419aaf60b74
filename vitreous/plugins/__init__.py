"""The built-in methods, declared through the same door as anyone else's.

Only strings here: a target is imported when its component is asked for.
"""

from vitreous.core.plugin import Component, hookimpl

_PAPERS = {
    "font_clos": "Font-Clos et al., Nature Communications 13, 2820 (2022), doi:10.1038/s41467-022-30530-1",
    "silica2d": "Roy, Heyde & Heuer 2018, with the cutoff of Bachhav et al. 2025, doi:10.1038/s42005-025-02315-7",
    "dual": "Ormrod Morley & Wilson, J. Phys.: Condens. Matter 30, 50LT02 (2018)",
    "aqs": "Maloney & Lemaitre, Phys. Rev. E 74, 016118 (2006), doi:10.1103/PhysRevE.74.016118",
    "fan": "Fan & Ma, Nature Communications 12, 1506 (2021), doi:10.1038/s41467-021-21806-z",
    "futures": "Quinlan, PEP 3148: futures, execute computations asynchronously (2009)",
    "listi": "Bachhav et al., Communications Physics (2025), doi:10.1038/s42005-025-02315-7",
}

# fmt: off
_COMPONENTS: tuple[tuple[str, str, str, str, str], ...] = (
    # kind, name, target, citation, one line
    ("potential", "yukawa_silica", "vitreous.plugins.potentials.yukawa_silica.YukawaSilica", _PAPERS["silica2d"],
     "two-dimensional silica, force-shifted Yukawa"),
    ("potential", "lennard_jones_2d", "vitreous.plugins.potentials.lennard_jones_2d.LennardJones2D",
     "Lancon, Billard & Chaudhari, Europhys. Lett. 2, 625 (1986); Falk & Langer, Phys. Rev. E 57, 7192 (1998)",
     "two-dimensional binary Lennard-Jones glass former, smoothed"),
    ("potential", "watanabe", "vitreous.plugins.potentials.watanabe.Watanabe",
     "Watanabe, Yamasaki, Tatsumura & Ohdomari, Appl. Surf. Sci. 234, 207 (2004)",
     "silica in three dimensions, Si-O bonds softened by coordination"),
    ("potential", "eam", "vitreous.plugins.potentials.eam.Eam",
     "Daw & Baskes, Phys. Rev. B 29, 6443 (1984); Finnis & Sinclair, Philos. Mag. A 50, 45 (1984)",
     "metals by the embedded-atom method, from eam/alloy or eam/fs tables"),
    ("generator", "dual_switch", "vitreous.plugins.generators.dual_switch.DualSwitch", _PAPERS["dual"],
     "two-dimensional silica with chosen ring statistics, by Monte Carlo"),
    ("generator", "file", "vitreous.plugins.generators.file.File", "Larsen et al., J. Phys.: Condens. Matter 29, 273002 (2017)",
     "glasses read from LAMMPS, extended XYZ and other files"),
    ("generator", "melt_quench", "vitreous.plugins.generators.melt_quench.MeltQuench",
     "Thompson et al., Comput. Phys. Commun. 271, 108171 (2022)", "any LAMMPS model cooled from the melt"),
    ("simulator", "aqs", "vitreous.plugins.simulators.aqs.AQS", _PAPERS["aqs"], "native athermal quasistatic deformation"),
    ("simulator", "aqs_fracture", "vitreous.plugins.simulators.aqs_fracture.AQSFracture", _PAPERS["font_clos"],
     "native athermal quasistatic deformation until the crack has gone through"),
    ("simulator", "lammps_aqs", "vitreous.plugins.simulators.lammps_aqs.LammpsAQS",
     "Thompson et al., Comput. Phys. Commun. 271, 108171 (2022)", "athermal quasistatic deformation by LAMMPS, step by step"),
    ("labeler", "local_probing", "vitreous.plugins.labelers.local_probing.LocalProbing", _PAPERS["listi"],
     "local stress threshold map by probing small discs"),
    ("labeler", "local_yield_stress", "vitreous.plugins.labelers.local_yield_stress.LocalYieldStress",
     "Barbot et al., Phys. Rev. E 97, 033001 (2018)", "local probing along a set of directions, the weakest projection counts"),
    ("labeler", "crack_path", "vitreous.plugins.labelers.crack_path.CrackPath", _PAPERS["font_clos"],
     "the atoms that have lost a bond when the deformation ends"),
    ("labeler", "rearrangements", "vitreous.plugins.labelers.rearrangements.Rearrangements", _PAPERS["listi"],
     "strain, drop, atom and place of each instability"),
    ("descriptor", "symmetry_functions", "vitreous.plugins.descriptors.symmetry_functions.SymmetryFunctions", _PAPERS["font_clos"],
     "radial symmetry functions at rest and affinely deformed"),
    ("descriptor", "atom_sequence", "vitreous.plugins.descriptors.atom_sequence.AtomSequence", _PAPERS["listi"],
     "coordinates of the silicons in the window, one after the other"),
    ("descriptor", "bond_graph", "vitreous.plugins.descriptors.bond_graph.BondGraph", _PAPERS["listi"],
     "corner-sharing SiO3 triangles around a site as a graph"),
    ("descriptor", "response_graph", "vitreous.plugins.descriptors.response_graph.ResponseGraph",
     "Lemaitre & Maloney, J. Stat. Phys. 123, 415 (2006)", "the bond graph with the disc's linear response on its edges"),
    ("descriptor", "rendered_image", "vitreous.plugins.descriptors.rendered_image.RenderedImage", _PAPERS["listi"],
     "grey images of the silicons and bonds around a site"),
    ("descriptor", "physical", "vitreous.plugins.descriptors.physical.PhysicalIndicators", "arXiv:2503.17210 (2025)",
     "projected bond stretch, density and ring statistics"),
    ("model", "ridge", "vitreous.plugins.models.ridge.Ridge", "Hoerl & Kennard, Technometrics 12, 55 (1970)",
     "linear regression with an L2 penalty"),
    ("model", "svm", "vitreous.plugins.models.svm.SVM", "Drucker et al., NIPS 9, 155 (1997)",
     "support vector regression with a Gaussian kernel"),
    ("model", "gradient_boosting", "vitreous.plugins.models.gradient_boosting.GradientBoosting",
     "Friedman, Ann. Stat. 29, 1189 (2001)", "gradient-boosted trees on feature vectors"),
    ("model", "graph_ensemble", "vitreous.plugins.models.graph_ensemble.GraphEnsemble",
     "Lakshminarayanan et al., NeurIPS 30, 6402 (2017)", "deep ensemble of graph networks with calibrated uncertainty"),
    ("model", "lstm", "vitreous.plugins.models.lstm.LSTM", _PAPERS["listi"], "recurrent network on the sequence of silicon coordinates"),
    ("model", "cnn", "vitreous.plugins.models.cnn.CNN", _PAPERS["listi"], "convolutional network on images drawn of the window"),
    ("model", "gnn", "vitreous.plugins.models.gnn.GNN", _PAPERS["listi"], "graph network with attention convolutions, as published"),
    ("model", "graph_network", "vitreous.plugins.models.graph_network.GraphNetwork", _PAPERS["listi"],
     "gated message passing with attention pooling"),
    ("evaluation", "goodness", "vitreous.plugins.evaluations.goodness.Goodness", _PAPERS["listi"],
     "how weak each map says the places of the first events are"),
    ("evaluation", "correlation", "vitreous.plugins.evaluations.correlation.Correlation",
     "Spearman, Am. J. Psychol. 15, 72 (1904)", "Pearson's and Spearman's correlation with the true map, glass by glass and pooled"),
    ("evaluation", "calibration", "vitreous.plugins.evaluations.calibration.Calibration",
     "Kuleshov, Fenner & Ermon, ICML 80, 2796 (2018)", "whether intervals hold the share of true values that they promise"),
    ("evaluation", "regression", "vitreous.plugins.evaluations.regression.Regression", _PAPERS["font_clos"],
     "RMSE, MAE and R2 of predicted values, and the parity plot"),
    ("evaluation", "classification", "vitreous.plugins.evaluations.classification.Classification",
     "Saito & Rehmsmeier, PLoS ONE 10, e0118432 (2015)", "weak places as a class: balanced accuracy, average precision, MCC, precision@k"),
    ("evaluation", "ranking", "vitreous.plugins.evaluations.ranking.Ranking", _PAPERS["fan"],
     "C_rank and overlap of the places that fail with the weakest of a map"),
    ("evaluation", "position_error", "vitreous.plugins.evaluations.position_error.PositionError", _PAPERS["font_clos"],
     "periodic distance from the weakest place of a map to an event"),
    ("evaluation", "crack_path", "vitreous.plugins.evaluations.crack_path.CrackPathOverlap", _PAPERS["font_clos"],
     "MCC and overlap of the predicted with the true crack path"),
    ("evaluation", "rings", "vitreous.plugins.evaluations.rings.Rings", _PAPERS["dual"], "ring statistics of the glasses"),
    ("executor", "serial", "vitreous.plugins.executors.serial.Serial", _PAPERS["futures"], "one task after the other, in this process"),
    ("executor", "local", "vitreous.plugins.executors.local.Local", _PAPERS["futures"],
     "tasks side by side in worker processes of this machine"),
    ("executor", "dask", "vitreous.plugins.executors.dask.Dask", "Rocklin, Proc. 14th Python in Science Conf., 126 (2015)",
     "tasks on a dask cluster: local, running already, or jobs of Slurm or PBS"),
    ("tracker", "mlflow", "vitreous.plugins.trackers.mlflow.MLflow", "Zaharia et al., IEEE Data Eng. Bull. 41 (4), 39 (2018)",
     "a run in MLflow for every run, with parameters, metrics, figures and model"),
    ("tracker", "none", "vitreous.plugins.trackers.none.NoTracker",
     "Sandve et al., PLoS Comput. Biol. 9, e1003285 (2013)", "no record beyond the run's folder"),
)
# fmt: on
_NETWORKS = ("torch", "pytorch_lightning", "torch_geometric", "safetensors")
_NEEDS = {
    "generator/melt_quench": ("lammps",),
    "simulator/lammps_aqs": ("lammps",),
    **dict.fromkeys(("model/ridge", "model/svm", "model/gradient_boosting"), ("sklearn",)),
    **dict.fromkeys([f"model/{name}" for name in ("graph_ensemble", "lstm", "cnn", "gnn", "graph_network")], _NETWORKS),
    "evaluation/classification": ("sklearn",),
    "evaluation/crack_path": ("sklearn",),
    "executor/dask": ("distributed", "dask_jobqueue"),
    "tracker/mlflow": ("mlflow",),
}


@hookimpl
def vitreous_components() -> list[Component]:
    """The components that ship with Vitreous."""
    return [Component(kind=k, name=n, target=t, citation=c, summary=s, needs=_NEEDS.get(f"{k}/{n}", ())) for k, n, t, c, s in _COMPONENTS]
