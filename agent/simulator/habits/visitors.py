"""Guests of the site who are no thieves: a search engine's crawler, and people who open a public list."""

from __future__ import annotations

from datetime import date

from agent.simulator.world.clients import BROWSERS, Client
from agent.simulator.world.networks import networks_of
from agent.simulator.world.sessions import HOUR
from agent.simulator.world.stage import Stage

CRAWLER = Client("Mozilla/5.0 (compatible; ExampleSpider/2.1; +https://spider.example/about)")
LIST_ITEMS = "serviceComponent://ui.force.components.controllers.lists.selectableListDataProvider.SelectableListDataProviderController/ACTION$getItems"  # fmt: skip
ARTICLE = "aura://KnowledgeArticleController/ACTION$getArticle"
LIST_READERS = 3


def live(stage: Stage, day: date) -> None:
    """One crawl a day, seldom a fast one."""
    guest, begin = stage.staff.of("guest")[0], stage.window[0]
    place = networks_of("visitor")[4].address(77)
    start = begin + stage.number(0, 20, "crawl") * HOUR
    session = stage.session(guest, start, 59, place, CRAWLER, "crawler")
    pause = 20 if day.day % 7 else 4
    for number in range(stage.number(60, 150, "pages")):
        stage.leave("Sites", session, 10 + number * pause)
        stage.leave("AuraRequest", session, 11 + number * pause, ACTION_MESSAGE=ARTICLE, REQUEST_STATUS="S")
    places = networks_of("home")
    for number in range(LIST_READERS):
        where = places[stage.number(0, len(places) - 1, "reader", number)].address(stage.number(1, 3_000, "at", number))
        start = begin + stage.number(0, 22, "reads", number) * HOUR + number * 60_000
        reader = stage.session(guest, start, 20, where, BROWSERS[number % len(BROWSERS)], f"reader {number}")
        for page in range(stage.number(1, 4, "turns", number)):
            stage.leave("AuraRequest", reader, 20 + page * 25, ACTION_MESSAGE=LIST_ITEMS, REQUEST_STATUS="S")
