"""Roomkey without an account: the offline guild, the offline model and what starts them."""
