"""What is in this text? Pure functions on strings: no Django, no clock, no network.

`screen.screen_text` is the entry; every offset it answers with counts code points of the original text.
"""
