"""UK Open Banking Read/Write API 3.1, account information: openbankinguk.github.io/read-write-api-site3."""
