"""The ledger's tables as Core tables, for bulk statements: no object is made per row."""

from typing import cast

from sqlalchemy import Table

from hub.models.connection import Connection
from hub.models.ledger import Account, Balance, Change, Provenance, SeenPage, Transaction, TransactionRaw
from hub.models.resource import AccountResource, ResourceReading

account = cast(Table, Account.__table__)
account_resource = cast(Table, AccountResource.__table__)
balance = cast(Table, Balance.__table__)
change = cast(Table, Change.__table__)
connection = cast(Table, Connection.__table__)
provenance = cast(Table, Provenance.__table__)
resource_reading = cast(Table, ResourceReading.__table__)
seen_page = cast(Table, SeenPage.__table__)
transaction = cast(Table, Transaction.__table__)
transaction_raw = cast(Table, TransactionRaw.__table__)
