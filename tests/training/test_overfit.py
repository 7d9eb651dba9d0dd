"""Training works: a few drawings are learned, and their colors come from the tags."""

import torch

from loader.dataset import TrainingPairs, collate
from loader.layout import DataDir
from loader.samples import select
from loader.tag_lines import read_tag_lines
from loader.tags import load_vocabulary
from network.architecture import Architecture
from network.loss import ChangingLoss
from tag2pix import Tag2Pix

STEPS = 50


def test_a_few_drawings_are_learned(drawn_data):
    torch.manual_seed(0)
    vocabulary = load_vocabulary()
    lines = read_tag_lines(drawn_data / "tags.txt")
    samples = select(lines, drawn_data / "rgb_train", vocabulary, training=True, limit=4).samples
    pairs = TrainingPairs(samples, DataDir(drawn_data), vocabulary, input_size=48, seed=1)
    batch = collate([pairs[1, index] for index in range(len(pairs))])
    architecture = Architecture(input_size=48, layers=(1, 1, 1, 1), cit=False)
    tag2pix = Tag2Pix(architecture, ChangingLoss(cit=False), lr_g=0.001)

    def error(cvt):
        final, _ = tag2pix.color(batch.sketch, cvt)
        return float((final - batch.original).abs().mean())

    untrained = error(batch.cvt)
    first = tag2pix.training_step(batch, classify=False)
    for _ in range(STEPS - 1):
        last = tag2pix.training_step(batch, classify=False)
    line_art = float((2 * batch.sketch - 1 - batch.original).abs().mean())
    trained = error(batch.cvt)
    assert float(last["G_loss"]) < 0.4 * float(first["G_loss"])
    assert trained < 0.6 * untrained and trained < 0.6 * line_art
    swapped = error(batch.cvt.roll(1, 0))
    assert swapped > 1.2 * trained
