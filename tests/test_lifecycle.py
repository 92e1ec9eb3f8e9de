"""The eyes of the lifecycle check: what an uninstalled addon leaves behind is seen."""

from collections.abc import Iterator

import pytest
from checks.lifecycle import Story
from stack.workshop import Workshop


@pytest.fixture(scope="module")
def story(workshop: Workshop) -> Iterator[Story]:
    story = Story(workshop, "lifecycle_eyes", "installed")
    yield story
    story.end()


@pytest.fixture
def problems(story: Story) -> list[str]:
    story.problems = []
    return story.problems


def change(story: Story, *statements: str) -> None:
    for statement in statements:
        story.workshop.cluster.sql(statement, story.database)


def test_nothing_to_see(story, problems):
    story.same_structure("now", "installed")
    story.same_rows("now", "installed")
    story.same_content("now", "installed")
    story.no_orphans("now")
    assert problems == []


def test_every_addon_has_a_database_from_before(story, problems):
    for addon in story.workshop.addons:
        story.problems.clear()
        story.same_structure(addon, story.workshop.before(addon))
        assert any(line.startswith(f"{addon}: left behind: table vip_") for line in problems)
        assert not any("missing" in line for line in problems)


def test_orphans(story, problems):
    change(
        story,
        "INSERT INTO ir_attachment (name, type, res_model) VALUES ('x', 'url', 'vip.gone')",
        "UPDATE ir_model_data SET module = 'sale' WHERE name = 'tier_gold'",
        "UPDATE vip_benefit SET delivery = 'gone' WHERE code = 'LOUNGE'",
    )
    story.no_orphans("now")
    assert problems == [
        "now: left behind: ir_attachment of vip.gone",
        "now: left behind: vip.benefit.delivery = gone",
        "now: left behind: vip.tier sale.tier_gold",
    ]


def test_a_single_word(story, problems):
    change(story, 'UPDATE res_groups SET comment = \'{"en_US": "Other"}\' WHERE id = 1')
    story.same_content("now", "installed")
    assert "now: the rows of res_groups are not what they were" in problems


def test_structure(story, problems):
    change(
        story,
        "ALTER TABLE vip_tier ADD COLUMN gone int",
        "CREATE FUNCTION vip_gone() RETURNS int AS 'SELECT 1' LANGUAGE sql",
    )
    story.same_structure("now", "installed")
    assert problems == [
        "now: left behind: column vip_tier.gone integer",
        "now: left behind: function vip_gone()",
    ]
