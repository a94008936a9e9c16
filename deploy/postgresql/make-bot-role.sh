#!/bin/sh
# Makes the bot's role, which owns nothing, in a new database of the postgres image (deploy/compose.yml).
# `cardops migrate`, as the owner, grants it what it needs of the tables.
set -eu
psql --no-psqlrc --set=ON_ERROR_STOP=1 --single-transaction --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --set=password="$BOT_PASSWORD" --set=owner="$POSTGRES_USER" --set=database="$POSTGRES_DB" <<'SQL'
CREATE ROLE cardops_bot LOGIN PASSWORD :'password';
REVOKE TEMPORARY ON DATABASE :"database" FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO cardops_bot;
GRANT USAGE ON SCHEMA public TO cardops_bot;
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO cardops_bot;
SQL
