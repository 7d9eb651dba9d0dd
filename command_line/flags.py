"""Every flag, said once. A new one is one row here, and its use."""

from pathlib import Path

from command_line.flag import BETA, COUNT, POSITIVE, RATE, Flag, number
from command_line.parser import filled, path_name
from engines import ENGINES
from finishing.parts import PARTS
from finishing.saving import FORMATS
from hardware import PRECISIONS
from images.color_space import COLOR_SPACES
from loader.tags import COLOR_PARTS, TAG_DUMP
from network.models import MODELS

FINISHES = ("shaded", "flat", "none")
MAX_SIDE = 30_000
PROJECT = Path(__file__).resolve().parents[1]
TRAIN, PRETRAIN, TEST, EVALUATE, GUI = "train", "pretrain", "test", "evaluate", "gui"
LIST_TAGS, EXPORT = "list_tags", "export"
TRAININGS = {TRAIN, PRETRAIN}
COLORINGS = {TEST, EVALUATE, GUI}
GENERATORS = {TRAIN, *COLORINGS}
ALL = {*TRAININGS, *COLORINGS, LIST_TAGS, EXPORT}


def _file(name: str, default: str, text: str, modes: set[str], metavar="FILE", **more) -> Flag:
    return Flag(name, default, text, modes, metavar, path_name, path=True, **more)


def _folder(name: str, default: str, text: str, modes: set[str], **more) -> Flag:
    return _file(name, default, text, modes, "DIR", **more)


def _number(name: str, default: float, text: str, modes: set[str], type=RATE, **more) -> Flag:
    return Flag(name, default, text, modes, more.pop("metavar", "X"), type, **more)


def _count(name: str, default: int, text: str, modes: set[str], type=COUNT, **more) -> Flag:
    return _number(name, default, text, modes, type, metavar=more.pop("metavar", "N"), **more)


MODE_FLAGS = [
    Flag(TEST, False, "color line art instead of training", {TEST}),
    Flag(PRETRAIN, False, "train the tag extractor (CIT) instead, which the training of the "
         "generator needs", {PRETRAIN}, recorded=False),
    Flag(EVALUATE, False, "measure how well a checkpoint colors instead of training", {EVALUATE}),
    Flag(GUI, False, "color in the browser instead of training", {GUI}),
    Flag(LIST_TAGS, None, "list the tags by part, or those that contain WORD, and end",
         {LIST_TAGS}, "WORD", nargs="?", const=""),
    Flag(EXPORT, None, "write the networks of --load, or the part of --pretrain_dump that coloring "
         "needs, to FILE in half precision, or all that coloring needs to FILE.onnx, and end",
         {EXPORT}, "FILE", path_name),
]  # fmt: skip

