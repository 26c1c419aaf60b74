"""Drawing images of a bilayer beside training on them: CPU time per image, on one thread."""

import time

import numpy as np
import torch

from benchmarks.clock import table
from vitreous.core.data import Loading
from vitreous.core.projection import Projection
from vitreous.learning.network import Seen
from vitreous.plugins.descriptors.tem_image import TEMImage
from vitreous.plugins.generators.silica_bilayer import SilicaBilayer
from vitreous.plugins.models.resnet import ResNet

IMAGES = 16  #: of one glass, in a batch
SHOWN = ((36, 18), (64, 18), (128, 18), (128, 50))  #: pixels, depth


def run() -> None:
    """Prints the table."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    rows = []
    for pixels, depth in SHOWN:
        features = features_of(pixels)
        every = np.arange(IMAGES)
        drawing = cpu(lambda f=features, c=every: f.take(np.zeros_like(c), c))
        training = cpu(step_of(depth, features))
        rows.append([pixels, depth, 1e3 * drawing, 1e3 * training, training / drawing])
    torch.set_num_threads(threads)
    headings = ["pixels", "depth", "drawing, ms", "training, ms", "ratio"]
    table("Images of a bilayer of 3456 atoms, each", headings, rows)


def features_of(pixels: int):
    """What a network is shown of a bilayer, seen from above."""
    glass = SilicaBilayer().generate(0, np.random.default_rng(0))
    view, loading = Projection(), Loading(mode="uniaxial", dimension=3)
    middle = view.sites(glass.cell.sum(axis=0, keepdims=True) / 2.0)
    image = TEMImage(pixels=pixels)
    described = image.describe(view.glass(glass), view.loading(loading), middle, "sample")
    return image.view(described)


def step_of(depth: int, features):
    """One step of the optimiser, on a batch that is drawn beforehand."""
    every = np.arange(IMAGES)
    net = ResNet.module(vars(ResNet(depth=depth)), Seen.of(features), 1).train()
    batch = torch.from_numpy(features.take(np.zeros_like(every), every))
    optimizer = torch.optim.AdamW(net.parameters())

    def step() -> None:
        optimizer.zero_grad()
        net(batch).square().mean().backward()
        optimizer.step()

    return step


def cpu(work) -> float:
    """Seconds of CPU per image: the median of three calls, after one to warm up."""
    work()
    found = []
    for _ in range(3):
        start = time.process_time()
        work()
        found.append((time.process_time() - start) / IMAGES)
    return sorted(found)[1]
