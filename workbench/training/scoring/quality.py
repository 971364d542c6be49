"""How good generated images are, in the features of a network that knows the real ones; no single number suffices.

The Fréchet distance sees what is missing and what is wrong, but not which; precision asks whether samples look real, recall
whether what is real is sampled; the histogram of classes shows what was forgotten. A mean image has precision 1, blurred
images have all classes: hence all of them, side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

NEIGHBOURS = 3  # Kynkäänniemi et al. 2019 use the third nearest
NEIGHBOURHOOD = 1000  # examples on each side: precision and recall compare all pairs, and depend on how many there are
COVERED = 0.1  # a class is covered by at least a tenth of the samples that its share among the real ones would give it
_HALVINGS = 4  # random ones, whose mean is the floor


@dataclass(frozen=True)
class Moments:
    """Mean (D,) and covariance (D, D) of features, in double precision."""

    mean: Tensor
    covariance: Tensor

    @classmethod
    def of(cls, features: Tensor) -> Moments:
        """The moments of features (N, D), N at least 2."""
        rows = features.double()
        return cls(rows.mean(dim=0), torch.cov(rows.T))


def frechet_distance(first: Moments, second: Moments) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)): the Wasserstein-2 distance, squared, of two normal distributions.

    Dowson and Landau 1982; of image features Heusel et al. 2017 (arXiv:1706.08500). tr (C1 C2)^(1/2) is the sum of the roots of
    the eigenvalues of C1^(1/2) C2 C1^(1/2), which is symmetric, so no root of a matrix that is not has to be found.
    """
    values, vectors = torch.linalg.eigh(first.covariance)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    product = torch.linalg.eigvalsh(root @ second.covariance @ root).clamp(min=0).sqrt().sum()
    apart = (first.mean - second.mean).square().sum()
    return float(apart + first.covariance.trace() + second.covariance.trace() - 2 * product)


def relative_frechet_distance(real: Moments, fake: Moments) -> float:
    """The Fréchet distance over the real features' total variance: 0 is equal, about 1 knows nothing of the real images."""
    return frechet_distance(real, fake) / float(real.covariance.trace().clamp(min=1e-12))


def real_half_floor(features: Tensor, seed: int = 0) -> float:
    """The relative Fréchet distance of a random half of the real features to the other: what no sampler can be blamed for.

    Shapes:
        features (N, D)
    """
    numbers = torch.Generator().manual_seed(seed)
    total = 0.0
    for _ in range(_HALVINGS):
        shuffled = features[torch.randperm(len(features), generator=numbers).to(features.device)]
        first, second = (Moments.of(half) for half in shuffled.tensor_split(2))
        total += relative_frechet_distance(first, second)
    return total / _HALVINGS


def precision_and_recall(real: Tensor, fake: Tensor, neighbours: int = NEIGHBOURS) -> tuple[float, float]:
    """The share of fakes inside the real images' neighbourhoods, and of real ones inside the fakes'.

    A neighbourhood is a ball around each example that reaches to its third nearest of the same kind: improved precision and
    recall, Kynkäänniemi et al. 2019, eq. 2 and 3 (arXiv:1904.06991).

    Shapes:
        real (N, D), fake (M, D); N and M above `neighbours`
    """
    apart = torch.cdist(fake, real)  # (M, N)
    precision = (apart <= _reach(real, neighbours)).any(dim=1)
    recall = (_reach(fake, neighbours)[:, None] >= apart).any(dim=0)
    return float(precision.float().mean()), float(recall.float().mean())


def neighbourhood(features: Tensor) -> Tensor:
    """As many random rows (1000, D) of the real features (N, D) as precision and recall are measured with; the same ones every time."""
    chosen = torch.randperm(len(features), generator=torch.Generator().manual_seed(0))[:NEIGHBOURHOOD]
    return features[chosen.to(features.device)]


def classes_covered(counts: Tensor, shares: Tensor) -> int:
    """How many classes have at least a tenth of the samples that their share of the real images would give them.

    Shapes:
        counts (K,) of samples per class, shares (K,) of real images; for ten equal classes that is 1 % of the samples
    """
    least = COVERED * shares.double() * counts.sum()
    return int((counts.double() >= least * (1 - 1e-6)).sum())  # a tenth of a tenth is no round number of either


def class_kl(counts: Tensor, shares: Tensor) -> float:
    """KL(samples || real images) of the class histograms, in nats: 0 for the same shares, log K for one class of K equal ones.

    Shapes:
        counts (K,), shares (K,), of which none is 0
    """
    drawn = counts.double() / counts.sum().clamp(min=1)
    return float(torch.special.xlogy(drawn, drawn / shares.double()).sum())


def diversity(real: Tensor, fake: Tensor) -> float:
    """How much pixels vary among fakes, as a share of how much they do among real images; near 0 all fakes are one image.

    Shapes:
        real (N, ...), fake (M, ...)
    """
    return float(fake.flatten(1).std(dim=0).mean() / real.flatten(1).std(dim=0).mean().clamp(min=1e-12))


class Reference:
    """The real images' side of every comparison, computed once.

    Shapes:
        features (N, D) of all real images, labels (N,) of K classes
    """

    def __init__(self, features: Tensor, labels: Tensor, classes: int) -> None:
        self.moments = Moments.of(features)
        self.floor = real_half_floor(features)
        counts = torch.bincount(labels, minlength=classes).double()
        self.shares = counts / counts.sum()
        self._features = neighbourhood(features)

    def measure(self, features: Tensor, predictions: Tensor) -> dict[str, float]:
        """All that is measured of samples: their features (M, D) and the classes (M,) that they were taken for."""
        counts = torch.bincount(predictions, minlength=len(self.shares)).double()
        precision, recall = precision_and_recall(self._features, features[:NEIGHBOURHOOD])
        return {
            "relative_frechet_distance": relative_frechet_distance(self.moments, Moments.of(features)),
            "precision": precision,
            "recall": recall,
            "classes_covered": classes_covered(counts, self.shares),
            "class_kl": class_kl(counts, self.shares),
        }


def _reach(features: Tensor, neighbours: int) -> Tensor:
    """(N,): the distance of each to its n-th nearest other."""
    return torch.cdist(features, features).kthvalue(neighbours + 1, dim=1).values  # the nearest of all is itself
