"""What `workbench recipes cnn` explains."""

from __future__ import annotations

NOTES = """\
A convolutional network slides small filters over an image, keeps the
strongest answers, and repeats this on what it found: edges, then strokes,
then shapes. The same filter serves every place, so it needs few weights and
finds a stroke wherever it lies.

CONVOLUTION of channels c with filters w[k], stride s, dilation d, padding p
(counted from 0; what lies outside the image is 0):

  y[k,i,j] = b[k] + sum over c,m,n of w[k,c,m,n] * x[c, s*i+d*m-p, s*j+d*n-p]

  output side = floor((H + 2p - d*(M-1) - 1) / s) + 1     filters of M x M

This is what deep learning calls convolution; mathematics calls it
cross-correlation, since the filter is not mirrored. Here s = d = 1.

POOLING of M x M pixels, stride M (with stride 1 it would not shrink
anything):

  max:     y[c,i,j] = max  over m,n of x[c, M*i+m, M*j+n]     m, n = 0 .. M-1
  average: y[c,i,j] = mean over m,n of x[c, M*i+m, M*j+n]     here M = 2

DENSE LAYER from I inputs to J outputs, one sum for each output k:

  y[k] = b[k] + sum over i of W[k,i] * x[i]

SOFTMAX AND LOSS. The last dense layer gives logits y, one per class. Softmax
turns them into probabilities; the loss is the surprise at the true class t:

  p[k] = exp(y[k]) / sum over l of exp(y[l])          loss = -log p[t]

The network itself ends with logits: loss and display apply the softmax.

ARCHITECTURE. `convnet` is the network above. `conv1d` reads an image as the
sequence of its rows and slides filters along it: compare it with the recipe
rnn on the same rows. Both share their weights over places or steps, which is
what keeps them small; being local alone would not. A dense layer from 28x28
pixels to 16 maps of 28x28 needs 9.8 million weights, a 3x3 convolution 144.
`resnet18` and `mobilenet_v3_small` are torchvision's, from random weights,
with a stem for small images; they have a shape of their own and say what they
ignore. Detecting where objects are, and text, are not in this recipe.

YOUR OWN IMAGES. `--dataset folder --path DIR`, a folder for each class. With
few of them, begin with what another run has learned (the last layer is new
where the classes are others), and let rare classes count alike:

  workbench train cnn --from RUN --weights --lr 1e-3 --class-weights balanced

WHAT TO WATCH
- Loss of both splits. Training low and validation rising: overfitting; try
  dropout, weight_decay, shift and rotate, or more data.
- Gradient norm. A slow fall is healthy; a sudden rise by 10 or more says that
  lr is too high; below 1e-4 from the start, that nothing is learned.
- Accuracy beside the baselines: nearest neighbour in pixels is a hard one.
- Dead units: a ReLU that is 0 for all images neither says nor learns
  anything.
- Worst examples. Late in a run they should be digits that you doubt, too.
- Grad-CAM: where in the image there was what spoke for the predicted class.
  Light beside the object means that the network goes by its surroundings:

    heat = relu(sum over k of a[k] * A[k])   A[k]: maps of the last conv layer
    a[k] = mean over i,j of d y[class] / d A[k,i,j]

- Feature maps: what the first and the last convolution make of one image.
- First filters: they become edges and blobs; noise that stays is overfitting.

LABS. recipes/cnn/LABS.md measures what helps against what (sections 5.1, 5.4
and 6.5 of the tutorial): scarce data, optimisers, batch size, learning rate,
L1, L2, dropout, early stopping. Each row is one command, for example

  workbench train cnn --preset lab --optimizer sgd --lr 0.1 --nesterov
  workbench train cnn --preset scarce --shift 2 --rotate 12 --zoom 0.1

THE TUTORIAL'S NETWORK is the preset `tutorial`: convolutional neural networks
(卷积神经网络), sections 2.1, 3.1, 4.1 of the deep learning tutorial, with
what it leaves out put right: channels, stride and padding in the convolution,
stride in the pooling, one sum per output in the dense layer, pixels scaled,
splits kept apart, softmax in the loss.

SOURCES
- LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to
  document recognition, Proc. IEEE 86(11): the architecture, MNIST
- Ioffe, Szegedy 2015, arXiv:1502.03167: batch norm
- Srivastava et al. 2014, JMLR 15: dropout
- Loshchilov, Hutter 2019, arXiv:1711.05101: AdamW
- Smith, Topin 2018, arXiv:1708.07120: the one-cycle schedule
- He et al. 2015, arXiv:1512.03385: residual networks
- Howard et al. 2019, arXiv:1905.02244: MobileNetV3
- Selvaraju et al. 2017, arXiv:1610.02391: Grad-CAM
- Dumoulin, Visin 2016, arXiv:1603.07285: convolution arithmetic
"""
