// Copies out of a PGresult.
#include "remote/result.hpp"

#include <charconv>

namespace mad::remote {
namespace {

Cell cell_of(const PGresult* result, int row, int column) {
    if (PQgetisnull(result, row, column) != 0) return std::nullopt;
    const auto length = static_cast<std::size_t>(PQgetlength(result, row, column));
    return std::string(PQgetvalue(result, row, column), length);
}

int number_in(const std::string& text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

std::string diagnostic(const PGresult* result, int field) {
    const char* text = PQresultErrorField(result, field);
    return text == nullptr ? "" : text;
}

Rows rows_of(const PGresult* result) {
    Rows rows(static_cast<std::size_t>(PQntuples(result)));
    const int columns = PQnfields(result);
    for (int i = 0; i < PQntuples(result); ++i) {
        for (int column = 0; column < columns; ++column) {
            rows[static_cast<std::size_t>(i)].push_back(cell_of(result, i, column));
        }
    }
    return rows;
}

bool is_from_server(const PGresult* error) {
    return PQresultErrorField(error, PG_DIAG_SQLSTATE) != nullptr;
}

Report report_of(const PGresult* result) {
    return {.sqlstate = diagnostic(result, PG_DIAG_SQLSTATE),
            .message = diagnostic(result, PG_DIAG_MESSAGE_PRIMARY),
            .detail = diagnostic(result, PG_DIAG_MESSAGE_DETAIL),
            .hint = diagnostic(result, PG_DIAG_MESSAGE_HINT),
            .context = diagnostic(result, PG_DIAG_CONTEXT),
            .place = {},
            .completed_statements = {},
            .position = number_in(diagnostic(result, PG_DIAG_STATEMENT_POSITION))};
}

}  // namespace mad::remote
