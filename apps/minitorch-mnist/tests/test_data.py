"""Images as the networks take them."""

from __future__ import annotations

import numpy as np

import minitorch_tensor as mt
from minitorch_datasets import ImageDataset
from minitorch_mnist.data import Digits, to_batches, to_input


def test_pixels_are_scaled_to_mnists_mean_and_deviation() -> None:
    x = to_input(np.array([[[0, 255]]], np.uint8))
    assert x.shape == (1, 1, 1, 2)
    assert x.dtype is mt.float32
    np.testing.assert_allclose(
        x.numpy().ravel(), [-0.1307 / 0.3081, (1 - 0.1307) / 0.3081], rtol=1e-5
    )


def test_batches_go_over_every_image_once_in_a_new_order_each_epoch(small: ImageDataset) -> None:
    images, labels = small.train_images[:50], small.train_labels[:50]
    batches = to_batches(Digits(images, labels), 16, mt.Generator(0))
    assert len(batches) == 4
    orders = []
    for _ in range(2):
        x, y = zip(*batches)
        assert [part.shape for part in x] == [(16, 1, 28, 28)] * 3 + [(2, 1, 28, 28)]
        assert {part.dtype for part in y} == {mt.int64}
        orders.append(np.concatenate([part.numpy() for part in x]))
        np.testing.assert_array_equal(
            np.sort(np.concatenate([part.numpy() for part in y])), np.sort(labels)
        )
    assert (orders[0] != orders[1]).any()
    np.testing.assert_array_equal(
        np.sort(orders[0], axis=0), np.sort(to_input(images).numpy(), axis=0)
    )


def test_without_a_generator_the_order_stays(small: ImageDataset) -> None:
    data = Digits(small.test_images, small.test_labels)
    x = [part.numpy() for part, _ in to_batches(data, 64)]
    np.testing.assert_array_equal(np.concatenate(x), to_input(small.test_images).numpy())


def test_one_image_is_that_of_the_batch(small: ImageDataset) -> None:
    data = Digits(small.test_images, small.test_labels)
    images, labels = data.__getbatch__([3, 5])
    image, label = data[5]
    np.testing.assert_array_equal(image.numpy(), images[1].numpy())
    assert label.item() == labels[1].item() == small.test_labels[5]
