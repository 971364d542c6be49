"""What `workbench recipes gan` explains."""

from __future__ import annotations

NOTES = """\
A generative adversarial network (生成对抗网络) is a game. The generator G
draws images from noise; the discriminator D looks at one image at a time and
says whether it is real. Each learns from the other's mistakes, and nobody
ever tells G what a digit looks like: the only teacher is D.

It is a way of training, not a kind of layer: here G and D are convolutional
networks themselves.

GENERATOR. A dense layer turns noise z into a small map, transposed
convolutions double its sides, tanh ends in the range of the images, which are
-1 to 1:

  G(z) = tanh(W[L] * phi(... phi(W[1] z + b[1]) ...) + b[L])    z ~ N(0, 1)

DISCRIMINATOR. Convolutions with stride 2 down to one number, the logit f(x);
D(x) = sigmoid(f(x)) is the probability of being real.

THE GAME (Goodfellow et al. 2014), one value that D raises and G lowers:

  min over G, max over D of  E log D(x) + E log(1 - D(G(z)))

For a fixed G the best D is p(x) / (p(x) + q(x)), p the density of real
images, q that of samples. Put in, the value is 2 JS(p, q) - log 4: lowest
where p = q, and there it is -log 4 with D = 1/2 everywhere. But where D is
sure, the slope of log(1 - D) is 0 and G learns nothing. So in practice G
lowers something else:

  non-saturating   -log D(G(z))                            the default
  minimax          log(1 - D(G(z)))
  hinge            D: max(0, 1 - f(x)) + max(0, 1 + f(G(z)))      G: -f(G(z))
  least-squares    D: (f(x) - 1)^2 + f(G(z))^2              G: (f(G(z)) - 1)^2
  wasserstein-gp   D: f(G(z)) - f(x) + 10 (|grad f| - 1)^2         G: -f(G(z))
  relativistic     D: -log sigmoid(f(x) - f(G(z))), G the other way round

PENALTIES. The game of alternate steps circles around its equilibrium rather
than reaching it, unless D's slope is damped:

  R1 = gamma / 2 * E |grad f(x)|^2 at real images     R2 the same at samples

With penalty_every n they are computed each n-th time and count n times.

WHAT TO WATCH
- The losses are no measure of quality: each depends on how good the opponent
  is at that moment. A level loss is a fair fight, not a standstill.
- Relative Frechet distance: mean and covariance of 2,000 samples' features
  against those of all real images, over the real variance. The features are
  of a small classifier, trained once per data set; `data` says how often it
  is right. The baseline, real against real, is as low as it can get.
- Precision, recall, classes covered and the KL of their histogram, since each
  number alone can be fooled: the mean image has precision 1, blurred digits
  cover all classes, a perfect copy of one digit is sharp.
- Discriminator accuracy: 60 to 90 % is a fair fight. At 100 % it has won, and
  G learns nothing (preset `overpowered`).
- Samples that all look alike: collapse (`collapse`, `partial-collapse`).
- Nearest training images: samples much nearer to them than real held-out
  images are have been learned by heart.

TRY
- --preset overpowered, then the same with --r1 1: one setting heals it.
- --conditional: both networks are told the class.
- --average off: the samples of single steps jump about; their average does
  not.

THE TUTORIAL'S NETWORKS (sections 2.4, 3.4, 4.4) are the preset `tutorial`.
Put right: D is not inside G, D is a deep network and gives logits, the
objective is stated; in the code, G draws one channel where it drew three,
which its D could not take; one activation after each layer; D is trained at
all, with an optimizer of its own; and G is judged by its samples rather than
by accuracy. Image enhancement and translation, which it names as uses, are
not here.

SOURCES
- Goodfellow et al. 2014, arXiv:1406.2661: the game
- Radford, Metz, Chintala 2016, arXiv:1511.06434: convolutional networks in it
- Mescheder, Geiger, Nowozin 2018, arXiv:1801.04406: R1, and why it is needed
- Karras et al. 2020, arXiv:1912.04958: penalties at some steps only
- Miyato et al. 2018, arXiv:1802.05957 and 1802.05637: spectral norm, classes
- Huang et al. 2024, arXiv:2501.05441: relativistic with R1 and R2
- Heusel et al. 2017, arXiv:1706.08500: the Frechet distance of features
- Kynkäänniemi et al. 2019, arXiv:1904.06991: precision and recall
- Yazici et al. 2019, arXiv:1806.04498: averaging the generator
"""
