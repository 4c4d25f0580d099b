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

std::vector<Case> pieces() {
    return {{Kind::space, " \t\n"},
            {Kind::quoted, "'a\\'"},
            {Kind::quoted, "'-- no comment'"},
            {Kind::quoted, "\"a'b\""},
            {Kind::quoted, "E'a\\'b'"},
            {Kind::quoted, "e'a''b\\\\'"},
            {Kind::quoted, "E'a' \n 'b\\'c'"},
            {Kind::quoted, "$$a'$b$ c$$"},
            {Kind::quoted, "$f$ $$ $g$ $f$"},
            {Kind::quoted, "$f$ $b$f$"},
            {Kind::quoted, "$\xC3\xA4$x$\xC3\xA4$"},
            {Kind::other, "a$b$c"},
            {Kind::other, "name"},
            {Kind::block_comment, "/* a /* b */ ' */"},
            {Kind::block_comment, "/**/"},
            {Kind::block_comment, "/*/ **/"},
            {Kind::block_comment, "/***/"}};
}

INSTANTIATE_TEST_SUITE_P(Lexer, Piece, testing::ValuesIn(pieces()));

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
                         testing::ValuesIn(std::vector<std::string_view>{
                             "'a", "'", "\"a", "E'a\\'", "E'a\\", "$$a$", "$f$a$$", "/* a",
                             "/* /* */", "/*/", "/*"}));

}  // namespace
}  // namespace mad
