"""The version of what every standard's rows go through: the engine here, transaction codes, texts, amounts.

Raise it with a change by which a row that was stored would come out otherwise, whatever its standard. Where the change
is one standard's, raise VERSION in its normalize.py (files: providers/files/kept.py).
"""

SHARED = 7
