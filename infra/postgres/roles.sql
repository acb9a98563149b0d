-- A role per room, each the owner of its own schema alone; for psql, run by the servers' owner, as often as one
-- likes. MODELYARD_POSTGRES_PASSWORDS is a JSON object: {"gateway": "...", "datasets": "...", ...}.
--
-- Nobody reads another room's tables. The schema `platform` (outbox, inbox, queue) is shared: rooms use its
-- tables, and take the role of its owner only to bring it up to date. What an earlier version made as somebody
-- else is handed over.
\set ON_ERROR_STOP on
\set QUIET on
\getenv passwords MODELYARD_POSTGRES_PASSWORDS
BEGIN;
SET LOCAL client_min_messages = warning;
-- The lock under which rooms migrate: what they make meanwhile would be missed.
DO $$ BEGIN PERFORM pg_advisory_xact_lock(x'6D6F64656C01'::bigint); END $$;

CREATE TEMP TABLE room ON COMMIT DROP AS
    SELECT key AS name, 'modelyard_' || key AS role, value AS password FROM json_each_text(:'passwords');
CREATE TEMP TABLE house ON COMMIT DROP AS
    SELECT name AS schema, role AS owner FROM room UNION ALL VALUES ('platform', 'modelyard_platform');

CREATE FUNCTION pg_temp.carry_out(statements text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE statement text;
BEGIN
    FOREACH statement IN ARRAY coalesce(statements, '{}') LOOP EXECUTE statement; END LOOP;
END $$;

DO $$ BEGIN
    PERFORM pg_temp.carry_out(array_agg(format('CREATE ROLE %I', role)))
    FROM (SELECT role FROM room UNION ALL VALUES ('modelyard_rooms'), ('modelyard_platform')) AS wanted
    WHERE to_regrole(role) IS NULL;
    PERFORM pg_temp.carry_out(array_agg(format('ALTER ROLE %I LOGIN PASSWORD %L', role, password))) FROM room;
    PERFORM pg_temp.carry_out(array_agg(format('GRANT modelyard_rooms TO %I', role))) FROM room;
    PERFORM pg_temp.carry_out(
        array_agg(format('GRANT modelyard_platform TO %I WITH INHERIT FALSE, SET TRUE', role))
    ) FROM room;
    PERFORM pg_temp.carry_out(
        array_agg(format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', schema, owner))
    ) FROM house;
END $$;

-- Handed over; what belongs to a table (its indexes, its identities) goes with it.
DO $$ BEGIN
    PERFORM pg_temp.carry_out(array_agg(format('ALTER SCHEMA %I OWNER TO %I', schema, owner)))
    FROM house JOIN pg_namespace ON nspname = schema WHERE nspowner <> owner::regrole;

    PERFORM pg_temp.carry_out(
        array_agg(
            format(
                'ALTER %s %s OWNER TO %I',
                CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
                pg_class.oid::regclass,
                owner
            )
        )
    ) FROM house JOIN pg_namespace ON nspname = schema JOIN pg_class ON relnamespace = pg_namespace.oid
    WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND relowner <> owner::regrole AND NOT EXISTS (
        SELECT FROM pg_depend
        WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND relkind = 'S' AND deptype IN ('a', 'i')
    );

    PERFORM pg_temp.carry_out(array_agg(format('ALTER ROUTINE %s OWNER TO %I', pg_proc.oid::regprocedure, owner)))
    FROM house JOIN pg_namespace ON nspname = schema JOIN pg_proc ON pronamespace = pg_namespace.oid
    WHERE proowner <> owner::regrole;

    PERFORM pg_temp.carry_out(array_agg(format('ALTER TYPE %s OWNER TO %I', pg_type.oid::regtype, owner)))
    FROM house JOIN pg_namespace ON nspname = schema JOIN pg_type ON typnamespace = pg_namespace.oid
    WHERE typtype IN ('e', 'r') AND typowner <> owner::regrole;
END $$;

GRANT USAGE ON SCHEMA platform TO modelyard_rooms;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA platform TO modelyard_rooms;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA platform TO modelyard_rooms;
ALTER DEFAULT PRIVILEGES FOR ROLE modelyard_platform IN SCHEMA platform
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO modelyard_rooms;
ALTER DEFAULT PRIVILEGES FOR ROLE modelyard_platform IN SCHEMA platform GRANT USAGE ON SEQUENCES TO modelyard_rooms;

-- Whoever gets in by another way finds nothing to do.
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO modelyard_rooms', current_database());
END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
COMMIT;
