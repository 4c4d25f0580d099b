// Quoting leaves no way out of the quotes.
#include "core/quote.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace mad {
namespace {

TEST(Quote, DoublesQuotesInIdentifiers) {
    EXPECT_EQ(quote_identifier("plain"), "\"plain\"");
    EXPECT_EQ(quote_identifier("a\"b\\c'd"), "\"a\"\"b\\c'd\"");
    EXPECT_EQ(quote_identifier("\""), "\"\"\"\"");
}

TEST(Quote, MakesPlainLiteralsWithoutBackslashes) {
    EXPECT_EQ(quote_literal(""), "''");
    EXPECT_EQ(quote_literal("it's \"x\""), "'it''s \"x\"'");
}

TEST(Quote, MakesEscapeLiteralsWithBackslashes) {
    EXPECT_EQ(quote_literal("a\\b'c"), "E'a\\\\b''c'");
    EXPECT_EQ(quote_literal("\\"), "E'\\\\'");
}

TEST(Quote, MakesTypedArrays) {
    const std::vector<std::string> items{"a", "b'c", "d\\"};
    EXPECT_EQ(quote_array(items), "ARRAY['a','b''c',E'd\\\\']::pg_catalog.text[]");
    EXPECT_EQ(quote_array({}), "ARRAY[]::pg_catalog.text[]");
}

TEST(Quote, KeepsACommentOnItsLine) {
    EXPECT_EQ(comment_line("a\r\nDROP TABLE t;\nb"), "a  DROP TABLE t; b");
}

}  // namespace
}  // namespace mad
