"""The services that run without accounts: Postgres, Valkey and the upstream simulator."""
