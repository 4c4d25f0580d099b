-- Helpers for scripts: what those have in common that commit on their way.

CREATE FUNCTION mad_migrate.answer_in_transaction() RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    answer text;
BEGIN
    BEGIN
        COMMIT;
    EXCEPTION
        WHEN invalid_transaction_termination THEN
            GET STACKED DIAGNOSTICS answer = MESSAGE_TEXT;
    END;
    RETURN answer;
END
$$;
COMMENT ON FUNCTION mad_migrate.answer_in_transaction() IS
    'Internal: what the server says, in its language, to an attempt to commit in a transaction or a function';

-- No function tells whether the caller may commit, but the server's answer to an attempt does. In a
-- block with EXCEPTION each attempt is refused; in a transaction, as in a function, that is said first.
-- A procedure that commits can have no setting of its own; hence names with their schema only.
CREATE PROCEDURE mad_migrate.refuse_in_transaction(caller pg_catalog.text, reason pg_catalog.text)
LANGUAGE plpgsql AS $$
DECLARE
    answer pg_catalog.text;
BEGIN
    BEGIN
        COMMIT;
    EXCEPTION
        WHEN invalid_transaction_termination THEN
            GET STACKED DIAGNOSTICS answer = MESSAGE_TEXT;
    END;
    IF answer OPERATOR(pg_catalog.=) mad_migrate.answer_in_transaction() THEN
        RAISE EXCEPTION USING
            ERRCODE = 'active_sql_transaction',
            MESSAGE = pg_catalog.format('%s cannot run inside a transaction', caller),
            DETAIL = reason,
            HINT = 'CALL it outside of transaction blocks, functions and blocks with EXCEPTION, or from a script.';
    END IF;
END
$$;
COMMENT ON PROCEDURE mad_migrate.refuse_in_transaction(text, text) IS
    'Internal: the error of a procedure that was called where it cannot commit';
