"""The front doors of Roomkey: chat platforms, commands, the command line, the demo."""
