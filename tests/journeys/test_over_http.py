"""One journey with everything over the network: the bot behind its own server, both parties delivering."""

import httpx

from tests.journeys.conftest import MakesWorld
from tests.journeys.world import CARD, MANAGER, SUPPORT


def test_commands_clicks_and_webhooks_come_over_the_network(make_world: MakesWorld) -> None:
    with make_world(over_http=True) as world:
        assert world.types(SUPPORT, f"/topup {CARD} 10").transport == "http"
        world.clicks(MANAGER, "request_approve")
        assert world.request().status == "executed"
        world.types(SUPPORT, "/topup")
        assert set(world.submits(SUPPORT, card=CARD, amount="?").errors) == {"amount"}

        world.paytend.switches.set_webhooks(duplicate=1)
        world.paytend.events.decline(CARD, "99.90")
        world.hears_from_paytend()
        world.paytend.forge_webhook("1", {"cardId": CARD})
        world.hears_from_paytend()

        assert len(world.slack.messages("C0ONCALL")) == 1
        assert [webhook.state for webhook in world.paytend.webhooks[:2]] == ["delivered"] * 2
        assert world.paytend.webhooks[2].attempts[0].http_status == 401
        metrics = httpx.get(
            str(world.paytend.callback).replace("/paytend/webhook", "/metrics"), trust_env=False
        ).text
        assert 'cardops_webhooks_total{outcome="known",reason=""} 1.0' in metrics
        assert 'cardops_webhooks_total{outcome="taken",reason=""} 1.0' in metrics
