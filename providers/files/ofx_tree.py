"""The elements of an OFX file. Version 1 is SGML whose leaves are not closed; version 2 is XML; banks write things in
between. One reader for both: it knows which elements hold others, and takes everything else for a leaf.

No XML parser is asked, so there is nothing to declare, expand or fetch.
"""

import re
from dataclasses import dataclass, field

from providers import text as texts
from providers.errors import ContractBroken

MAX_ELEMENTS = 2_000_000
MAX_DEPTH = 30
_TAG = re.compile(
    r"<(/?)([A-Za-z][A-Za-z0-9._]{0,60})(?:\s[^<>]{0,500})?(/?)>([^<]*)(?:<!\[CDATA\[([^<>]{0,10000})\]\]>)?"
)
_HOLDERS = frozenset(
    {
        *("OFX", "SIGNONMSGSRSV1", "SONRS", "STATUS", "FI", "CURRENCY", "ORIGCURRENCY"),
        *("STMTTRN", "STMTTRNP", "PAYEE", "EXTDPAYEE"),
        *(
            "BANKMSGSRSV1",
            "STMTTRNRS",
            "STMTRS",
            "BANKACCTFROM",
            "BANKTRANLIST",
            "BANKTRANLISTP",
            "STMTTRN",
            "STMTTRNP",
        ),
        *("BANKACCTTO", "CCACCTTO", "LEDGERBAL", "AVAILBAL", "BALLIST", "BAL", "IMAGEDATA"),
        *("CREDITCARDMSGSRSV1", "CCSTMTTRNRS", "CCSTMTRS", "CCACCTFROM"),
        *("LOANMSGSRSV1", "LOANSTMTTRNRS", "LOANSTMTRS", "LOANACCTFROM"),
        *("INVSTMTMSGSRSV1", "INVSTMTTRNRS", "INVSTMTRS", "INVACCTFROM", "INVTRANLIST", "INVBANKTRAN"),
    }
)


@dataclass(slots=True)
class Node:
    """``start`` and ``end`` are its place in the text."""

    name: str
    start: int
    end: int = 0
    text: str = ""
    children: "list[Node]" = field(default_factory=list)

    def all(self, *path: str) -> "list[Node]":
        found = [self]
        for name in path:
            found = [child for one in found for child in one.children if child.name == name]
        return found

    def say(self, *path: str) -> str | None:
        return next((one.text for one in self.all(*path) if one.text), None)

    def anywhere(self, *names: str) -> "list[Node]":
        """Every element of one of these names below, outermost first, in their order."""
        found, waiting = [], [self]
        while waiting:
            node = waiting.pop()
            if node.name in names:
                found.append(node)
            else:
                waiting.extend(reversed(node.children))
        return found


def read(text: str) -> Node:
    """Raises ContractBroken for more than a statement can hold."""
    root = Node("", 0)
    path = [root]
    count = 0
    for found in _TAG.finditer(text):
        count += 1
        if count > MAX_ELEMENTS or len(path) > MAX_DEPTH:
            raise ContractBroken("The file has more elements, or deeper ones, than a statement can have.")
        closing, name, empty, said, data = found.groups()
        name = name.upper()
        if closing:
            _close(path, name, found.end(3) + 1)
            continue
        node = Node(name, found.start())
        path[-1].children.append(node)
        if name in _HOLDERS and not empty:
            path.append(node)
        else:
            node.text = texts.unescaped((said + (data or "")).strip())
            node.end = found.end()
    for node in path:
        node.end = node.end or len(text)
    return root


def _close(path: list[Node], name: str, end: int) -> None:
    """End the innermost element of that name and what is open in it; a leaf's end, or a stray one, ends nothing."""
    for place in range(len(path) - 1, 0, -1):
        if path[place].name == name:
            for node in path[place:]:
                node.end = end
            del path[place:]
            return
