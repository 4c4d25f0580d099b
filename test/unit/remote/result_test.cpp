// Rows and errors as copied out of libpq's results.
#include "remote/result.hpp"

#include <array>
#include <string_view>

#include <gtest/gtest.h>

namespace mad::remote {
namespace {

/// A result of text columns, as libpq itself would have built it.
Result result_of(int columns) {
    Result result(PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK));
    std::array<char, 2> name{'c', '\0'};
    std::vector<PGresAttDesc> attributes(static_cast<std::size_t>(columns));
    for (PGresAttDesc& attribute : attributes) attribute.name = name.data();
    EXPECT_EQ(PQsetResultAttrs(result.get(), columns, attributes.data()), 1);
    return result;
}

void put(const Result& result, int row, int column, const Cell& cell) {
    std::string text = cell.value_or("");
    EXPECT_EQ(PQsetvalue(result.get(), row, column, cell ? text.data() : nullptr,
                         cell ? static_cast<int>(text.size()) : -1),
              1);
}

TEST(Result, KeepsNullApartFromEmpty) {
    const Result result = result_of(2);
    put(result, 0, 0, std::nullopt);
    put(result, 0, 1, "");
    put(result, 1, 0, "x");
    put(result, 1, 1, std::nullopt);
    EXPECT_EQ(rows_of(result.get()), (Rows{{std::nullopt, std::string()}, {"x", std::nullopt}}));
}

TEST(Result, TakesALengthForWhatItIs) {
    const Result result = result_of(1);
    put(result, 0, 0, std::string("a\0b", 3));
    EXPECT_EQ(rows_of(result.get()), (Rows{{std::string("a\0b", 3)}}));
}

TEST(Result, HasRowsWithoutColumnsAndColumnsWithoutRows) {
    EXPECT_EQ(rows_of(result_of(3).get()), Rows{});
    EXPECT_EQ(rows_of(nullptr), Rows{});
}

TEST(Result, KnowsAnErrorThatIsNotTheServers) {
    const Result result(PQmakeEmptyPGresult(nullptr, PGRES_FATAL_ERROR));
    EXPECT_FALSE(is_from_server(result.get()));
    const Report report = report_of(result.get());
    EXPECT_EQ(report.sqlstate + report.message + report.detail + report.hint + report.context, "");
    EXPECT_EQ(report.position, 0);
    EXPECT_FALSE(report.completed_statements);
}

}  // namespace
}  // namespace mad::remote
