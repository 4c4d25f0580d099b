// SQL in the backend's own transaction: our catalog queries, and the Executor for the control
// database.
#include "server/spi.hpp"

#include "core/position.hpp"
#include "server/identity.hpp"
#include "server/parser.hpp"

namespace mad::pg {

namespace {

class SpiConnection {
 public:
    SpiConnection() {
        call([] { SPI_connect(); });
    }
    SpiConnection(const SpiConnection&) = delete;
    SpiConnection& operator=(const SpiConnection&) = delete;
    ~SpiConnection() { SPI_finish(); }
};

/// Settings that end with the scope, together with everything set within it.
class SettingsScope {
 public:
    explicit SettingsScope(const SessionSettings& settings) : level_(NewGUCNestLevel()) {
        for (const auto& [name, value] : settings) {
            const char* const setting = name.c_str();
            const char* const text = value.c_str();
            call([&] {
                (void)set_config_option(setting, text, superuser() ? PGC_SUSET : PGC_USERSET,
                                        PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
            });
        }
    }
    SettingsScope(const SettingsScope&) = delete;
    SettingsScope& operator=(const SettingsScope&) = delete;
    ~SettingsScope() {
        contain([this] { call([this] { AtEOXact_GUC(false, level_); }); });
    }

 private:
    int level_;
};

Rows copy_rows() {
    Rows rows;
    SPITupleTable* const table = SPI_tuptable;
    if (table == nullptr) return rows;
    rows.reserve(static_cast<std::size_t>(table->numvals));
    const int columns = table->tupdesc->natts;
    for (std::uint64_t i = 0; i < table->numvals; ++i) {
        Row& row = rows.emplace_back();
        row.reserve(static_cast<std::size_t>(columns));
        HeapTuple const tuple = table->vals[i];
        for (int column = 1; column <= columns; ++column) {
            const char* const text =
                call([&] { return SPI_getvalue(tuple, table->tupdesc, column); });
            row.push_back(text != nullptr ? Cell(text) : Cell());
        }
    }
    return rows;
}

Rows execute(const std::string& sql) {
    const SpiConnection connection;
    const char* const text = sql.c_str();
    call([&] {
        const int result = SPI_execute(text, false, 0);
        if (result < 0) elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
    });
    return copy_rows();
}

Rows execute_latest(const std::string& sql) {
    const SpiConnection connection;
    const char* const text = sql.c_str();
    call([&] {
        SPIPlanPtr const plan = SPI_prepare(text, 0, nullptr);
        if (plan == nullptr) elog(ERROR, "SPI_prepare failed");
        const int result = SPI_execute_snapshot(plan, nullptr, nullptr, GetLatestSnapshot(),
                                                InvalidSnapshot, false, true, 0);
        if (result < 0) elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
    });
    return copy_rows();
}

/// Rows are nobody's, and may be many.
void execute_for_effect(const std::string& sql) {
    const SpiConnection connection;
    const char* const text = sql.c_str();
    call([&] {
        SPIExecuteOptions options = {};
        options.dest = None_Receiver;
        const int result = SPI_execute_extended(text, &options);
        if (result < 0) elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
    });
}

bool is_cancel(const Error& error) noexcept {
    return error.is(ERRCODE_QUERY_CANCELED) || error.is(ERRCODE_ADMIN_SHUTDOWN);
}

/// Keeps the callers' context lines out of an ERROR that becomes a Failure: raised again, it gets
/// them again.
class FreshErrorContext {
 public:
    FreshErrorContext() noexcept : callers_(error_context_stack) { error_context_stack = nullptr; }
    FreshErrorContext(const FreshErrorContext&) = delete;
    FreshErrorContext& operator=(const FreshErrorContext&) = delete;
    ~FreshErrorContext() { error_context_stack = callers_; }

