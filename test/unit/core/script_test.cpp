// Scripts: what their header and markers say.
#include "core/script.hpp"

#include <gtest/gtest.h>

#include "support/core/scripts.hpp"

namespace mad {
namespace {

using test::with_header;
using test::with_sections;
using Names = std::vector<std::string>;

constexpr std::string_view whole = R"(/*
Add the input-signature
cache

A second paragraph.

Revision ID: 003_results
Revises: 002_results, 002b_results
Branch Labels: results
Depends On: x, y
Create Date: 2025-09-12 10:00:00
Requires: metadata@004_meta, audit@001
Transaction: off
*/

-- A comment is allowed here.
-- migrate:upgrade
CREATE TABLE input_signatures (id int);

-- migrate:upgrade environment=production
  CREATE TABLE indented ();
-- migrate:downgrade
DROP TABLE input_signatures;
)";

std::string body_of(const Script& script, Direction direction, std::string_view environment = {}) {
    const Section* section = find_section(script, direction, environment);
    return section == nullptr ? "(none)" : section->body;
}

TEST(Script, ReadsTheHeader) {
    const Script script = parse_script(whole, "003.sql");
    EXPECT_EQ(script.message, "Add the input-signature cache");
    EXPECT_EQ(script.revision.id, "003_results");
    EXPECT_EQ(script.revision.down_revisions, (Names{"002_results", "002b_results"}));
    EXPECT_EQ(script.revision.labels, Names{"results"});
    EXPECT_EQ(script.revision.depends_on, (Names{"x", "y"}));
    EXPECT_EQ(script.create_date, "2025-09-12 10:00:00");
    ASSERT_EQ(script.requirements.size(), 2U);
    EXPECT_EQ(script.requirements[0].branch, "metadata");
    EXPECT_EQ(script.requirements[0].revision, "004_meta");
    EXPECT_EQ(script.requirements[1].branch, "audit");
    EXPECT_FALSE(script.transactional);
    EXPECT_FALSE(script.irreversible);
}

TEST(Script, ReadsTheSections) {
    const Script script = parse_script(whole, "003.sql");
    ASSERT_EQ(script.sections.size(), 3U);
    EXPECT_EQ(script.sections[0].name(), "upgrade");
    EXPECT_EQ(script.sections[0].body, "CREATE TABLE input_signatures (id int);");
    EXPECT_EQ(script.sections[0].first_line, 18);
    EXPECT_EQ(script.sections[1].name(), "upgrade environment=production");
    EXPECT_EQ(script.sections[1].body, "  CREATE TABLE indented ();");
    EXPECT_EQ(script.sections[1].first_line, 21);
    EXPECT_EQ(script.sections[2].name(), "downgrade");
    EXPECT_EQ(script.sections[2].body, "DROP TABLE input_signatures;");
}

TEST(Script, NeedsNoMoreThanAnId) {
    const Script script = parse_script(with_header(" revision id: a "), "");
    EXPECT_EQ(script.revision, (Revision{"a", {}, {}, {}}));
    EXPECT_EQ(script.message, "");
    EXPECT_TRUE(script.transactional);
    EXPECT_EQ(body_of(script, Direction::upgrade), "");
}

TEST(Script, TakesEmptyValuesForAbsentKeys) {
    const Script script =
        parse_script(with_header("\nRevision ID: a\nRevises:\nBranch Labels: \nDepends On:\n"
                                 "Create Date:\nRequires:\nTransaction:\nIrreversible:\n"),
                     "");
    EXPECT_EQ(script.revision, (Revision{"a", {}, {}, {}}));
    EXPECT_TRUE(script.transactional);
    EXPECT_FALSE(script.irreversible);
}

TEST(Script, TakesColonsInAMessageForText) {
    const Script script = parse_script(with_header("\nFix: a bug\n\nRevision ID: a\n"), "");
    EXPECT_EQ(script.message, "Fix: a bug");
}

TEST(Script, AcceptsAnIrreversibleUpgrade) {
    const Script script = parse_script(
        "/*\nRevision ID: a\nIrreversible: drops  data\n*/\n-- migrate:upgrade\nDROP TABLE t;", "");
    EXPECT_EQ(script.irreversible, "drops data");
    EXPECT_EQ(find_section(script, Direction::downgrade, ""), nullptr);
}

TEST(Script, DropsByteOrderMarkAndCarriageReturns) {
    std::string text = "\xEF\xBB\xBF";
    for (const char c : whole) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
    const Script script = parse_script(text, "");
    EXPECT_EQ(write_script(script), write_script(parse_script(whole, "")));
    EXPECT_EQ(script.sections[1].first_line, 21);
}

TEST(Script, PrefersTheSectionOfTheEnvironment) {
    const Script script = parse_script(whole, "");
    EXPECT_EQ(body_of(script, Direction::upgrade, "production"), "  CREATE TABLE indented ();");
    EXPECT_EQ(body_of(script, Direction::upgrade, "development"),
              "CREATE TABLE input_signatures (id int);");
    EXPECT_EQ(body_of(script, Direction::downgrade, "production"), "DROP TABLE input_signatures;");
}

TEST(Script, HasNoSectionForAnotherEnvironment) {
    const Script script = parse_script(
        with_sections("-- migrate:upgrade environment=a-B_9\nSELECT 1;\n-- migrate:downgrade\n"),
        "");
    EXPECT_EQ(find_section(script, Direction::upgrade, ""), nullptr);
    EXPECT_EQ(find_section(script, Direction::upgrade, "b"), nullptr);
    EXPECT_EQ(body_of(script, Direction::upgrade, "a-B_9"), "SELECT 1;");
}

/// Statements that hold a line which looks like a marker and is none.
class Hidden : public testing::TestWithParam<std::string_view> {};

TEST_P(Hidden, DoesNotSplit) {
    const std::string body(GetParam());
    const Script script = parse_script(
        with_sections("-- migrate:upgrade\n" + body + "\n-- migrate:downgrade\nSELECT 2;\n"), "");
    EXPECT_EQ(body_of(script, Direction::upgrade), body);
    EXPECT_EQ(body_of(script, Direction::downgrade), "SELECT 2;");
}

INSTANTIATE_TEST_SUITE_P(
    Script, Hidden,
    testing::ValuesIn(std::vector<std::string_view>{
        "SELECT '\n-- migrate:downgrade\n';", "SELECT \"\n-- migrate:downgrade\n\";",
        "SELECT E'\\'\n-- migrate:downgrade\n';", "SELECT E'a'\n'\\'\n-- migrate:downgrade\n';",
        "SELECT 'it''s\n-- migrate:downgrade\n';", "DO $$\n-- migrate:downgrade\n$$;",
        "DO $a$ $b$\n-- migrate:downgrade\n$a$;", "/*\n/* */\n-- migrate:downgrade\n*/ SELECT 1;",
        "-- see migrate:downgrade below\nSELECT 1;"}));

TEST(Script, SplitsBehindWhatOnlyLooksLikeAQuote) {
    const Script script =
        parse_script(with_sections("-- migrate:upgrade\nSELECT 'a\\', a$b, 'c' -- don't\n;\n"
                                   "-- migrate:downgrade\nSELECT 2;"),
                     "");
    EXPECT_EQ(body_of(script, Direction::downgrade), "SELECT 2;");
}

}  // namespace
}  // namespace mad
