"""Face stage: detection with a small cascade of our own, and the published lines and crops."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from drawn_art.adventurer.picture import choose
from drawn_art.render import render_cropped
from errors import InputError
from images.png import write_png
from images.reader import read_rgb
from loader.tag_lines import read_tag_lines
from loader.tags import TAG_TABLE, load_vocabulary, write_tag_dump
from preprocessor import demo_dataset, face_extractor
from preprocessor.faces import samples as face_samples
from preprocessor.faces.drawn import face_position
from preprocessor.faces.positions import FacePosition, parse_position, read_positions
from preprocessor.faces.search import square_box

POSITIONS = "face_position.txt"
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "face_move_all.json").read_text())

# One stage, one local binary pattern over the whole window: a center brighter than all around it.
CASCADE = """<?xml version="1.0"?>
<opencv_storage><cascade type_id="opencv-cascade-classifier"><stageType>BOOST</stageType>
<featureType>LBP</featureType><height>24</height><width>24</width>
<stageParams><maxWeakCount>1</maxWeakCount></stageParams>
<featureParams><maxCatCount>256</maxCatCount></featureParams><stageNum>1</stageNum>
<stages><_><maxWeakCount>1</maxWeakCount><stageThreshold>0.5</stageThreshold><weakClassifiers><_>
<internalNodes>0 -1 0 1 0 0 0 0 0 0 0</internalNodes><leafValues>1. -1.</leafValues></_>
</weakClassifiers></_></stages><features><_><rect>0 0 8 8</rect></_></features>
</cascade></opencv_storage>
"""


@pytest.fixture
def cascade(tmp_path):
    path = tmp_path / "cascade.xml"
    path.write_text(CASCADE)
    return path


def bright_squares(*corners, side=80, size=500):
    image = np.full((size, size, 3), 20, np.uint8)
    for x, y in corners:
        image[y : y + side, x : x + side] = (250, 230, 210)
    return image


def search(dataset, cascade, *more, jobs=1):
    arguments = ["--dataset_path", dataset, "--cascade", cascade, "--jobs", jobs, *more]
    return face_extractor.main([str(argument) for argument in arguments])


def add_all(dataset, *more, jobs=1):
    arguments = ["--dataset_path", dataset, "--add_all", "--jobs", jobs, *more]
    return face_extractor.main([str(argument) for argument in arguments])


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def drawings(tmp_path):
    dataset = tmp_path / "dataset"
    train = dataset / "rgb_train"
    write_png(train / "3.png", bright_squares((200, 160)))
    write_png(train / "12.png", bright_squares((60, 60), (350, 350)))
    write_png(train / "20.png", np.full((500, 500, 3), 99, np.uint8))
    write_png(train / "-5.png", bright_squares((200, 160)))
    write_png(train / "sketchbook.png", bright_squares((200, 160)))
    (train / "21.png").write_bytes(b"")
    return dataset


def test_one_face_is_cut_out_and_its_position_noted(drawings, cascade, capsys):
    assert search(drawings, cascade) == 0
    faces = drawings / "temp_faces"
    assert sorted(p.name for p in faces.glob("*.png")) == ["-3.png"]
    (position,) = read_positions(faces / "face_position.txt")
    assert position.file_id == 3
    image = read_rgb(drawings / "rgb_train" / "3.png")
    crop = read_rgb(faces / "-3.png")
    assert np.array_equal(crop, image[position.pixels(500, 500)])
    assert crop.shape[0] == crop.shape[1] >= 128
    assert (crop == 250).any(axis=2).sum() == 80 * 80, "the whole bright square is in the crop"
    out, err = capsys.readouterr()
    for reason in ("several faces: 1", "no face: 1", "a face itself: 1", "not an integer: 1"):
        assert reason in out
    assert "failed: 1" in out
    assert "21.png: the file is empty" in err
    assert "sketchbook.png" in err


def test_the_result_does_not_depend_on_jobs_nor_on_an_interruption(drawings, cascade, monkeypatch):
    for number in range(30, 36):
        write_png(drawings / "rgb_train" / f"{number}.png", bright_squares((210, number * 5)))
    search(drawings, cascade)
    expected = files(drawings / "temp_faces")

    for path in (drawings / "temp_faces").iterdir():
        path.unlink()
    search(drawings, cascade, jobs=2)
    assert files(drawings / "temp_faces") == expected

    journal = (drawings / "temp_faces" / "searched.txt").read_text()
    (drawings / "temp_faces" / "searched.txt").write_text(journal[: len(journal) // 2])
    (drawings / "temp_faces" / "face_position.txt").unlink()
    (drawings / "temp_faces" / ".-33.123.tmp.png").write_bytes(b"half")
    search(drawings, cascade)
    assert files(drawings / "temp_faces") == expected


def test_a_deleted_face_is_not_made_again(drawings, cascade):
    search(drawings, cascade)
    (drawings / "temp_faces" / "-3.png").unlink()
    search(drawings, cascade)
    assert not list((drawings / "temp_faces").glob("*.png"))


def test_dry_run_writes_nothing(drawings, cascade):
    before = files(drawings)
    search(drawings, cascade, "--dry_run")
    assert files(drawings) == before


def test_what_is_no_cascade_is_named(drawings, cascade, capsys):
    cascade.write_text("<html>Not found</html>")
    assert search(drawings, cascade) == 2
    assert str(cascade) in capsys.readouterr().err
    assert search(drawings, "/nowhere/cascade.xml") == 2


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((200, 160, 120, 110), (188, 148, 144)),
        ((5, 3, 120, 120), (0, 0, 144)),
        ((380, 300, 120, 120), (368, 288, 132)),
    ],
)
def test_boxes_get_a_margin_and_stay_square_inside_the_image(box, expected):
    assert square_box(np.array(box), rows=500, columns=500) == expected


@pytest.mark.parametrize("line", ["1 0.5 0.5 0.2", "1 0.5 x 0.2 0.2", "1 0.5 0.5 -1 -1", "a b"])
def test_a_broken_position_is_named_with_its_line(tmp_path, line):
    path = tmp_path / "face_position.txt"
    path.write_text(f"7 0.1 0.1 0.2 0.2\n\n{line}\n")
    with pytest.raises(InputError, match="face_position.txt, line 3"):
        read_positions(path)


def test_positions_survive_writing():
    position = FacePosition(12, 0.2633333333333333, 1 / 3, 0.24, 0.24)
    assert parse_position(position.line()) == position


@pytest.fixture
def reference_case(tmp_path):
    """The data set that the published script was recorded on, and a way to read the result."""
    dataset = tmp_path / "reference"
    rng = np.random.default_rng(0)
    (dataset / "rgb_train").mkdir(parents=True)
    (dataset / "temp_faces").mkdir()
    (dataset / "tags.txt").write_text("\n".join(GOLDEN["tags_txt_before"]))
    positions = [FacePosition(*row) for row in GOLDEN["face_position"]]
    lines = "".join(f"{position.line()}\n" for position in positions)
    (dataset / "temp_faces" / "face_position.txt").write_text(lines)
    for file_id in range(1, 8):
        if file_id not in GOLDEN["temp_face_missing"]:
            face = rng.integers(0, 256, (130, 130, 3), dtype=np.uint8)
            write_png(dataset / "temp_faces" / f"-{file_id}.png", face)
    for folder, missing in GOLDEN["missing_sketches"].items():
        for name, size in GOLDEN["sketch_sizes"].items():
            if int(name) not in missing:
                sketch = rng.integers(0, 256, (size, size), dtype=np.uint8)
                write_png(dataset / folder / f"{name}.png", sketch)
    return dataset


def shapes(dataset):
    return {
        folder: {
            path.name: list(read_rgb(path).shape)
            for path in sorted((dataset / folder).glob("-*.png"))
        }
        for folder in GOLDEN["faces_after"]
    }


def appended(dataset):
    lines = read_tag_lines(dataset / "tags.txt")
    return {
        str(line.file_id): sorted(map(str, line.tags)) for line in lines if line.file_id < 0
    }, lines


def without_deleted(golden):
    return {name: value for name, value in golden.items() if name.removesuffix(".png") != "-5"}


def test_keep_deleted_faces_adds_what_the_published_script_added(reference_case):
    add_all(reference_case, "--keep_deleted_faces")
    assert shapes(reference_case) == GOLDEN["faces_after"]
    assert appended(reference_case)[0] == GOLDEN["appended"]


def test_faces_deleted_by_hand_are_not_added(reference_case, capsys):
    add_all(reference_case, jobs=2)
    after = {folder: without_deleted(names) for folder, names in GOLDEN["faces_after"].items()}
    assert shapes(reference_case) == after
    assert appended(reference_case)[0] == without_deleted(GOLDEN["appended"])
    out = capsys.readouterr().out
    assert "faces added: 5" in out
    assert "deleted from temp_faces: 1" in out
    assert "no tag line: 1" in out
    assert "no sketch: 1" in out


def test_sketch_crops_show_the_face(reference_case):
    add_all(reference_case)
    sketch = cv2.imread(str(reference_case / "keras_train" / "2.png"), cv2.IMREAD_GRAYSCALE)
    crop = cv2.imread(str(reference_case / "keras_train" / "-2.png"), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(crop, sketch[89 : 89 + 72, 79 : 79 + 72])


def test_old_lines_are_kept_and_new_ones_stand_on_their_own(reference_case):
    add_all(reference_case)
    text = (reference_case / "tags.txt").read_text()
    old = "\n".join(GOLDEN["tags_txt_before"])
    assert text.startswith(old + "\n-1 5403 481508 6010 462808 658573\n")
    assert text.endswith("\n")
    assert not any(line != line.strip() for line in text.split("\n"))


def test_a_second_run_adds_nothing(reference_case, capsys):
    add_all(reference_case)
    before = files(reference_case)
    add_all(reference_case)
    assert files(reference_case) == before
    assert "added before: 5" in capsys.readouterr().out
    add_all(reference_case, "--keep_deleted_faces")
    lines = (reference_case / "tags.txt").read_text().splitlines()
    assert sum(line.startswith("-5 ") for line in lines) == 1
    before = files(reference_case)
    add_all(reference_case, "--keep_deleted_faces")
    assert files(reference_case) == before


@pytest.mark.parametrize("step", ["_add_tag_lines", "_move", "second move"])
def test_an_interrupted_run_is_completed(reference_case, tmp_path, monkeypatch, step):
    complete = tmp_path / "complete"
    shutil.copytree(reference_case, complete)
    add_all(complete)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if step == "second move":
            replace, calls = Path.replace, []

            def replace_once(self, target):
                if self.parent.name == "temp_faces":
                    calls.append(self)
                    if len(calls) > 1:
                        raise KeyboardInterrupt
                return replace(self, target)

            patch.setattr(Path, "replace", replace_once)
        else:
            patch.setattr(face_samples, step, killed)
        assert add_all(reference_case) == 130
    assert files(reference_case) != files(complete)
    add_all(reference_case)
    assert files(reference_case) == files(complete)


def test_tags_a_face_can_show():
    vocabulary = load_vocabulary()
    lines = {line.split()[0]: line.split()[1:] for line in GOLDEN["tags_txt_before"] if line}
    for name, tags in lines.items():
        kept = face_samples.face_tags(map(int, tags), vocabulary)
        assert sorted(map(str, kept)) == [tag for tag in GOLDEN["filtered_tags"][name] if tag]
        assert kept == [int(tag) for tag in tags if int(tag) in kept]
    assert face_samples.face_tags([515193, 3389, 3389, 470575], vocabulary) == [3389, 470575]


def test_all_tags_of_the_image_can_be_kept(reference_case):
    add_all(reference_case, "--all_tags")
    lines = {line.file_id: line.tags for line in read_tag_lines(reference_case / "tags.txt")}
    faces = {file_id: tags for file_id, tags in lines.items() if file_id < 0}
    assert len(faces) == len(appended(reference_case)[0])
    assert all(tags == lines[-file_id] for file_id, tags in faces.items())


def test_an_own_vocabulary_decides_what_a_face_shows(reference_case, tmp_path):
    table = TAG_TABLE.read_text(encoding="utf-8").splitlines()
    changed = []
    for line in table:
        fields = line.split("\t")
        if fields[2] == "cit" and fields[0] == "481508":
            fields[0] = "77777777"
        changed.append("\t".join(fields))
    (tmp_path / "own.tsv").write_text("\n".join(changed) + "\n", encoding="utf-8")
    write_tag_dump(tmp_path / "own.tsv", tmp_path / "own.pkl")
    add_all(reference_case, "--tag_dump", tmp_path / "own.pkl")
    assert appended(reference_case)[0]["-1"] == ["462808", "5403", "6010", "658573"]


def test_parser_shows_an_example():
    help_text = face_extractor.build_parser().format_help()
    assert "example: python preprocessor/face_extractor.py" in help_text


def test_faces_of_drawn_images_are_where_the_drawing_says(tmp_path, capsys):
    """No cascade: every drawing whose face is whole gives a crop with all of its irises in it."""
    assert (
        demo_dataset.main(
            [
                "--dataset_path",
                str(tmp_path),
                "--count",
                "4",
                "--jobs",
                "1",
                "--styles",
                "adventurer",
            ]
        )
        == 0
    )
    drawings = [choose(1, index) for index in range(4)]
    (tmp_path / "rgb_train").mkdir()
    for drawing in drawings:
        color = render_cropped(drawing, 256)["color"]
        write_png(tmp_path / "rgb_train" / f"{drawing.file_id}.png", color)

    assert face_extractor.main(["--dataset_path", str(tmp_path), "--drawn", "--jobs", "1"]) == 0

    positions = {face.file_id: face for face in read_positions(tmp_path / "temp_faces" / POSITIONS)}
    assert positions.keys() == {d.file_id for d in drawings if face_position(d)} != set()
    for drawing in drawings:
        if drawing.file_id in positions:
            box = positions[drawing.file_id].pixels(256, 256)
            iris = render_cropped(drawing, 256)["iris"] > 127
            assert iris[box].sum() == iris.sum() > 0
            crop = read_rgb(tmp_path / "temp_faces" / f"-{drawing.file_id}.png")
            assert np.array_equal(crop, render_cropped(drawing, 256)["color"][box])

    sides = {file_id: face.pixels(256, 256)[0] for file_id, face in positions.items()}
    sides = {file_id: rows.stop - rows.start for file_id, rows in sides.items()}
    largest = max(sides.values())
    shutil.rmtree(tmp_path / "temp_faces")
    flags = ["--drawn", "--jobs", "1", "--smallest", str(largest)]
    assert face_extractor.main(["--dataset_path", str(tmp_path), *flags]) == 0
    left = {face.file_id for face in read_positions(tmp_path / "temp_faces" / POSITIONS)}
    assert left == {file_id for file_id, side in sides.items() if side == largest} < sides.keys()
    assert f"face under {largest} px" in capsys.readouterr().out


def test_drawn_faces_need_a_drawn_data_set(tmp_path, capsys):
    (tmp_path / "rgb_train").mkdir()
    assert face_extractor.main(["--dataset_path", str(tmp_path), "--drawn"]) == 2
    assert "ground_truth.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize("flag", [("--drawn",), ("--cascade", "any.xml"), ("--smallest", "9")])
def test_adding_faces_takes_no_flags_of_finding_them(tmp_path, flag, capsys):
    assert face_extractor.main(["--dataset_path", str(tmp_path), "--add_all", *flag]) == 2
    error = capsys.readouterr().err
    assert f"{flag[0]} is for finding faces" in error and error.count("\n") == 1


@pytest.mark.parametrize("flag", ["--keep_deleted_faces", "--all_tags"])
def test_finding_faces_takes_no_flags_of_adding_them(tmp_path, flag, capsys):
    assert face_extractor.main(["--dataset_path", str(tmp_path), flag]) == 2
    error = capsys.readouterr().err
    assert f"{flag} is for --add_all" in error and error.count("\n") == 1
