// Writing a script, and reading it again.
#include <ostream>

#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "core/script.hpp"
#include "support/core/failure_of.hpp"

namespace mad {
namespace {

using test::failure_of;

Script new_script() {
    Script script;
    script.revision = {"ae10", {"a", "b"}, {"c"}, {"label", "other"}};
    script.message = "Add a \"table\"";
    script.create_date = "2025-09-12";
    script.requirements = {{"metadata", "004_meta"}, {"audit", "1"}};
    script.transactional = false;
    script.sections = {{Direction::upgrade, "", "SELECT 1;\n\n  SELECT '\n-- migrate:upgrade\n';"},
                       {Direction::upgrade, "prod", ""},
                       {Direction::downgrade, "", "  SELECT 2; -- end"}};
    return script;
}

TEST(WriteScript, WritesWhatPeopleRead) {
    Script script;
    script.revision = {"ae10", {"a", "b"}, {}, {}};
    script.message = "Add a table";
    script.create_date = "2025-09-12";
    script.sections = {{Direction::upgrade, "", "SELECT 1;"}, {Direction::downgrade, "", ""}};
    EXPECT_EQ(write_script(script), R"(/*
Add a table

Revision ID: ae10
Revises: a, b
Branch Labels:
Depends On:
Create Date: 2025-09-12
*/

-- migrate:upgrade
SELECT 1;

-- migrate:downgrade
)");
}

TEST(WriteScript, GivesEveryPartBack) {
    const Script script = new_script();
    const Script again = parse_script(write_script(script), "");
    EXPECT_EQ(again.revision, script.revision);
    EXPECT_EQ(again.message, script.message);
    EXPECT_EQ(again.create_date, script.create_date);
    EXPECT_EQ(again.requirements.size(), 2U);
    EXPECT_EQ(again.requirements[0].revision, "004_meta");
    EXPECT_EQ(again.transactional, script.transactional);
    ASSERT_EQ(again.sections.size(), script.sections.size());
    for (std::size_t i = 0; i < script.sections.size(); ++i) {
        EXPECT_EQ(again.sections[i].name(), script.sections[i].name());
        EXPECT_EQ(again.sections[i].body, script.sections[i].body);
    }
}

TEST(WriteScript, GivesAReasonBack) {
    Script script = new_script();
    script.sections.pop_back();
    script.irreversible = "drops\ndata";
    EXPECT_EQ(parse_script(write_script(script), "").irreversible, "drops data");
}

TEST(WriteScript, TidiesWhatItIsGiven) {
    Script script = new_script();
    script.message = "\n two\n lines ";
    script.sections[0].body = "\n\n  SELECT 1;\n\n";
    const Script again = parse_script(write_script(script), "");
    EXPECT_EQ(again.message, "two lines");
    EXPECT_EQ(again.sections[0].body, "  SELECT 1;");
}

/// Parts that would read as something else.
struct Spoiling {
    std::string_view name;
    void (*spoil)(Script&);

    friend void PrintTo(const Spoiling& spoiling, std::ostream* out) { *out << spoiling.name; }
};

class Unwritable : public testing::TestWithParam<Spoiling> {};

TEST_P(Unwritable, IsRefused) {
    Script script = new_script();
    GetParam().spoil(script);
    const Report report = failure_of([&] { write_script(script); });
    EXPECT_TRUE(report.sqlstate == sqlstate(Code::invalid_script) ||
                report.sqlstate == sqlstate(Code::invalid_identifier))
        << report.sqlstate;
}

std::vector<Spoiling> unwritable_scripts() {
    return {
        {"CommentInMessage", [](Script& script) { script.message = "a */ DROP TABLE t; /*"; }},
        {"OpenCommentInMessage", [](Script& script) { script.message = "a /* b"; }},
        {"SwitchInMessage", [](Script& script) { script.message = "Transaction: off"; }},
        {"KeyInMessage", [](Script& script) { script.message = "Revises: x"; }},
        {"CommentInDate", [](Script& script) { script.create_date = "*/ DROP TABLE t; /*"; }},
        {"LineInId", [](Script& script) { script.revision.id = "a\nRevises: b"; }},
        {"ListInLabel", [](Script& script) { script.revision.labels = {"a, b"}; }},
        {"MarkerFirst",
         [](Script& script) { script.sections[0].body = "\n-- migrate:upgrade environment=x\na"; }},
        {"MarkerWithin",
         [](Script& script) {
             script.sections[0].body = "a\n\n-- migrate:upgrade environment=x\nb";
         }},
        {"OpenQuote", [](Script& script) { script.sections[0].body = "SELECT 'open"; }},
        {"NoDowngrade", [](Script& script) { script.sections.pop_back(); }}};
}

INSTANTIATE_TEST_SUITE_P(WriteScript, Unwritable, testing::ValuesIn(unwritable_scripts()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace mad
