"""Draws a person: all parts in the order in which they lie over each other."""

import random

import numpy as np

from drawn_art.figure import clothes_lower, clothes_upper, eyewear, headwear, neckwear, wings
from drawn_art.figure.body import (
    HIP,
    Body,
    body_of,
    draw_arm,
    draw_foot,
    draw_hand,
    draw_leg,
    draw_neck,
)
from drawn_art.figure.canvas import Canvas
from drawn_art.figure.hair import (
    draw_back,
    draw_bangs,
    draw_braids,
    draw_sides,
    draw_spikes,
)
from drawn_art.figure.head import draw_ears, draw_face, head_frame
from drawn_art.figure.person import Person


def draw_person(canvas: Canvas, person: Person, lots: random.Random) -> Body:
    """Lay the person on the canvas; `lots` decides what no tag says, like the ends of locks."""
    body = body_of(person)
    outfit, pose = person.outfit, person.pose
    head = head_frame(pose, person.head)
    for kind in outfit.ornaments:
        if kind in ("bat_wings", "wings"):
            wings.draw_wings(canvas, kind)
        elif kind in ("cat_tail", "fox_tail"):
            wings.draw_tail(canvas, kind)
    with canvas.moved(head):
        draw_back(canvas, person.hair, pose.turn, lots)
    draw_neck(canvas, body, pose.turn)
    back_arms = [
        s for s, angles in ((-1, pose.left), (1, pose.right)) if angles[1] < -25 and angles[0] > -5
    ]
    _legs(canvas, person, body)
    _arms(canvas, person, body, [s for s in (-1, 1) if s not in back_arms])
    _trunk(canvas, person, body, lots)
    _arms(canvas, person, body, back_arms)
    with canvas.moved(head):
        _head(canvas, person, lots)
    return body


def _legs(canvas: Canvas, person: Person, body: Body) -> None:
    outfit = person.outfit
    for side in (-1, 1):
        draw_leg(canvas, body, side)
        if outfit.feet in ("", "sandals") and outfit.legs == "":
            draw_foot(canvas, body, side)
        if outfit.legs:
            clothes_lower.draw_legwear(canvas, outfit, body, side)
    if outfit.bottom in ("pants", "shorts"):
        clothes_lower.draw_trousers(canvas, outfit, body)
    if outfit.feet:
        for side in (-1, 1):
            clothes_lower.draw_footwear(canvas, outfit, body, side)


def _arms(canvas: Canvas, person: Person, body: Body, sides: list[int]) -> None:
    outfit = person.outfit
    for side in sides:
        draw_arm(canvas, body, side)
        part = "dress" if outfit.top == "dress" else "shirt"
        if outfit.over and outfit.over != "vest":
            cut, part = "long", "jacket"
        else:
            cut = outfit.sleeves if outfit.sleeves not in ("strapless", "straps", "none") else ""
        glove_below = outfit.gloves and outfit.gloves != "elbow"
        if glove_below:
            clothes_upper.draw_gloves(canvas, outfit, body, side)
        draw_hand(canvas, body, side, "gloves" if outfit.gloves in ("short", "elbow") else "skin")
        if outfit.gloves == "elbow":
            clothes_upper.draw_gloves(canvas, outfit, body, side)
        clothes_upper.draw_sleeve(canvas, outfit, body, side, part, cut)


def _trunk(canvas: Canvas, person: Person, body: Body, lots: random.Random) -> None:
    outfit = person.outfit
    loose = outfit.bottom == "skirt" and lots.random() < 0.8
    if not loose and outfit.bottom == "skirt":
        clothes_lower.draw_skirt(canvas, outfit, body, lots)
    clothes_upper.draw_top(canvas, outfit, body, lots)
    if loose:
        clothes_lower.draw_skirt(canvas, outfit, body, lots)
    if outfit.apron:
        clothes_lower.draw_apron(canvas, body, HIP + 80 * outfit.length, lots)
    if outfit.belt:
        clothes_upper.draw_belt(canvas, body)
    if outfit.over:
        clothes_upper.draw_over(canvas, outfit, body, lots)
    if outfit.neck in ("neckerchief", "choker", "necklace"):
        if outfit.neck == "neckerchief":
            clothes_upper.draw_collar(canvas, outfit, body)
        neckwear.draw_neckwear(canvas, outfit.neck, body.build)
        if outfit.neck != "neckerchief":
            clothes_upper.draw_collar(canvas, outfit, body)
    else:
        clothes_upper.draw_collar(canvas, outfit, body)
        if outfit.neck:
            neckwear.draw_neckwear(canvas, outfit.neck, body.build)


def _head(canvas: Canvas, person: Person, lots: random.Random) -> None:
    hair, face, turn, outfit = person.hair, person.face, person.pose.turn, person.outfit
    headwear.draw_behind_head(canvas, outfit.ornaments, turn)
    if hair.bangs == "spiky" or hair.back == "spiky":
        draw_spikes(canvas, hair, lots)
    draw_ears(canvas, face, turn)
    draw_face(canvas, face, person.pose)
    draw_sides(canvas, hair, turn, lots)
    if outfit.eyewear:
        eyewear.draw_eyewear(canvas, outfit.eyewear, turn, face.eye_height)
    draw_braids(canvas, hair, lots)
    with canvas.moved(np.array([[1, 0, 3.0 * turn], [0, 1, 0]])):
        draw_bangs(canvas, hair, turn, lots)
        if "headphones" in outfit.ornaments:
            headwear.draw_headphones(canvas)
        if outfit.head:
            headwear.draw_hat(canvas, outfit.head, turn)
        headwear.draw_ornaments(canvas, outfit.ornaments, turn, hair.sweep)
