// What is no script, and how the error says so.
#include <ostream>

#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "core/script.hpp"
#include "support/core/failure_of.hpp"
#include "support/core/scripts.hpp"

namespace mad {
namespace {

using test::both;
using test::failure_of;
using test::with_header;
using test::with_sections;

struct Refusal {
    std::string_view name;
    std::string text;
    std::string_view message;
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

std::vector<Refusal> refused_headers() {
    return {{"Empty", "", "script has no header", 1},
            {"Blank", " \n\n", "script has no header", 1},
            {"Missing", "\n\n" + both(), "script has no header", 3},
            {"Open", "/*\nRevision ID: a\n", "header of the script is not closed", 1},
            {"NoId", with_header("\nRevises: a\n"), "script has no revision id", 1},
            {"EmptyId", with_header("\nRevision ID:\n"), "script has no revision id", 1},
            {"UnknownKey", with_header("\nRevision ID: a\nAuthor: me\n"),
             "unknown header key \"Author\"", 3},
            {"UnknownKeyAbove", with_header("m\n\nRevison ID: a\nRevises:\n"),
             "unknown header key \"Revison ID\"", 3},
            {"NoKey", with_header("\nRevision ID: a\n\nmore text\n"),
             "invalid header line \"more text\"", 4},
            {"TwiceTheKey", with_header("\nRevision ID: a\nREVISES: b\nRevises: c\n"),
             "header key \"Revises\" is given twice", 4},
            {"BadId", with_header("\nRevision ID: a@b\n"), "invalid revision name \"a@b\"", 2,
             Code::invalid_identifier},
            {"BadParent", with_header("\nRevision ID: a\nRevises: b, c+d\n"),
             "invalid revision name \"c+d\"", 3, Code::invalid_identifier},
            {"BadLabel", with_header("\nRevision ID: a\nBranch Labels: head\n"),
             "invalid label name \"head\"", 3, Code::invalid_identifier},
            {"BadDependency", with_header("\nRevision ID: a\nDepends On: b c\n"),
             "invalid revision name \"b c\"", 3, Code::invalid_identifier},
            {"BadRequirement", with_header("\nRevision ID: a\nRequires: 004\n"),
             "invalid requirement \"004\"", 3},
            {"BadBranch", with_header("\nRevision ID: a\nRequires: Meta@004\n"),
             "invalid branch name \"Meta\"", 3, Code::invalid_identifier},
            {"BadSwitch", with_header("\nRevision ID: a\nTransaction: no\n"),
             "invalid value \"no\" of header key \"Transaction\"", 3}};
}

INSTANTIATE_TEST_SUITE_P(Header, Refused, testing::ValuesIn(refused_headers()),
                         [](const auto& test) { return std::string(test.param.name); });

std::vector<Refusal> refused_markers() {
    return {
        {"NoUpgrade", with_sections("-- migrate:downgrade\n"), "script has no upgrade section", 5},
        {"NoDowngrade", with_sections("-- migrate:upgrade\n"), "script has no downgrade section",
         5},
        {"IrreversibleDowngrade", "/*\nRevision ID: a\nIrreversible: x\n*/\n" + both(),
         "irreversible script has a downgrade section", 7},
        {"StatementFirst", with_sections("\nSELECT 1;\n" + both()),
         "statement before the script's first section", 5},
        {"QuoteFirst", with_sections("'a'\n" + both()),
         "statement before the script's first section", 4},
        {"Twice", with_sections(both() + "-- migrate:upgrade\n"),
         "section \"upgrade\" is given twice", 6},
        {"TwiceTheEnvironment",
         with_sections(both() + "-- migrate:upgrade environment=a\n"
                                "--  migrate:upgrade   environment=a\n"),
         "section \"upgrade environment=a\" is given twice", 7},
        {"NotAlone", with_sections("-- migrate:upgrade\nSELECT 1; -- migrate:downgrade\n"),
         "invalid section marker \"migrate:downgrade\"", 5},
        {"BehindAComment", with_sections("-- migrate:upgrade\n/*\n*/ -- migrate:downgrade\n"),
         "invalid section marker \"migrate:downgrade\"", 6},
        {"OtherWord", with_sections("-- migrate:up\n"), "invalid section marker \"migrate:up\"", 4},
        {"Stamp", with_sections("-- migrate:stamp\n"), "invalid section marker \"migrate:stamp\"",
         4},
        {"OtherCase", with_sections("-- Migrate:upgrade\n"),
         "invalid section marker \"Migrate:upgrade\"", 4},
        {"EmptyEnvironment", with_sections("-- migrate:upgrade environment=\n"),
         "invalid section marker \"migrate:upgrade environment=\"", 4},
        {"BadEnvironment", with_sections("-- migrate:upgrade environment=a.b\n"),
         "invalid section marker \"migrate:upgrade environment=a.b\"", 4},
        {"TwoEnvironments", with_sections("-- migrate:upgrade environment=a b\n"),
         "invalid section marker \"migrate:upgrade environment=a b\"", 4},
        {"OtherOption", with_sections("-- migrate:upgrade transaction=off\n"),
         "invalid section marker \"migrate:upgrade transaction=off\"", 4}};
}

std::vector<Refusal> refused_sections() {
    std::vector<Refusal> all = refused_markers();
    all.insert(all.end(),
               {{"OpenQuote", with_sections("-- migrate:upgrade\nSELECT 1;\nSELECT 'a;\n"),
                 "unterminated quoted text in the script", 6},
                {"OpenComment", with_sections("-- migrate:upgrade\n/* /* */\n"),
                 "unterminated comment in the script", 5},
                {"Nul", with_sections(both() + std::string("a\0", 2)), "script contains a NUL byte",
                 6, Code::invalid_encoding},
                {"NotUtf8", with_sections(both() + "\xC3\xA4\n\xE4\n"), "script is not valid UTF-8",
                 7, Code::invalid_encoding}});
    return all;
}

INSTANTIATE_TEST_SUITE_P(Sections, Refused, testing::ValuesIn(refused_sections()),
                         [](const auto& test) { return std::string(test.param.name); });

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
