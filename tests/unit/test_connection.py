"""Whether the gateway is there, as an operator is told."""

from bot.chat_discord.connection import connected_as
from bot.demo.guild import OfflineGuild
from tests.support.discord_client import Bot, connected


def test_a_client_that_never_connected_is_nowhere() -> None:
    assert connected_as(Bot()) is None


async def test_a_connected_client_is_named_with_its_guilds_and_a_closed_one_is_not() -> None:
    async with OfflineGuild() as guild:
        bot = Bot()
        async with connected(guild, bot):
            assert connected_as(bot) == f"{bot.user} in 1 guild"
        assert connected_as(bot) is None


async def test_a_client_that_lost_its_connection_is_nowhere_though_it_calls_itself_ready() -> None:
    async with OfflineGuild() as guild:
        bot = Bot()
        async with connected(guild, bot):
            await bot.ws.socket.close()
            assert bot.is_ready()
            assert connected_as(bot) is None
