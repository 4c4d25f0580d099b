// The server's own parser, asked where statements begin and which of them cannot run in a
// transaction.
#include "server/parser.hpp"

#include "core/position.hpp"
#include "core/quote.hpp"
#include "server/boundary.hpp"
#include "server/parser_helpers.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

std::string place(const std::string& filename, int line, std::string_view statement) {
    const std::string shown = first_line(statement);
    return mad::format("Script \"{}\", line {}{}", filename, line,
                       shown.empty() ? "." : ": " + shown);
}

[[noreturn]] void refuse(const std::string& what, const std::string& filename, int line,
                         std::string_view statement, const std::string& hint) {
    throw Failure(Code::invalid_script, what, place(filename, line, statement), hint);
}

[[noreturn]] void refuse_client_copy(const std::string& filename, int line,
                                     std::string_view statement) {
    refuse("a script cannot copy from or to the client", filename, line, statement,
           "Use INSERT ... VALUES, or COPY with a file or program on the server.");
}

/// Settings that change how text is read must not depend on who adds the script.
class PlainLexing {
 public:
    PlainLexing() {
        call([this] {
            level_ = NewGUCNestLevel();
            (void)set_config_option("standard_conforming_strings", "on", PGC_USERSET, PGC_S_SESSION,
                                    GUC_ACTION_SAVE, true, 0, false);
            (void)set_config_option("backslash_quote", "safe_encoding", PGC_USERSET, PGC_S_SESSION,
                                    GUC_ACTION_SAVE, true, 0, false);
        });
    }
    PlainLexing(const PlainLexing&) = delete;
    PlainLexing& operator=(const PlainLexing&) = delete;
    ~PlainLexing() {
        contain([this] { call([this] { AtEOXact_GUC(false, level_); }); });
    }

 private:
    int level_ = 0;
};

/// Parse trees are large and short-lived; a branch may have thousands of scripts.
class ScratchMemory {
 public:
    ScratchMemory() : caller_(CurrentMemoryContext) {
        context_ = call([] {
            return AllocSetContextCreate(CurrentMemoryContext, "mad_migrate parse trees",
                                         ALLOCSET_DEFAULT_SIZES);
        });
        MemoryContextSwitchTo(context_);
    }
    ScratchMemory(const ScratchMemory&) = delete;
    ScratchMemory& operator=(const ScratchMemory&) = delete;
    ~ScratchMemory() {
        MemoryContextSwitchTo(caller_);
        MemoryContextDelete(context_);
    }

 private:
    MemoryContext caller_;
    MemoryContext context_;
};

/// Rows that follow COPY ... FROM STDIN read as a syntax error, but COPY is what is wrong.
void refuse_copied_rows(const std::string& before, int first, const std::string& filename) {
    const char* const text = before.c_str();
    const List* statements = NIL;
    try {
        statements = call([&] { return raw_parser(text, RAW_PARSE_DEFAULT); });
    } catch (const Error&) {
        return;
    }
    if (statements == NIL) return;
    const auto* const last = static_cast<const RawStmt*>(llast(statements));
    if (last->stmt->type != T_CopyStmt) return;
    if (reinterpret_cast<const CopyStmt*>(last->stmt)->filename != nullptr) return;
    const std::size_t begin = skip_blank(before, static_cast<std::size_t>(last->stmt_location));
    refuse_client_copy(filename, first + line_at(before, begin) - 1,
                       std::string_view(before).substr(begin));
}