GROUPS: dict[str, list[Flag]] = {
    "what to do": [
        *MODE_FLAGS,
        _file("load", "", "checkpoint to color with, or to go on training from",
              {TRAIN, *COLORINGS, EXPORT}, recorded=False),
        Flag("resume", None, "go on with the newest good checkpoint of a result directory, by "
             "default the newest one in --result_dir", TRAININGS, "DIR", path_name, nargs="?",
             const=True, recorded=False),
        _file("init", "", "start a new run with the weights of this checkpoint, also for another "
              "--input_size", TRAININGS, recorded=False),
        Flag("dry_run", False, "build everything, train two steps, write one checkpoint, report "
             "time and memory, and leave nothing behind", {TRAIN}, recorded=False),
        Flag("half", False, "with --export FILE.onnx: in float16", {EXPORT}, recorded=False),
    ],
    "data": [
        _folder("data_dir", str(PROJECT / "dataset"), "data directory",
                {*TRAININGS, TEST, EVALUATE}),
        _folder("test_dir", "liner_test", "line art to color, inside the data directory", {TEST}),
        _file("tag_txt", "tags.txt", "tag file, inside the data directory",
              {*TRAININGS, TEST, EVALUATE}),
        _file("tag_dump", str(TAG_DUMP), "tag vocabulary", ALL, recorded=False),
        _file("pretrain_dump", str(PROJECT / "model.pth"), "weights of the tag extractor (CIT)",
              {*GENERATORS, EXPORT}),
        _folder("result_dir", "./results", "where results go", {*TRAININGS, *COLORINGS},
                recorded=False),
        _count("data_size", 0, "use at most this many samples, 0: all",
               {*TRAININGS, TEST, EVALUATE}),
        _count("test_image_count", 64, "benchmark samples in the grids", {TRAIN}),
    ],
    "network": [
        Flag("model", "tag2pix", f"generator: {', '.join(MODELS)}", GENERATORS, "NAME",
             choices=tuple(MODELS), network=True),
        _count("input_size", 256, "side of the square input, a multiple of 16; coloring takes that "
               "of the weights unless this is given", {*GENERATORS, PRETRAIN, EXPORT}, POSITIVE,
               metavar="PX", network=True),
        _count("layers", [12, 8, 5, 5], "blocks per decoder stage, bottom first", GENERATORS,
               POSITIVE, nargs=4, network=True),
        Flag("color_space", "rgb", f"of the output: {', '.join(COLOR_SPACES)}", GENERATORS, "NAME",
             choices=COLOR_SPACES, network=True),
        Flag("use_relu", False, "ReLU between the style layers", GENERATORS, network=True),
        Flag("no_bn", False, "no batch normalization in the generator", GENERATORS, network=True),
        Flag("no_guide", False, "no guide decoder", GENERATORS, network=True),
        Flag("no_cit", False, "no tag extractor, no features, no CIT loss", GENERATORS,
             network=True),
        Flag("cit_norm", "running", "batch normalization of the tag extractor: its running "
             "statistics, or those of the batch as the public code does",
             {*GENERATORS, EXPORT}, "KIND", choices=("running", "batch")),
    ],
    "training": [
        _count("epoch", 20, "train up to this epoch", TRAININGS, POSITIVE),
        _count("batch_size", 64, "images per step, over all GPUs; coloring takes at most 8 at a "
               "time unless this is given", {*TRAININGS, TEST, EVALUATE}, POSITIVE),
        _number("lrG", 0.0002, "learning rate of the generator", {TRAIN}),
        _number("lrD", 0.0002, "learning rate of the discriminator", {TRAIN}),
        _number("beta1", 0.5, "of Adam", {TRAIN}, BETA),
        _number("beta2", 0.999, "of Adam", {TRAIN}, BETA),
        _number("l1_lambda", 1000, "weight of the L1 terms", {TRAIN}),
        _number("guide_beta", 0.9, "weight of the guide decoder's L1 term inside them", {TRAIN}),
        _number("adv_lambda", 1, "weight of the discriminator's adversarial terms", {TRAIN}),
        _number("cit_cvt_weight", [1, 1], "weights of CIT and CVT classification", {TRAIN},
                nargs=2, metavar=("CIT", "CVT")),
        _count("l1_epoch", 0, "before this epoch the generator learns from the L1 terms alone, "
               "without the discriminator and two to three times faster, 0: never", {TRAIN}),
        Flag("parts", False, "learn where parts are, too, of drawings whose parts are known: from "
             "part_train/, which preprocessor/part_extractor.py makes; small parts are shown from "
             "close by and weigh more", {TRAIN}),
        _count("two_step_epoch", 0, "classification from this epoch on, 0: always", {TRAIN}),
        _count("brightness_epoch", 0, "stronger brightness changes of the line art from this epoch "
               "on, 0: never", TRAININGS),
        _count("generator_passes", 1, "2: run the generator again for its own step, as the public "
               "code does; only the pace of its running statistics differs", {TRAIN},
               number(int, 1, 2)),
        _count("seed", -1, "seed everything, -1: with a new seed each time", TRAININGS,
               number(int, -1, 2**63 - 1), fixed="its run has seed {}"),
    ],
    "pretraining the tag extractor (with --pretrain)": [
        _number("pretrain_lr", 0.002, "highest learning rate of AdamW", {PRETRAIN}),
        Flag("lr_schedule", "cosine", "after the warm-up: cosine (falls to 0 until the last epoch) "
             "or constant", {PRETRAIN}, "KIND", choices=("cosine", "constant")),
        _number("holdout", 0.1, "share of the images that only measure it, between 0 and 1",
                {PRETRAIN}, number(float, 0, 1),
                fixed="it was {}, and what was trained on cannot be held out"),
        _number("max_pos_weight", 10, "images that have a tag weigh sqrt(without / with) in its "
                "loss, at least 1 and at most X; 1: no weights", {PRETRAIN}, number(float, 1, 1e6)),
    ],
    "saving": [
        _count("save_freq", 10, "checkpoint every N epochs, 0: only the last", {TRAIN}),
        _count("save_all_epoch", 0, "checkpoint every epoch from this one on, 0: off", {TRAIN}),
        _number("save_minutes", 0, "also save every N minutes inside epochs, 0: off", TRAININGS,
                metavar="N"),
        _count("keep", 2, "how many checkpoints to keep besides those", {TRAIN}, POSITIVE),
    ],
    "speed and hardware": [
        Flag("cpu", False, "use no GPU", ALL, recorded=False),
        # Coloring loads by itself; the public code's commands for it name --thread all the same.
        _count("thread", 8, "processes that load images, at most the number of cores unless given",
               {*TRAININGS, TEST}),
        Flag("cache", None, "keep decoded copies a little larger than --input_size, in DIR or else "
             "in cache/ beside the images; they are made as images are first read, and loading is "
             "several times faster from then on", TRAININGS, "DIR", path_name, nargs="?",
             const=True, path=True),
        Flag("amp", "auto", "arithmetic: auto, bf16, fp16 or off (float32)",
             {*TRAININGS, *COLORINGS}, "KIND", choices=PRECISIONS),
        Flag("engine", "auto", "what colors: torch, onnx (ONNX Runtime), openvino, or auto, which "
             "is torch for checkpoints and the fastest installed for ONNX files", COLORINGS, "NAME",
             choices=ENGINES),
        _count("grad_accum", 1, "split each batch into N parts, to fit it into memory", {TRAIN},
               POSITIVE),
        Flag("compile", False, "compile the networks", TRAININGS),
        Flag("sync_bn", False, "batch normalization over all GPUs", TRAININGS),
    ],
    "coloring (with --test)": [
        Flag("image", None, "color these pictures or folders instead of a data directory", {TEST},
             "FILE", path_name, nargs="+"),
        Flag("tags", None, "their color tags, by name or id", {TEST}, "TAG", nargs="+"),
        Flag("tags_grid", None, "one sheet per picture with all colors of one part, or of two: "
             f"{', '.join(COLOR_PARTS)}", {TEST}, "PART", nargs="+"),
        Flag("keep_aspect", False, "pad the line art of a data directory to a square instead of "
             "stretching it; pictures given by --image always are", {TEST}),
        Flag("finish", FINISHES[0], "pictures of --image at the sketch's own size, under its own "
             "lines: shaded, or flat with one color per region; none: as large as the network "
             "paints", {TEST}, "KIND", choices=FINISHES),
        _count("longest", 0, "finish with this many pixels on the longer side, 0: as many as the "
               "sketch has", {TEST}, number(int, 0, MAX_SIDE)),
        Flag("exact", None, f"give parts ({', '.join(PARTS)}) exact colors: hair=#3355cc", {TEST},
             "PART=#RRGGBB", nargs="+"),
        Flag("transparent", False, "finish without the background", {TEST}),
        Flag("save_as", [FORMATS[0]], f"files to write of each finished picture: "
             f"{', '.join(FORMATS)}; all but png have layers", {TEST}, "FORMAT", nargs="+",
             choices=FORMATS),
    ],
    "measuring (with --evaluate)": [
        _count("eval_drawings", 48, "drawings that are colored with every hair, eye and background "
               "color, 0: none", {EVALUATE}, number(int, 0, 100_000)),
        Flag("fid_weights", "", "Inception's weights for the Fréchet distance, or 'download'; "
             "those in torch hub's folder are found by themselves", {EVALUATE}, "FILE", path_name),
    ],
    "in the browser (with --gui)": [
        _folder("weights_dir", str(PROJECT / "weights"), "checkpoints to choose from, besides "
                "--load; unless given, those of --result_dir, too", {GUI}),
        Flag("host", "127.0.0.1", "address to listen on; 0.0.0.0: reachable from other machines",
             {GUI}, "HOST", filled),
        _count("port", 7860, "port to listen on", {GUI}, number(int, 1, 65535)),
        Flag("auth", "", "ask for this login", {GUI}, "USER:PASSWORD"),
        _number("max_upload", 20, "largest file that is accepted", {GUI}, number(float, 0, 1e5),
                metavar="MB"),
        _number("max_megapixels", 24, "largest picture that is accepted", {GUI},
                number(float, 0, 1e4), metavar="N"),
    ],
}  # fmt: skip

FLAGS = {flag.name: flag for group in GROUPS.values() for flag in group}
