"""The lines of README.md that color with a portable network from another program."""

import re
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from test_engines import make, write

from coloring.colorist import Colorist

README = Path(__file__).parents[2] / "README.md"


def test_the_lines_of_the_readme_color(tmp_path, monkeypatch):
    (code,) = (
        code
        for code in re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
        if "import onnxruntime" in code
    )
    assert code.count("\n") <= 16
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "W.onnx", *make(cit=True))
    lines = (np.random.default_rng(2).random((50, 50)) * 255).astype(np.uint8)
    Image.fromarray(lines).save("sketch.png")

    exec(compile(code, "README.md", "exec"), {})

    colorist = Colorist.load(path, engine="openvino")
    square = Image.open("sketch.png").convert("L").resize((32, 32))
    sketch = torch.from_numpy(np.asarray(square, np.float32) / 255)[None]
    tags = colorist.vocabulary.parse(["blue_hair", "red_eyes"])
    expected = colorist.paint_choices(sketch, [tags])[0].astype(int)
    painted = np.asarray(Image.open("colored.png")).astype(int)
    assert np.abs(painted - expected).max() <= 1
