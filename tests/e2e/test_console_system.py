"""The System page in Chromium: nodes as they change, alerts that come and go, history by period."""

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import Page, expect
from pydantic import SecretStr

from libs.common.bus import Bus
from libs.common.contracts.channels import Severity
from libs.common.contracts.system import TellNode
from libs.common.settings import BusSettings
from tests.console import in_both_themes
from tests.unit.trainer.machines import reading

ATTIC = "attic"
A_SHARE = re.compile(r"^(0|1|0\.\d+)$")


def tell(stack, celsius: float) -> None:
    """As the agent on a machine with a GPU would; in another thread, since Playwright has this one's loop."""

    async def ask() -> None:
        variables = stack.environment("worker")
        settings = BusSettings(
            url=variables["MODELYARD_BUS__URL"],
            user=variables["MODELYARD_BUS__USER"],
            password=SecretStr(variables["MODELYARD_BUS__PASSWORD"]),
        )
        bus = await Bus.connect(settings, name="attic")
        told = reading(gpu={"use": 0.5, "temperature_celsius": celsius, "power_watts": 60.0})
        try:
            await bus.ask(TellNode(node=ATTIC, teller="attic:1", reading=told))
        finally:
            await bus.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, ask()).result()


@in_both_themes
def test_the_system_page_shows_nodes_with_all_their_parts_and_their_history(page: Page, stack):
    page.goto(f"{stack.console_url}/system")
    expect(page.get_by_role("heading", name="local")).to_be_visible()
    cpu = page.get_by_role("meter", name="CPU").first
    expect(cpu).to_have_attribute("aria-valuenow", A_SHARE)
    for part in ("Memory", "Disk of scratch, data"):
        expect(page.get_by_role("meter", name=part).first).to_be_visible()
    for room in ("trainer", "evaluator", "notifier"):
        expect(page.get_by_text(room)).to_be_visible()
    expect(page.get_by_text("Use · %")).to_be_visible()
    page.get_by_text("6 h", exact=True).click()
    page.wait_for_url("**/system?section=6h*")
    expect(page.get_by_text("Use · %")).to_be_visible()


def test_an_alert_comes_and_goes_while_the_page_is_open(page: Page, stack, yard):
    """Nobody loads the page again."""
    page.goto(f"{stack.console_url}/system")
    expect(page.get_by_role("heading", name="local")).to_be_visible()
    message = "gpu0 (NVIDIA T4) is 91 °C hot"
    expect(page.get_by_text(message)).to_have_count(0)

    tell(stack, 91)
    expect(page.get_by_text(message)).to_be_visible()
    expect(page.get_by_role("heading", name=ATTIC)).to_be_visible()
    expect(page.get_by_role("meter", name="Temperature")).to_have_attribute("aria-valuetext", "91 °C")

    tell(stack, 60)
    expect(page.get_by_text(message)).to_have_count(0)
    expect(page.get_by_role("meter", name="Temperature")).to_have_attribute("aria-valuetext", "60 °C")
    page.reload()
    page.get_by_text("Earlier alerts").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    assert _told(yard) == [
        (f"Node “{ATTIC}” is well again", Severity.INFO),
        (f"Node “{ATTIC}” needs a look", Severity.WARNING),
    ]


def _told(yard) -> list[tuple[str, Severity]]:
    """What people were told last, once the end has reached them, too."""
    for _ in range(100):
        told = [(each.title, each.severity) for each in yard.deliveries.list() if ATTIC in each.title]
        if told and told[0][1] is Severity.INFO:
            return told[:2]
        time.sleep(0.1)
    raise AssertionError("nobody was told")
