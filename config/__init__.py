"""Composition root: settings, URLs and what joins the three apps. Imported by none of them."""
