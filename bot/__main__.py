"""`python -m bot` is `roomkey`."""

from bot.cli import main

main()
