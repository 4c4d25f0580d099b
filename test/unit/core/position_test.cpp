// From a server's error position to the byte, the line and the statement.
#include "core/position.hpp"

#include <gtest/gtest.h>

namespace mad {
namespace {

TEST(Position, CountsCharactersNotBytes) {
    const std::string text = "aé€😀z";  // 1, 2, 3, 4 and 1 bytes
    EXPECT_EQ(byte_offset(text, 1), 0U);
    EXPECT_EQ(byte_offset(text, 2), 1U);
    EXPECT_EQ(byte_offset(text, 3), 3U);
    EXPECT_EQ(byte_offset(text, 4), 6U);
    EXPECT_EQ(byte_offset(text, 5), 10U);
    EXPECT_EQ(count_characters(text), 5);
    EXPECT_EQ(count_characters(""), 0);
}

TEST(Position, EndsWithTheText) {
    EXPECT_EQ(byte_offset("aé", 3), 3U);
    EXPECT_EQ(byte_offset("aé", 1000), 3U);
    EXPECT_EQ(byte_offset("", 1), 0U);
}

TEST(Position, CountsLinesFromOne) {
    const std::string_view text = "one\ntwo\n\nfour";
    EXPECT_EQ(line_at(text, 0), 1);
    EXPECT_EQ(line_at(text, 3), 1);  // the line's end is still on it
    EXPECT_EQ(line_at(text, 4), 2);
    EXPECT_EQ(line_at(text, 8), 3);
    EXPECT_EQ(line_at(text, 9), 4);
    EXPECT_EQ(line_at(text, 1000), 4);
    EXPECT_EQ(line_at("", 0), 1);
}

struct Blank {
    std::string_view sql;
    std::size_t token;  // where it begins
};

TEST(Position, SkipsWhiteSpaceAndComments) {
    for (const Blank& blank : {Blank{"SELECT", 0},
                               {" \t\r\n\fSELECT", 5},
                               {"-- why\nSELECT", 7},
                               {"-- why\rSELECT", 7},
                               {"-- why", 6},
                               {"/* why */SELECT", 9},
                               {"/**/SELECT", 4},
                               {"/*/ */SELECT", 6},
                               {"/* a /* b */ c */SELECT", 17},
                               {"/* a */ -- b\n /* c */ SELECT", 22},
                               {"/* no end", 9},
                               {"/* a /* b */", 12},
                               {"- 1", 0},
                               {"/ 2", 0},
                               {"", 0}}) {
        EXPECT_EQ(skip_blank(blank.sql, 0), blank.token) << blank.sql;
    }
}

TEST(Position, SkipsFromWhereItIsTold) {
    EXPECT_EQ(skip_blank("a; /* b */ c", 2), 11U);
    EXPECT_EQ(skip_blank("a;", 2), 2U);
}

TEST(Position, ShowsAStatementsFirstLine) {
    EXPECT_EQ(first_line("SELECT 1"), "SELECT 1");
    EXPECT_EQ(first_line("CREATE TABLE a (  \n    x int)"), "CREATE TABLE a ( ...");
    EXPECT_EQ(first_line(""), "");
}

TEST(Position, CutsALongLineBetweenCharacters) {
    const std::string exact(120, 'x');
    EXPECT_EQ(first_line(exact), exact);
    EXPECT_EQ(first_line(exact + "y"), exact + " ...");
    const std::string filler(118, 'x');
    EXPECT_EQ(first_line(filler + "€y"), filler + " ...");
    EXPECT_EQ(first_line(filler + "éy"), filler + "é ...");
}

}  // namespace
}  // namespace mad
