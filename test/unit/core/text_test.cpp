// Splitting, trimming and UTF-8, at their edges.
#include "core/text.hpp"

#include <gtest/gtest.h>

namespace mad {
namespace {

using Items = std::vector<std::string>;

TEST(Text, Joins) {
    EXPECT_EQ(join(Items{}, ", "), "");
    EXPECT_EQ(join(Items{"a"}, ", "), "a");
    EXPECT_EQ(join(Items{"a", "", "c"}, ", "), "a, , c");
}

TEST(Text, SplitsAtEverySeparator) {
    EXPECT_EQ(split("", ','), Items{});
    EXPECT_EQ(split(",", ','), (Items{"", ""}));
    EXPECT_EQ(split("a,b ,,c", ','), (Items{"a", "b ", "", "c"}));
}

TEST(Text, SplitsListsIntoTrimmedItems) {
    EXPECT_EQ(split_list(" a,\tb c , ,,d\n"), (Items{"a", "b c", "d"}));
    EXPECT_EQ(split_list("  "), Items{});
}

TEST(Text, Trims) {
    EXPECT_EQ(trim(" \t\r\n\f\va b\n "), "a b");
    EXPECT_EQ(trim(" \n"), "");
}

TEST(Text, TrimsBlankLinesButNotIndentation) {
    EXPECT_EQ(trim_blank_lines("\n \t\n  a\n  b \n\n"), "  a\n  b");
    EXPECT_EQ(trim_blank_lines("  a"), "  a");
    EXPECT_EQ(trim_blank_lines("\n \n"), "");
}

TEST(Text, PutsWordsOnOneLine) {
    EXPECT_EQ(one_line("\n a\n\tb  c "), "a b c");
    EXPECT_EQ(one_line(" \n"), "");
}

TEST(Text, ComparesIgnoringCase) {
    EXPECT_TRUE(equal_ignoring_case("Revision ID", "revision id"));
    EXPECT_FALSE(equal_ignoring_case("Revision", "Revision ID"));
    EXPECT_FALSE(equal_ignoring_case("a[", "a{"));
}

class Utf8 : public testing::TestWithParam<std::string_view> {};
class NotUtf8 : public testing::TestWithParam<std::string_view> {};

TEST_P(Utf8, IsAccepted) {
    EXPECT_TRUE(is_utf8(GetParam()));
}
TEST_P(NotUtf8, IsRefused) {
    EXPECT_FALSE(is_utf8(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Edges, Utf8,
                         testing::ValuesIn(std::vector<std::string_view>{
                             "", "ascii", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                             "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
                             "a\xC3\xA4z"}));
INSTANTIATE_TEST_SUITE_P(Edges, NotUtf8,
                         testing::ValuesIn(std::vector<std::string_view>{
                             "\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3z", "\xE0\x9F\xBF",
                             "\xED\xA0\x80", "\xE2\x82", "\xE2\x82z", "\xF0\x8F\xBF\xBF",
                             "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF0\x9F\x98", "ok\xFF"}));

}  // namespace
}  // namespace mad
