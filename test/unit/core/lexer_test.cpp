// The lexer agrees with PostgreSQL on where quotes and comments end.
#include "core/lexer.hpp"

#include <ostream>
#include <string>

#include <gtest/gtest.h>

namespace mad {
namespace {

using Kind = Lexeme::Kind;

/// A text that is one piece, in front of one more character.
struct Case {
    Kind kind;
    std::string_view text;

    friend void PrintTo(const Case& shown, std::ostream* out) { *out << shown.text; }
};

class Piece : public testing::TestWithParam<Case> {};

TEST_P(Piece, EndsWherePostgresEndsIt) {
    const auto& [kind, text] = GetParam();
    const std::string followed = std::string(text) + ";";
    const Lexeme lexeme = lexeme_at(followed, 0);
    EXPECT_EQ(lexeme.kind, kind);
    EXPECT_EQ(lexeme.end, text.size());
    EXPECT_TRUE(lexeme.terminated);
}

INSTANTIATE_TEST_SUITE_P(
    Lexer, Piece,
    testing::Values(Case{Kind::space, " \t\n"}, Case{Kind::quoted, "'a\\'"},
                    Case{Kind::quoted, "'-- no comment'"}, Case{Kind::quoted, "\"a'b\""},
                    Case{Kind::quoted, "E'a\\'b'"}, Case{Kind::quoted, "e'a''b\\\\'"},
                    Case{Kind::quoted, "E'a' \n 'b\\'c'"}, Case{Kind::quoted, "$$a'$b$ c$$"},
                    Case{Kind::quoted, "$f$ $$ $g$ $f$"}, Case{Kind::quoted, "$f$ $b$f$"},
                    Case{Kind::quoted, "$\xC3\xA4$x$\xC3\xA4$"}, Case{Kind::other, "a$b$c"},
                    Case{Kind::other, "name"}, Case{Kind::block_comment, "/* a /* b */ ' */"},
                    Case{Kind::block_comment, "/**/"}, Case{Kind::block_comment, "/*/ **/"},
                    Case{Kind::block_comment, "/***/"}));

TEST(Lexer, EndsALineCommentAtEitherLineEnd) {
    EXPECT_EQ(lexeme_at("--a\nb", 0).end, 3U);
    EXPECT_EQ(lexeme_at("--a\rb", 0).end, 3U);
    EXPECT_EQ(lexeme_at("--a", 0).end, 3U);
    EXPECT_EQ(lexeme_at("--a\nb", 0).kind, Kind::line_comment);
}

TEST(Lexer, TakesAMereDollarForItself) {
    EXPECT_EQ(lexeme_at("$1$2$", 0).end, 1U);
    EXPECT_EQ(lexeme_at("$", 0).end, 1U);
    EXPECT_EQ(lexeme_at("$a b$", 0).end, 1U);
}

TEST(Lexer, DoesNotTakeAWordsEndForAnEscapePrefix) {
    EXPECT_EQ(lexeme_at("LIKE'a\\'", 0).end, 4U);
    EXPECT_EQ(lexeme_at("U&'a\\'", 0).end, 1U);
}

TEST(Lexer, DoesNotContinueAStringOnItsOwnLine) {
    EXPECT_EQ(lexeme_at("E'a' 'b\\'", 0).end, 4U);
}

class Unterminated : public testing::TestWithParam<std::string_view> {};

TEST_P(Unterminated, ReachesTheEnd) {
    const Lexeme lexeme = lexeme_at(GetParam(), 0);
    EXPECT_FALSE(lexeme.terminated);
    EXPECT_EQ(lexeme.end, GetParam().size());
}

INSTANTIATE_TEST_SUITE_P(Lexer, Unterminated,
                         testing::Values("'a", "'", "\"a", "E'a\\'", "E'a\\", "$$a$", "$f$a$$",
                                         "/* a", "/* /* */", "/*/", "/*"));

}  // namespace
}  // namespace mad
