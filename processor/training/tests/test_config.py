"""The recipe as it stands: a setting that nobody reads would be a setting that was never tried."""

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from training.aspects import AspectPlace
from training.stages import Workplace, names_of
from training.train import FitOptions

CONFIG = tomllib.loads((Path(__file__).resolve().parents[1] / "config.toml").read_text(encoding="utf-8"))
PLACE = Workplace(Path("data"), Path("work"), CONFIG)
ASPECTS = AspectPlace(Path("data"), Path("work"), CONFIG)
FITTING = {field.name for field in fields(FitOptions)}
STAGE = FITTING | {"start", "teacher", "from", "keep", "mean", "soft", "retag", "sources", "sample", "augment", "second", "telling", "twins", "templates",
                   "max_tokens", "dev_rows", "pool"}


@pytest.mark.parametrize("name", CONFIG["stages"])
def test_a_stage_says_only_what_is_read_and_names_only_what_there_is(name):
    settings = PLACE.stage(name)
    assert set(settings) <= STAGE
    named = {*settings.get("soft", []), *settings.get("mean", []), *([settings["from"]] if "from" in settings else [])}
    assert named <= set(CONFIG["stages"])
    assert settings.get("start", "student") in CONFIG["weights"]
    drawn = settings.get("sources", PLACE.sources)
    assert set(drawn) <= {*PLACE.sources, *PLACE.more}
    assert {*settings.get("share", {}), *settings.get("sample", {})} <= {*drawn, "templates"}
    assert {*settings.get("retag", {}), *settings.get("retag", {}).values()} <= set(names_of(PLACE))


def test_stages_come_after_those_they_need():
    done: set[str] = set()
    for name in CONFIG["order"]["stages"]:
        settings = PLACE.stage(name)
        assert {*settings.get("soft", []), *settings.get("mean", []), *([settings["from"]] if "from" in settings else [])} <= done, name
        done.add(name)


@pytest.mark.parametrize("name", CONFIG["aspects"])
def test_an_aspect_stage_says_only_what_is_read(name):
    settings = ASPECTS.stage(name)
    assert set(settings) <= FITTING | {"start", "from", "keep", "sources", "sample", "max_tokens", "dev_rows"}
    assert settings["start"] in CONFIG["weights"]


def test_every_artifact_is_pinned():
    for name, source in CONFIG["weights"].items():
        if isinstance(source, dict):
            assert set(source) == {"artifact", "sha256", "model", "tokenizer"} and len(source["sha256"]) == 64 and source["artifact"].count(":") == 2, name
