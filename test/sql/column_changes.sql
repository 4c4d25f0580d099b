-- Columns that get another name or type while old and new programs write to them.
SET client_min_messages = warning;
CREATE EXTENSION mad_migrate;
RESET client_min_messages;
\set SHOW_CONTEXT never
\pset tuples_only on
\pset format unaligned
\pset fieldsep ' | '
\pset null '(null)'
CREATE FUNCTION columns_of(regclass) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                     'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '-- ' || col_description(a.attrelid, a.attnum))
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
$$;
CREATE FUNCTION attached_to(regclass) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT * FROM (
        SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1
        UNION ALL SELECT concat_ws(' ', conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid = $1
        UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal
    ) AS d (definition) ORDER BY definition COLLATE "C"
$$;

-------------------------------------------------------------------------------------------------
-- begin_column_rename(table, old, new, schema = 'public', backfill = true)
-------------------------------------------------------------------------------------------------
CREATE TABLE users (
    id int PRIMARY KEY,
    mail varchar(100) COLLATE "C" NOT NULL DEFAULT 'nobody' CHECK (mail <> ''),
    note json
);
COMMENT ON COLUMN users.mail IS 'Where to write to';
CREATE UNIQUE INDEX users_mail ON users (lower(mail)) WHERE mail <> 'nobody';
INSERT INTO users VALUES (1, 'one'), (2, 'two');
SELECT mad_migrate.begin_column_rename('users', 'mail', 'email');
SELECT columns_of('users');
SELECT id, mail, email FROM users ORDER BY id;

-- INSERT: of the old one, of the new one, of both alike and not, of none.
INSERT INTO users (id, mail) VALUES (3, 'old');
INSERT INTO users (id, email) VALUES (4, 'new');
INSERT INTO users (id, mail, email) VALUES (5, 'both', 'both'), (6, 'old too', 'new too');
INSERT INTO users (id) VALUES (7);
SELECT id, mail, email FROM users WHERE id > 2 ORDER BY id;
-- UPDATE of the old one, of the new one, of both, of neither, to null, back and forth.
UPDATE users SET mail = 'by old' WHERE id = 1;
UPDATE users SET email = 'by new' WHERE id = 2;
UPDATE users SET mail = 'ignored', email = 'counts' WHERE id = 3;
UPDATE users SET note = '{}' WHERE id = 4;
SELECT id, mail, email FROM users WHERE id < 5 ORDER BY id;
UPDATE users SET email = 'again' WHERE id = 1;
UPDATE users SET mail = 'and back' WHERE id = 1;
SELECT id, mail, email FROM users WHERE id = 1;
\set VERBOSITY terse
UPDATE users SET email = NULL WHERE id = 1;
UPDATE users SET email = '' WHERE id = 1;
\set VERBOSITY default
-- INSERT ... ON CONFLICT, by either name.
INSERT INTO users (id, email) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET email = excluded.email || '!';
INSERT INTO users (id, mail) VALUES (2, 'y') ON CONFLICT (id) DO UPDATE SET mail = excluded.mail || '!';
SELECT id, mail, email FROM users WHERE id < 3 ORDER BY id;

-- A second call does nothing; but not two at a time.
SELECT mad_migrate.begin_column_rename('users', 'mail', 'email');
SELECT mad_migrate.begin_column_rename('users', 'mail', 'address');
SELECT mad_migrate.begin_column_type_change('users', 'email', 'text');
SELECT attached_to('users');

-------------------------------------------------------------------------------------------------
-- finish_column_rename(table, old, new, schema = 'public')
-------------------------------------------------------------------------------------------------
CREATE INDEX users_email ON users (email);
SELECT mad_migrate.finish_column_rename('users', 'mail', 'email');
DROP INDEX users_email;
-- What the old column had, the new name has.
SELECT mad_migrate.finish_column_rename('users', 'mail', 'email');
SELECT mad_migrate.finish_column_rename('users', 'mail', 'email');
SELECT columns_of('users');
SELECT attached_to('users');
SELECT id, email FROM users ORDER BY id;
SELECT count(*) FROM pg_proc WHERE proname LIKE 'sync%' AND pronamespace = 'public'::regnamespace;

-------------------------------------------------------------------------------------------------
-- cancel_column_rename(table, old, new, schema = 'public'), and rows left to backfill()
-------------------------------------------------------------------------------------------------
SELECT mad_migrate.begin_column_rename('users', 'email', 'address', backfill => false);
SELECT count(address) FROM users;
-- What an UPDATE comes by is filled at once.
UPDATE users SET note = '[]' WHERE id = 1;
SELECT count(address) FROM users;
SET client_min_messages = warning;
CALL mad_migrate.backfill('users', 'address = email', 'address IS NULL AND (email) IS NOT NULL', schema => 'public');
RESET client_min_messages;
SELECT count(address) FROM users WHERE address = email;
UPDATE users SET address = 'kept' WHERE id = 1;
SELECT mad_migrate.cancel_column_rename('users', 'email', 'address');
SELECT mad_migrate.cancel_column_rename('users', 'email', 'address');
SELECT columns_of('users');
SELECT email FROM users WHERE id = 1;

-- Every type can be kept, odd names too, and NOT NULL that the new one has got meanwhile.
CREATE SCHEMA "Größe ""1""";
CREATE TABLE "Größe ""1"""."T's" (id int, "O'ld ""x""" json) PARTITION BY RANGE (id);
CREATE TABLE "Größe ""1""".part PARTITION OF "Größe ""1"""."T's" DEFAULT;
INSERT INTO "Größe ""1"""."T's" VALUES (1, '{"a": 1}');
SELECT mad_migrate.begin_column_rename('T''s', 'O''ld "x"', 'Ä; DROP', 'Größe "1"');
INSERT INTO "Größe ""1"""."T's" (id, "Ä; DROP") VALUES (2, '[2]');
UPDATE "Größe ""1"""."T's" SET "O'ld ""x""" = '[1]' WHERE id = 1;
SELECT * FROM "Größe ""1"""."T's" ORDER BY id;
SET client_min_messages = warning;
CALL mad_migrate.set_not_null_online('T''s', 'Ä; DROP', 'Größe "1"');
RESET client_min_messages;
SELECT mad_migrate.finish_column_rename('T''s', 'O''ld "x"', 'Ä; DROP', 'Größe "1"');
SELECT columns_of('"Größe ""1"""."T''s"');

SELECT mad_migrate.begin_column_rename('users', 'no_column', 'x');
SELECT mad_migrate.begin_column_rename('users', 'email', 'note');
SELECT mad_migrate.begin_column_rename('no_table', 'email', 'x');
SELECT mad_migrate.finish_column_rename('users', 'email', 'x');
SELECT mad_migrate.finish_column_rename('users', 'email', 'note');
SELECT mad_migrate.cancel_column_rename('users', 'no_column', 'x');
SELECT mad_migrate.cancel_column_rename('users', 'email', 'note');
CREATE TABLE derived (a int, b int GENERATED ALWAYS AS (a) STORED, c int GENERATED ALWAYS AS IDENTITY);
SELECT mad_migrate.begin_column_rename('derived', 'b', 'x');
SELECT mad_migrate.begin_column_rename('derived', 'c', 'x');
CREATE TABLE child () INHERITS (users);
SELECT mad_migrate.begin_column_rename('users', 'email', 'x');
DROP TABLE child;

-------------------------------------------------------------------------------------------------
-- begin_column_type_change(table, column, type, forward = NULL, backward = NULL, schema = 'public',
--                          backfill = true), finish_column_type_change(table, column, schema = 'public')
-------------------------------------------------------------------------------------------------
CREATE TABLE orders (
    id serial PRIMARY KEY,
    user_id int REFERENCES users,
    amount int NOT NULL DEFAULT 7 CHECK (amount >= 0)
);
COMMENT ON COLUMN orders.amount IS 'How much';
CREATE INDEX orders_amount ON orders (amount DESC) WHERE amount > 100;
INSERT INTO orders (user_id, amount) VALUES (1, 1), (2, 2);
SELECT mad_migrate.begin_column_type_change('orders', 'amount', 'numeric(10,2)');
INSERT INTO orders (amount) VALUES (3);
INSERT INTO orders (new_amount) VALUES (4.6);
INSERT INTO orders DEFAULT VALUES;
UPDATE orders SET new_amount = 1.5 WHERE id = 1;
UPDATE orders SET amount = 20 WHERE id = 2;
SELECT id, amount, new_amount FROM orders ORDER BY id;
-- A value that the old type cannot have.
UPDATE orders SET new_amount = 99999999 * 99 WHERE id = 1;
UPDATE orders SET new_amount = 90000000 * 50.0 WHERE id = 1;
-- It does not lose what the old column has; then it takes its place.
SELECT mad_migrate.finish_column_type_change('orders', 'amount');
CREATE INDEX replacement ON orders (new_amount DESC) WHERE new_amount > 100;
ALTER TABLE orders ADD CONSTRAINT replacement CHECK (new_amount >= 0);
SELECT mad_migrate.finish_column_type_change('orders', 'amount');
SELECT mad_migrate.finish_column_type_change('orders', 'amount');
SELECT columns_of('orders');
SELECT attached_to('orders');
SELECT id, amount FROM orders ORDER BY id;

-- A primary key with its sequence, filled later; the foreign key of another table is in the way.
CREATE TABLE parts (order_id int REFERENCES orders);
SELECT mad_migrate.begin_column_type_change('orders', 'id', 'bigint', backfill => false);
CREATE UNIQUE INDEX replacement ON orders (new_id);
SELECT mad_migrate.finish_column_type_change('orders', 'id');
SET client_min_messages = warning;
CALL mad_migrate.backfill('orders', 'new_id = id::bigint', 'new_id IS NULL AND (id::bigint) IS NOT NULL');
RESET client_min_messages;
SELECT mad_migrate.finish_column_type_change('orders', 'id');
DROP TABLE parts;
SELECT mad_migrate.finish_column_type_change('orders', 'id');
INSERT INTO orders DEFAULT VALUES RETURNING id;
SELECT columns_of('orders');
SELECT attached_to('orders');
SELECT pg_get_serial_sequence('orders', 'id');

-------------------------------------------------------------------------------------------------
-- Conversions of one's own, a type of another schema, cancel_column_type_change(table, column, schema = 'public')
-------------------------------------------------------------------------------------------------
CREATE TYPE "Größe ""1""".mood AS ENUM ('glad', 'sad');
CREATE TABLE "Größe ""1""".people (id int, is_glad boolean);
INSERT INTO "Größe ""1""".people VALUES (1, true), (2, false), (3, NULL);
SELECT mad_migrate.begin_column_type_change('people', 'is_glad', 'mood', $$CASE WHEN is_glad THEN 'glad'::mood WHEN NOT is_glad THEN 'sad' END -- so$$,
                                            $$new_is_glad = 'glad'$$, schema => 'Größe "1"');
UPDATE "Größe ""1""".people SET new_is_glad = 'sad' WHERE id = 1;
UPDATE "Größe ""1""".people SET is_glad = true WHERE id = 2;
INSERT INTO "Größe ""1""".people (id, new_is_glad) VALUES (4, 'glad');
SELECT * FROM "Größe ""1""".people ORDER BY id;
SELECT mad_migrate.begin_column_type_change('people', 'is_glad', 'mood', schema => 'Größe "1"');
SELECT mad_migrate.cancel_column_type_change('people', 'is_glad', 'Größe "1"');
SELECT mad_migrate.cancel_column_type_change('people', 'is_glad', 'Größe "1"');
SELECT columns_of('"Größe ""1""".people');
SELECT mad_migrate.begin_column_type_change('people', 'is_glad', 'no_type', schema => 'Größe "1"');
SELECT mad_migrate.begin_column_type_change('people', 'is_glad', 'mood', schema => 'Größe "1"');
SELECT mad_migrate.begin_column_type_change('people', 'no_column', 'int', schema => 'Größe "1"');
SELECT mad_migrate.finish_column_type_change('people', 'no_column', 'Größe "1"');
SELECT columns_of('"Größe ""1""".people');

SET client_min_messages = warning;
DROP EXTENSION mad_migrate;
DROP SCHEMA "Größe ""1""" CASCADE;
DROP TABLE users, orders, derived;
DROP FUNCTION columns_of, attached_to;
