"""The copy for inference computes what the networks do, with fewer passes over memory."""

import pytest
import torch
from settled import settle
from torch import nn

from engines.early_gates import EarlyGateBottleneck
from engines.painter import merge_narrow_groups, painter
from network import Generator, TagExtractor
from network.architecture import Architecture
from network.tag_extractor import SEResNeXtBlock


@pytest.mark.parametrize("batch_statistics", [False, True])
@pytest.mark.parametrize("model", ["tag2pix", "catall"])
def test_early_gates_and_merged_groups_change_no_value(model, batch_statistics):
    torch.manual_seed(0)
    generator = settle(Generator(Architecture(model, 32, layers=(1, 1, 2, 1)))).double()
    extractor = settle(TagExtractor(truncated=True)).double()
    extractor.train(batch_statistics)
    sketch = torch.rand(2, 1, 32, 32, dtype=torch.float64)
    cvt = (torch.rand(2, 115) < 0.05).double()
    with torch.inference_mode():
        expected = generator(sketch, extractor(sketch), cvt)[0]
        ours = painter(generator, extractor)
        merge_narrow_groups(ours, 8)
        torch.testing.assert_close(ours(sketch, cvt), expected, rtol=0, atol=1e-9)
    kinds = [type(module) for module in ours.modules()]
    # Statistics of the batch come after the convolution, so no gate can be known before it.
    assert kinds.count(SEResNeXtBlock) == (7 if batch_statistics else 0)
    assert kinds.count(EarlyGateBottleneck) == (5 if batch_statistics else 12)
    grouped = [m for m in ours.modules() if isinstance(m, nn.Conv2d) and m.groups > 1]
    assert min(conv.in_channels // conv.groups for conv in grouped) > 4