List* parse(const std::string& body, int first, const std::string& filename) {
    const PlainLexing plain;
    const char* const text = body.c_str();
    try {
        return call([&] { return raw_parser(text, RAW_PARSE_DEFAULT); });
    } catch (const Error& error) {
        const Failure failure = failure_of(error);
        const std::size_t at = byte_offset(body, failure.report().position);
        const int line = first + line_at(body, at) - 1;
        const std::string_view rest = std::string_view(body).substr(at);
        if (rest.starts_with('\\')) {
            refuse("psql meta-commands cannot be used in a script", filename, line, rest,
                   "Write it in SQL: a script is run by the server.");
        }
        refuse_copied_rows(body.substr(0, at), first, filename);
        Report report;
        report.sqlstate = sqlstate(Code::invalid_script);
        report.message = failure.report().message;
        report.detail = place(filename, line, rest);
        report.hint = failure.report().hint.empty() ? "Mend the script and add it again."
                                                    : failure.report().hint;
        throw Failure(std::move(report));
    }
}

bool has_true_option(const List* options, const char* name) {
    ListCell* cell;
    foreach (cell, options) {
        auto* const option = static_cast<DefElem*>(lfirst(cell));
        if (std::strcmp(option->defname, name) == 0) return defGetBoolean(option);
    }
    return false;
}

bool detaches_concurrently(const AlterTableStmt& statement) {
    ListCell* cell;
    foreach (cell, statement.cmds) {
        const auto* const command = static_cast<AlterTableCmd*>(lfirst(cell));
        if (command->subtype != AT_DetachPartition) continue;
        if (reinterpret_cast<PartitionCmd*>(command->def)->concurrent) return true;
    }
    return false;
}

bool reindexes_outside(const ReindexStmt& statement) {
    return statement.kind == REINDEX_OBJECT_SCHEMA || statement.kind == REINDEX_OBJECT_SYSTEM ||
           statement.kind == REINDEX_OBJECT_DATABASE ||
           has_true_option(statement.params, "concurrently");
}

bool moves_database(const AlterDatabaseStmt& statement) {
    ListCell* cell;
    foreach (cell, statement.options) {
        if (std::strcmp(static_cast<DefElem*>(lfirst(cell))->defname, "tablespace") == 0) {
            return true;
        }
    }
    return false;
}

/// The statements for which the server calls PreventInTransactionBlock, as far as the text tells,
/// and the kit's procedures, which commit.
bool runs_in_transaction(const ::Node* node) {
    switch (node->type) {
        case T_VacuumStmt:
            return !reinterpret_cast<const VacuumStmt*>(node)->is_vacuumcmd;
        case T_IndexStmt:
            return !reinterpret_cast<const IndexStmt*>(node)->concurrent;
        case T_DropStmt:
            return !reinterpret_cast<const DropStmt*>(node)->concurrent;
        case T_ReindexStmt:
            return !reindexes_outside(*reinterpret_cast<const ReindexStmt*>(node));
        case T_AlterTableStmt:
            return !detaches_concurrently(*reinterpret_cast<const AlterTableStmt*>(node));
        case T_ClusterStmt:
            return reinterpret_cast<const ClusterStmt*>(node)->relation != nullptr;
        case T_AlterDatabaseStmt:
            return !moves_database(*reinterpret_cast<const AlterDatabaseStmt*>(node));
        case T_CallStmt:
            return !calls_kit_procedure(node);
        case T_CreatedbStmt:
        case T_DropdbStmt:
        case T_CreateTableSpaceStmt:
        case T_DropTableSpaceStmt:
        case T_AlterSystemStmt:
        case T_CreateSubscriptionStmt:
        case T_AlterSubscriptionStmt:
        case T_DropSubscriptionStmt:
            return false;
        default:
            return true;
    }
}

/// In a script that is committed statement by statement.
bool may_commit(const ::Node* node) {
    return (node->type == T_CallStmt && !calls_kit_procedure(node)) || node->type == T_DoStmt;
}

/// Whether a text mentions a value, as a literal of either kind.
bool mentions(const std::string& text, const std::string& value) {
    return text.find(quote_literal(value)) != std::string::npos ||
           text.find("$" + value + "$") != std::string::npos;
}