 private:
    ErrorContextCallback* callers_;
};

/// SPI names the whole statement; where it stands in its script is told more shortly elsewhere.
void drop_statement_context(std::string& context, std::string_view statement) {
    const std::string named = mad::format("SQL statement \"{}\"", statement);
    if (!context.ends_with(named)) return;
    context.resize(context.size() - named.size());
    if (context.ends_with('\n')) context.pop_back();
}

std::string text_or_empty(const char* text) {
    return text != nullptr ? text : "";
}

/// Runs the body in a subtransaction; an ERROR comes out as a Failure that knows how far it got.
template <typename Body>
void transact_or_fail(const ScriptProgress& progress, Body&& body) {
    const FreshErrorContext fresh;
    const std::optional<Error> error = attempt(body);
    if (!error) return;
    if (is_cancel(*error)) throw Error(*error);
    Report report = failure_of(*error).report();
    report.completed_statements = progress.completed;
    if (report.position > 0) report.position += progress.characters;
    drop_statement_context(report.context, progress.statement);
    throw Failure(std::move(report));
}

}  // namespace

Rows query(const std::string& sql) {
    const Identity identity(extension_owner());
    const SettingsScope settings(SessionSettings{{"search_path", "pg_catalog, pg_temp"}});
    return execute(sql);
}

Rows query_latest(const std::string& sql) {
    const Identity identity(extension_owner());
    const SettingsScope settings(SessionSettings{{"search_path", "pg_catalog, pg_temp"}});
    return execute_latest(sql);
}

bool is_own_transaction(const std::string& xmin) {
    const auto writer = static_cast<TransactionId>(std::stoul(xmin));
    return call([&] { return TransactionIdIsCurrentTransactionId(writer); });
}

Rows Prepared::operator()(const std::vector<Cell>& parameters) {
    const Identity identity(extension_owner());
    const SettingsScope settings(SessionSettings{{"search_path", "pg_catalog, pg_temp"}});
    const SpiConnection connection;
    const int count = static_cast<int>(parameters.size());
    const Cell* const cells = parameters.data();
    call([&] {
        auto* const types = static_cast<Oid*>(palloc(sizeof(Oid) * (count + 1)));
        auto* const values = static_cast<Datum*>(palloc0(sizeof(Datum) * (count + 1)));
        char* const nulls = static_cast<char*>(palloc0(count + 1));
        for (int i = 0; i < count; ++i) {
            types[i] = TEXTOID;
            nulls[i] = cells[i] ? ' ' : 'n';
            if (cells[i]) values[i] = CStringGetTextDatum(cells[i]->c_str());
        }
        if (plan_ == nullptr) {
            SPIPlanPtr const plan = SPI_prepare_cursor(sql_, count, types, CURSOR_OPT_GENERIC_PLAN);
            if (plan == nullptr) elog(ERROR, "SPI_prepare failed");
            (void)SPI_keepplan(plan);
            plan_ = plan;
        }
        const int result = SPI_execute_snapshot(plan_, values, nulls, GetLatestSnapshot(),
                                                InvalidSnapshot, false, true, 0);
        if (result < 0) elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
    });
    return copy_rows();
}

void query_as(Oid role, const std::string& sql) {
    transact_or_fail({}, [&] {
        const SettingsScope settings(SessionSettings{{"search_path", "pg_catalog, pg_temp"}});
        const ScriptIdentity identity(role);
        execute(sql);
    });
}

Failure failure_of(const Error& error) {
    const ErrorData& data = error.report();
    Report report;
    report.sqlstate = unpack_sql_state(data.sqlerrcode);
    report.message = text_or_empty(data.message);
    report.detail = text_or_empty(data.detail);
    report.hint = text_or_empty(data.hint);
    report.context = text_or_empty(data.context);
    report.position = data.internalpos > 0 ? data.internalpos : data.cursorpos;
    return Failure(std::move(report));
}

Task<Rows> SpiExecutor::run(std::string sql) {
    Rows rows;
    transact_or_fail({}, [&] { rows = query(sql); });
    co_return rows;
}

Task<Rows> SpiExecutor::run_alone(std::string statement) {
    throw Failure(Code::active_transaction, "a statement cannot run inside a transaction block",
                  std::move(statement));
}

Task<Rows> SpiExecutor::transact(std::string script, std::string record) {
    Rows rows;
    ScriptProgress progress;
    transact_or_fail(progress, [&] {
        run_script(script, progress);
        if (record.empty()) return;
        progress.statement = record;
        const SettingsScope settings(script_settings_);  // its lock_timeout
        rows = query(record);
    });
    co_return rows;
}

void SpiExecutor::run_script(const std::string& script, ScriptProgress& progress) const {
    if (script.empty()) return;
    const std::vector<Statement> statements = parse_statements(script, 1, "");
    const SettingsScope settings(script_settings_);
    const ScriptIdentity identity(script_owner_);
    for (const Statement& statement : statements) {
        progress.advance(script, statement);
        execute_for_effect(statement.text);
        ++progress.completed;
    }
    progress.characters = 0;
    progress.statement.clear();
}

void ScriptProgress::advance(std::string_view script, const Statement& next) {
    characters += count_characters(script.substr(bytes, next.offset - bytes));
    bytes = next.offset;
    statement = next.text;
}

}  // namespace mad::pg
