// What is no script, and how the error says so.
#include <ostream>

#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "core/script.hpp"
#include "support/failure_of.hpp"
#include "support/scripts.hpp"

namespace mad {
namespace {

using test::both;
using test::failure_of;
using test::with_header;
using test::with_sections;

struct Refusal {
    std::string name;
    std::string text;
    std::string message;
    int line;
    Code code = Code::invalid_script;

    friend void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }
};

class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, SaysWhatAndWhere) {
    const Refusal& refusal = GetParam();
    const Report report = failure_of([&] { parse_script(refusal.text, "f.sql"); });
    EXPECT_EQ(report.message, refusal.message);
    EXPECT_EQ(report.sqlstate, sqlstate(refusal.code));
    EXPECT_TRUE(
        report.detail.starts_with("At line " + std::to_string(refusal.line) + " of \"f.sql\"."))
        << report.detail;
    EXPECT_FALSE(report.hint.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Header, Refused,
    testing::Values(
        Refusal{"Empty", "", "script has no header", 1},
        Refusal{"Blank", " \n\n", "script has no header", 1},
        Refusal{"Missing", "\n\n" + both(), "script has no header", 3},
        Refusal{"Open", "/*\nRevision ID: a\n", "header of the script is not closed", 1},
        Refusal{"NoId", with_header("\nRevises: a\n"), "script has no revision id", 1},
        Refusal{"EmptyId", with_header("\nRevision ID:\n"), "script has no revision id", 1},
        Refusal{"UnknownKey", with_header("\nRevision ID: a\nAuthor: me\n"),
                "unknown header key \"Author\"", 3},
        Refusal{"UnknownKeyAbove", with_header("m\n\nRevison ID: a\nRevises:\n"),
                "unknown header key \"Revison ID\"", 3},
        Refusal{"NoKey", with_header("\nRevision ID: a\n\nmore text\n"),
                "invalid header line \"more text\"", 4},
        Refusal{"TwiceTheKey", with_header("\nRevision ID: a\nREVISES: b\nRevises: c\n"),
                "header key \"Revises\" is given twice", 4},
        Refusal{"BadId", with_header("\nRevision ID: a@b\n"), "invalid revision name \"a@b\"", 2,
                Code::invalid_identifier},
        Refusal{"BadParent", with_header("\nRevision ID: a\nRevises: b, c+d\n"),
                "invalid revision name \"c+d\"", 3, Code::invalid_identifier},
        Refusal{"BadLabel", with_header("\nRevision ID: a\nBranch Labels: head\n"),
                "invalid label name \"head\"", 3, Code::invalid_identifier},
        Refusal{"BadDependency", with_header("\nRevision ID: a\nDepends On: b c\n"),
                "invalid revision name \"b c\"", 3, Code::invalid_identifier},
        Refusal{"BadRequirement", with_header("\nRevision ID: a\nRequires: 004\n"),
                "invalid requirement \"004\"", 3},
        Refusal{"BadBranch", with_header("\nRevision ID: a\nRequires: Meta@004\n"),
                "invalid branch name \"Meta\"", 3, Code::invalid_identifier},
        Refusal{"BadSwitch", with_header("\nRevision ID: a\nTransaction: no\n"),
                "invalid value \"no\" of header key \"Transaction\"", 3}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Sections, Refused,
    testing::Values(
        Refusal{"NoUpgrade", with_sections("-- migrate:downgrade\n"),
                "script has no upgrade section", 5},
        Refusal{"NoDowngrade", with_sections("-- migrate:upgrade\n"),
                "script has no downgrade section", 5},
        Refusal{"IrreversibleDowngrade", "/*\nRevision ID: a\nIrreversible: x\n*/\n" + both(),
                "irreversible script has a downgrade section", 7},
        Refusal{"StatementFirst", with_sections("\nSELECT 1;\n" + both()),
                "statement before the script's first section", 5},
        Refusal{"QuoteFirst", with_sections("'a'\n" + both()),
                "statement before the script's first section", 4},
        Refusal{"Twice", with_sections(both() + "-- migrate:upgrade\n"),
                "section \"upgrade\" is given twice", 6},
        Refusal{"TwiceTheEnvironment",
                with_sections(both() + "-- migrate:upgrade environment=a\n"
                                       "--  migrate:upgrade   environment=a\n"),
                "section \"upgrade environment=a\" is given twice", 7},
        Refusal{"NotAlone", with_sections("-- migrate:upgrade\nSELECT 1; -- migrate:downgrade\n"),
                "invalid section marker \"migrate:downgrade\"", 5},
        Refusal{"BehindAComment",
                with_sections("-- migrate:upgrade\n/*\n*/ -- migrate:downgrade\n"),
                "invalid section marker \"migrate:downgrade\"", 6},
        Refusal{"OtherWord", with_sections("-- migrate:up\n"),
                "invalid section marker \"migrate:up\"", 4},
        Refusal{"Stamp", with_sections("-- migrate:stamp\n"),
                "invalid section marker \"migrate:stamp\"", 4},
        Refusal{"OtherCase", with_sections("-- Migrate:upgrade\n"),
                "invalid section marker \"Migrate:upgrade\"", 4},
        Refusal{"EmptyEnvironment", with_sections("-- migrate:upgrade environment=\n"),
                "invalid section marker \"migrate:upgrade environment=\"", 4},
        Refusal{"BadEnvironment", with_sections("-- migrate:upgrade environment=a.b\n"),
                "invalid section marker \"migrate:upgrade environment=a.b\"", 4},
        Refusal{"TwoEnvironments", with_sections("-- migrate:upgrade environment=a b\n"),
                "invalid section marker \"migrate:upgrade environment=a b\"", 4},
        Refusal{"OtherOption", with_sections("-- migrate:upgrade transaction=off\n"),
                "invalid section marker \"migrate:upgrade transaction=off\"", 4},
        Refusal{"OpenQuote", with_sections("-- migrate:upgrade\nSELECT 1;\nSELECT 'a;\n"),
                "unterminated quoted text in the script", 6},
        Refusal{"OpenComment", with_sections("-- migrate:upgrade\n/* /* */\n"),
                "unterminated comment in the script", 5},
        Refusal{"Nul", with_sections(both() + std::string("a\0", 2)), "script contains a NUL byte",
                6, Code::invalid_encoding},
        Refusal{"NotUtf8", with_sections(both() + "\xC3\xA4\n\xE4\n"), "script is not valid UTF-8",
                7, Code::invalid_encoding}),
    [](const auto& test) { return test.param.name; });

TEST(Script, NamesTheKnownKeys) {
    const Report report =
        failure_of([] { parse_script(with_header("\nRevision ID: a\nAuthor: me\n"), "f.sql"); });
    EXPECT_EQ(report.detail,
              "At line 3 of \"f.sql\". Known keys: Revision ID, Revises, Branch Labels, Depends "
              "On, Create Date, Requires, Transaction, Irreversible.");
}

TEST(Script, HintsAtTheKeyThatStandsForADowngrade) {
    const Report report =
        failure_of([] { parse_script(with_sections("-- migrate:upgrade\n"), "f.sql"); });
    EXPECT_NE(report.hint.find("Irreversible: <reason>"), std::string::npos) << report.hint;
}

TEST(Script, SpeaksOfTheScriptWhereItHasNoName) {
    const Report report = failure_of([] { parse_script("", ""); });
    EXPECT_TRUE(report.detail.starts_with("At line 1 of the script.")) << report.detail;
}

}  // namespace
}  // namespace mad
