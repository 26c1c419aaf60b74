"""The built-in components, declared like those of any other plugin.

The declarations are strings: a target is imported when its component is used.
"""

from vitreous.core.plugin import Component, hookimpl
from vitreous.plugins.papers import PAPERS

# fmt: off
_COMPONENTS: tuple[tuple[str, str, str, str, str], ...] = (
    # kind, name (also that of its module), class, paper, one line
    ("potential", "yukawa_silica", "YukawaSilica", "silica2d",
     "two-dimensional silica, force-shifted Yukawa"),
    ("potential", "lennard_jones_2d", "LennardJones2D", "lancon",
     "two-dimensional binary Lennard-Jones glass former, smoothed"),
    ("potential", "watanabe", "Watanabe", "watanabe",
     "silica in three dimensions, Si-O bonds softened by coordination"),
    ("potential", "eam", "Eam", "eam",
     "metals by the embedded-atom method, from eam/alloy or eam/fs tables"),
    ("generator", "dual_switch", "DualSwitch", "dual",
     "two-dimensional silica with chosen ring statistics, by Monte Carlo"),
    ("generator", "silica_bilayer", "SilicaBilayer", "font_clos",
     "silica bilayers with chosen ring statistics, from dual-switch networks"),
    ("generator", "file", "File", "ase", "glasses read from LAMMPS, extended XYZ and other files"),
    ("generator", "tem_image", "TEMImage", "font_clos",
     "silica networks from micrographs, by spots and a Voronoi construction"),
    ("generator", "melt_quench", "MeltQuench", "lammps", "any LAMMPS model cooled from the melt"),
    ("simulator", "aqs", "AQS", "aqs", "native athermal quasistatic deformation"),
    ("simulator", "aqs_fracture", "AQSFracture", "font_clos",
     "native athermal quasistatic deformation to complete fracture"),
    ("simulator", "lammps_aqs", "LammpsAQS", "lammps",
     "athermal quasistatic deformation by LAMMPS, step by step"),
    ("labeler", "local_probing", "LocalProbing", "listi",
     "local stress threshold map by probing small discs"),
    ("labeler", "local_yield_stress", "LocalYieldStress", "barbot",
     "local probing along a set of directions, least projected threshold"),
    ("labeler", "crack_path", "CrackPath", "font_clos",
     "the atoms that have lost a bond when the deformation ends"),
    ("labeler", "fracture_strain", "FractureStrain", "font_clos",
     "strain of the first broken bond, or of the first event"),
    ("labeler", "window_strain", "WindowStrain", "font_clos",
     "strain of the first broken bond, for windows that slide over a glass"),
    ("labeler", "fracture_location", "FractureLocation", "font_clos",
     "location of the first broken bond, or of the first event"),
    ("labeler", "first_break", "FirstBreak", "font_clos",
     "the two atoms of the first broken bond, as a class"),
    ("labeler", "disorder", "Disorder", "font_clos",
     "variance of the ring size of a silica network"),
    ("labeler", "atom_energy", "AtomEnergy", "font_clos",
     "potential energy of every atom of the undeformed glass"),
    ("labeler", "d2min", "D2min", "falk_langer",
     "non-affine squared displacement of every atom at a strain"),
    ("labeler", "plastic_susceptibility", "PlasticSusceptibility", "fan",
     "the atoms of highest D2min at a strain, as a class"),
    ("labeler", "rearrangements", "Rearrangements", "listi",
     "strain, drop, atom and position of each event"),
    ("descriptor", "symmetry_functions", "SymmetryFunctions", "font_clos",
     "radial symmetry functions, undeformed and affinely deformed"),
    ("descriptor", "density_map", "DensityMap", "fan",
     "density maps of each species around atoms, in the frame of the shear"),
    ("descriptor", "atom_sequence", "AtomSequence", "listi",
     "coordinates of the silicons in the window, as a sequence"),
    ("descriptor", "bond_graph", "BondGraph", "listi",
     "corner-sharing SiO3 triangles around a site as a graph"),
    ("descriptor", "response_graph", "ResponseGraph", "response",
     "the bond graph with the disc's linear response on its edges"),
    ("descriptor", "bond_response", "BondResponse", "response",
     "rates of each atom's bonds as the loading begins, energies and neighbourhoods"),
    ("descriptor", "rendered_image", "RenderedImage", "listi",
     "grey images of the silicons and bonds around a site"),
    ("descriptor", "tem_image", "TEMImage", "font_clos",
     "images of the whole glass as an electron microscope shows it"),
    ("descriptor", "tem_window", "TEMWindow", "font_clos",
     "images of a window about a site as an electron microscope shows it"),
    ("descriptor", "physical", "PhysicalIndicators", "stretch",
     "projected bond stretch, density and ring statistics"),
    ("descriptor", "weakest_bonds", "WeakestBonds", "response",
     "extremes over a glass of how its bonds answer the loading as it begins"),
    ("descriptor", "weakest_link", "WeakestLink", "response",
     "soft extremes over a glass of how fast its bridges stretch, and their angle"),
    ("model", "ridge", "Ridge", "ridge", "linear regression with an L2 penalty"),
    ("model", "bayesian_ridge", "BayesianRidge", "evidence",
     "ridge regression that knows its penalty and its uncertainty from few glasses"),
    ("model", "logistic", "Logistic", "logistic",
     "logistic regression of two classes, with calibrated probabilities"),
    ("model", "svm", "SVM", "svr", "support vector regression with a Gaussian kernel"),
    ("model", "svm_classifier", "SVMClassifier", "font_clos",
     "support vector machine for two classes, its grid cross-validated by glass"),
    ("model", "gradient_boosting", "GradientBoosting", "boosting",
     "gradient-boosted trees on feature vectors, for values or two classes"),
    ("model", "graph_ensemble", "GraphEnsemble", "ensemble",
     "deep ensemble of graph networks with calibrated uncertainty"),
    ("model", "density_cnn", "DensityCNN", "fan",
     "convolutional network on density maps of squares or cubes"),
    ("model", "lstm", "LSTM", "listi", "recurrent network on the sequence of silicon coordinates"),
    ("model", "cnn", "CNN", "listi", "convolutional network on images drawn of the window"),
    ("model", "resnet", "ResNet", "font_clos",
     "residual network on images of the whole glass, to numbers and positions"),
    ("model", "gnn", "GNN", "listi", "graph network with attention convolutions, as published"),
    ("model", "graph_network", "GraphNetwork", "listi",
     "gated message passing with attention pooling"),
    ("evaluation", "goodness", "Goodness", "listi",
     "prediction goodness of each map at the first events"),
    ("evaluation", "correlation", "Correlation", "spearman",
     "Pearson's and Spearman's correlation with the true map, per glass and pooled"),
    ("evaluation", "calibration", "Calibration", "calibration",
     "empirical against nominal coverage of the prediction intervals"),
    ("evaluation", "regression", "Regression", "font_clos",
     "RMSE, MAE and R2 of predicted values, and parity plot"),
    ("evaluation", "classification", "Classification", "precision",
     "weak sites as a class: balanced accuracy, average precision, MCC, precision@k"),
    ("evaluation", "classes", "Classes", "font_clos",
     "predicted classes: sensitivity, specificity, average precision, MCC, precision@k"),
    ("evaluation", "ranking", "Ranking", "fan",
     "C_rank and overlap of the sites that fail with the weakest of a map"),
    ("evaluation", "location", "Location", "font_clos",
     "distance from the predicted to the true position, one per glass"),
    ("evaluation", "position_error", "PositionError", "font_clos",
     "periodic distance from the weakest site of a map to an event"),
    ("evaluation", "crack_path", "CrackPathOverlap", "font_clos",
     "MCC and overlap of the predicted with the true crack path"),
    ("evaluation", "attention", "AttentionMaps", "font_clos",
     "Grad-CAM maps: how far they spread, and what of the glass they follow"),
    ("evaluation", "prediction_area", "PredictionArea", "font_clos",
     "how often failure begins in the riskiest part of the area, by its size"),
    ("evaluation", "rings", "Rings", "dual", "ring statistics of the glasses"),
    ("executor", "serial", "Serial", "futures", "one task after the other, in this process"),
    ("executor", "local", "Local", "futures",
     "parallel tasks in worker processes on this machine"),
    ("executor", "dask", "Dask", "dask",
     "tasks on a dask cluster: local, existing, or jobs of Slurm or PBS"),
    ("tracker", "mlflow", "MLflow", "mlflow",
     "an MLflow run for every run, with parameters, metrics, figures and model"),
    ("tracker", "none", "NoTracker", "none", "no tracking"),
)
# fmt: on
_NETWORKS = ("torch", "pytorch_lightning", "torch_geometric", "safetensors")
_NEEDS = {
    "generator/melt_quench": ("lammps",),
    "simulator/lammps_aqs": ("lammps",),
    **dict.fromkeys(
        [
            f"model/{name}"
            for name in (
                *("ridge", "bayesian_ridge", "logistic"),
                *("svm", "svm_classifier", "gradient_boosting"),
            )
        ],
        ("sklearn",),
    ),
    **dict.fromkeys(
        [
            f"model/{name}"
            for name in (
                *("graph_ensemble", "lstm", "cnn", "gnn", "graph_network"),
                "density_cnn",
            )
        ],
        _NETWORKS,
    ),
    "model/resnet": (*_NETWORKS, "monai"),
    "evaluation/classification": ("sklearn",),
    "evaluation/classes": ("sklearn",),
    "evaluation/crack_path": ("sklearn",),
    "executor/dask": ("distributed", "dask_jobqueue"),
    "tracker/mlflow": ("mlflow",),
}


@hookimpl
def vitreous_components() -> list[Component]:
    """The built-in components."""
    return [
        Component(
            kind=kind,
            name=name,
            target=f"vitreous.plugins.{kind}s.{name}.{cls}",
            citation=PAPERS[paper],
            summary=summary,
            needs=_NEEDS.get(f"{kind}/{name}", ()),
        )
        for kind, name, cls, paper, summary in _COMPONENTS
    ]
