"""The product's face: templates, styles, and the pure code that formats and draws for them.

A route builds a value from ``viewmodels``, hands it to a template as ``page``, and does nothing else with
words or pixels. ``format.FILTERS`` and ``charts.FILTERS`` are what the Jinja environment needs to render
them.
"""
