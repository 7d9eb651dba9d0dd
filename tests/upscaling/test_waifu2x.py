"""waifu2x in torch: against ncnn, which the model files are made for, and against LANCZOS."""

import cv2
import ncnn
import numpy as np
import pytest
import torch

from errors import InputError
from upscaling import waifu2x
from upscaling.models import waifu2x_models
from upscaling.upscaler import Upscaler

MODELS = waifu2x_models()


@pytest.fixture(scope="module")
def drawing():
    """A flat-colored drawing with black outlines, (192, 192, 3) uint8."""
    canvas = np.full((768, 768, 3), 255, np.uint8)
    for center, axes, color in (
        ((380, 400), (250, 300), (250, 220, 200)),
        ((290, 380), (60, 90), (60, 90, 200)),
        ((480, 380), (60, 90), (60, 90, 200)),
        ((380, 560), (90, 30), (220, 60, 80)),
    ):
        cv2.ellipse(canvas, center, axes, 15, 0, 360, color, -1, cv2.LINE_AA)
        cv2.ellipse(canvas, center, axes, 15, 0, 360, (0, 0, 0), 6, cv2.LINE_AA)
    return cv2.resize(canvas, (192, 192), interpolation=cv2.INTER_AREA)


def psnr(image, truth):
    return 10 * np.log10(255**2 / np.square(image.astype(float) - truth).mean())


@pytest.mark.parametrize(("model", "noise_level"), [("anime", 1), ("anime", -1), ("photo", 3)])
def test_torch_computes_what_ncnn_computes(drawing, model, noise_level):
    small = drawing[:60, :80]
    denoise = "" if noise_level < 0 else f"_DENOISE{noise_level}X"
    net = ncnn.Net()
    net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = False
    net.load_param(str(MODELS / f"WAIFU2X_{model.upper()}_UP2X{denoise}.param"))
    net.load_model(str(MODELS / f"WAIFU2X_{model.upper()}_UP2X{denoise}.bin"))
    planes = np.pad(small, ((7, 7), (7, 7), (0, 0)), mode="edge").astype(np.float32) / 255
    planes = np.ascontiguousarray(planes.transpose(2, 0, 1))
    extractor = net.create_extractor()
    extractor.input("Input1", ncnn.Mat(planes).clone())
    _, expected = extractor.extract("Eltwise4")
    with torch.inference_mode():
        found = waifu2x.load(model, noise_level)(torch.from_numpy(planes)[None])[0]
    assert found.shape == (3, 120, 160)
    assert np.abs(found.numpy() - np.array(expected)).max() < 2e-3


@pytest.mark.parametrize("size", [192, 144])
def test_drawings_are_restored_better_than_by_lanczos(drawing, size):
    truth = cv2.resize(drawing, (size, size), interpolation=cv2.INTER_AREA)
    small = cv2.resize(truth, (96, 96), interpolation=cv2.INTER_AREA)
    by_waifu2x = Upscaler(size, "waifu2x", "anime", -1)(small)
    by_lanczos = Upscaler(size, "lanczos")(small)
    assert by_waifu2x.shape == by_lanczos.shape == (size, size, 3)
    assert psnr(by_waifu2x, truth) > psnr(by_lanczos, truth) + 1


def test_noise_levels_remove_jpeg_noise(drawing):
    small = cv2.resize(drawing, (96, 96), interpolation=cv2.INTER_AREA)
    _, coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 40])
    noisy = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    quality = [psnr(Upscaler(192, "waifu2x", "anime", level)(noisy), drawing) for level in (-1, 2)]
    assert quality[1] > quality[0] + 0.3


def test_tiles_leave_no_seams(drawing):
    network = waifu2x.load("anime", 1)
    whole = waifu2x.upscale(drawing, 384, network, tile=192).astype(int)
    tiled = waifu2x.upscale(drawing, 384, network, tile=50).astype(int)
    assert np.abs(whole - tiled).max() <= 1


def test_sizes_that_are_no_doubling(drawing):
    network = waifu2x.load("anime", 1)
    assert waifu2x.upscale(drawing[:30, :40], 100, network).shape == (100, 100, 3)
    assert waifu2x.upscale(drawing[:1, :1], 3, network).shape == (3, 3, 3)
    assert np.array_equal(waifu2x.upscale(drawing, 192, network), drawing)


def test_gray_stays_gray(drawing):
    gray = cv2.cvtColor(drawing, cv2.COLOR_RGB2GRAY)
    scaled = Upscaler(384, "waifu2x")(gray)
    assert scaled.shape == (384, 384)
    assert psnr(cv2.resize(scaled, (192, 192), interpolation=cv2.INTER_AREA), gray) > 30


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda param, weights: (param.replace("Deconvolution", "Exec"), weights), "Exec"),
        (lambda param, weights: (param, weights[:-4]), "too short"),
        (lambda param, weights: (param, weights + b"1234"), "too long"),
        (lambda param, weights: (param, b"\x01" + weights[1:]), "unknown encoding"),
        (lambda param, weights: ("hello\n" * 9, weights), "no upconv_7 model"),
        (lambda param, weights: ("", weights), "no upconv_7 model"),
    ],
)
def test_other_model_files_are_refused(tmp_path, edit, reason):
    name = "WAIFU2X_ANIME_UP2X.param"
    weights = (MODELS / name).with_suffix(".bin").read_bytes()
    param, weights = edit((MODELS / name).read_text(), weights)
    (tmp_path / name).write_text(param)
    (tmp_path / name).with_suffix(".bin").write_bytes(weights)
    with pytest.raises(InputError, match=reason):
        waifu2x.read_upconv7(tmp_path / name)


def test_missing_model_files_are_named(tmp_path):
    with pytest.raises(InputError, match="x.param"):
        waifu2x.read_upconv7(tmp_path / "x.param")