/// A value that is used below must be committed before: its statement is run on its own.
void commit_used_enum_values(std::vector<Statement>& statements,
                             const std::vector<std::optional<std::string>>& added) {
    for (std::size_t i = 0; i < statements.size(); ++i) {
        if (!added[i]) continue;
        for (std::size_t later = i + 1; later < statements.size(); ++later) {
            if (mentions(statements[later].text, *added[i])) statements[i].transactional = false;
        }
    }
}

/// Of an index without a name nobody can tell later which one it is.
std::optional<IndexBuild> index_build(const ::Node* node) {
    if (node->type != T_IndexStmt) return std::nullopt;
    const auto& statement = *reinterpret_cast<const IndexStmt*>(node);
    if (!statement.concurrent || statement.idxname == nullptr) return std::nullopt;
    const RangeVar& table = *statement.relation;
    std::string name = quote_identifier(table.relname);
    if (table.schemaname != nullptr) name = quote_identifier(table.schemaname) + "." + name;
    return IndexBuild{std::move(name), statement.idxname};
}

void refuse_nameless_build(const IndexStmt& build, const std::string& filename, int line,
                           std::string_view text) {
    if (!build.concurrent || build.idxname != nullptr) return;
    refuse("an index that is created concurrently needs a name", filename, line, text,
           "Name it: where the statement fails, the invalid index it leaves is found by its name.");
}

void refuse_what_a_script_must_not_do(const ::Node* node, const std::string& filename, int line,
                                      std::string_view text) {
    switch (node->type) {
        case T_TransactionStmt:
            refuse("a script cannot control transactions", filename, line, text,
                   "Remove the statement: each script runs in a transaction of its own. Statements "
                   "that cannot run in one are recognized; for a procedure that commits write "
                   "\"Transaction: off\" in the header.");
        case T_IndexStmt:
            refuse_nameless_build(*reinterpret_cast<const IndexStmt*>(node), filename, line, text);
            return;
        case T_CopyStmt: {
            const auto* const copy = reinterpret_cast<const CopyStmt*>(node);
            if (copy->filename != nullptr) return;
            refuse_client_copy(filename, line, text);
        }
        case T_DiscardStmt:
            if (reinterpret_cast<const DiscardStmt*>(node)->target != DISCARD_ALL) return;
            refuse("a script cannot use DISCARD ALL", filename, line, text,
                   "It would release the lock that keeps two migrations apart. Use RESET or "
                   "DEALLOCATE for what you need reset.");
        default:
            return;
    }
}

}  // namespace

std::vector<Statement> parse_statements(const std::string& body, int first,
                                        const std::string& filename) {
    const ScratchMemory scratch;
    List* const parsed = parse(body, first, filename);
    std::vector<Statement> statements;
    std::vector<std::optional<std::string>> added_values;
    statements.reserve(static_cast<std::size_t>(list_length(parsed)));
    std::size_t counted_to = 0;
    int line = first;
    for (int i = 0; i < list_length(parsed); ++i) {
        const auto* const raw = static_cast<RawStmt*>(list_nth(parsed, i));
        const auto location = static_cast<std::size_t>(raw->stmt_location);
        const std::size_t end =
            raw->stmt_len == 0 ? body.size() : location + static_cast<std::size_t>(raw->stmt_len);
        const std::size_t begin = skip_blank(body, location);
        line += line_at(std::string_view(body).substr(counted_to), begin - counted_to) - 1;
        counted_to = begin;
        std::string text = body.substr(begin, end - begin);
        refuse_what_a_script_must_not_do(raw->stmt, filename, line, text);
        const bool transactional = call([&] { return runs_in_transaction(raw->stmt); });
        statements.push_back({std::move(text), begin, line, transactional, index_build(raw->stmt),
                              !may_commit(raw->stmt)});
        added_values.push_back(added_enum_value(raw->stmt));
    }
    commit_used_enum_values(statements, added_values);
    return statements;
}

}  // namespace mad::pg
